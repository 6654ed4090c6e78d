"""The named test people of Smile's sandbox: who gets which decision. It holds no behaviour."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: What the groups of the table stand for.
GROUPS = {
    "smart_selfie": ("smart_selfie_registration", "smart_selfie_authentication", "smart_selfie_compare"),
    "document": ("document_verification", "enhanced_document_verification", "residency_document_verification"),
    "enhanced_document": ("enhanced_document_verification",),
}


@dataclass(frozen=True)
class SandboxPerson:
    """One row of data/v3_people.csv. products: names and groups; none means all.

    https://github.com/smileidentity/api-reference
    """

    last_name: str
    given_names: str
    email: str
    decision: str
    reason: str
    products: tuple[str, ...]

    def concerns(self, product: str) -> bool:
        """Whether the row is about this product; with any other the person passes."""
        names = {name for group in self.products for name in GROUPS.get(group, (group,))}
        return not names or product in names


@cache
def sandbox_people() -> tuple[SandboxPerson, ...]:
    """The named test people.

    https://github.com/smileidentity/api-reference
    """
    text = (resources.files("dashboard.smile") / "data" / "v3_people.csv").read_text(encoding="utf-8")
    return tuple(
        SandboxPerson(**{**row, "products": tuple(filter(None, row["products"].split("|")))})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )
