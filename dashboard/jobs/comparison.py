"""Given beside returned: what the customer said next to what Smile found, with a word on how they compare."""

from dataclasses import dataclass
from typing import Any

from dashboard.smile.constants import NOT_AVAILABLE

MISSING = frozenset({"", NOT_AVAILABLE, "N/A", "None"})
ROWS = (
    ("Name", ("first_name", "middle_name", "last_name"), ("FullName",)),
    ("Number", ("id_number",), ("IDNumber",)),
    ("Date of birth", ("dob",), ("DOB",)),
    ("Gender", ("gender",), ("Gender",)),
    ("Phone", ("phone_number",), ("PhoneNumber",)),
    ("Address", ("postal_address",), ("Address",)),
    ("Country", ("country",), ("Country",)),
    ("ID type", ("id_type",), ("IDType",)),
    ("Expires", (), ("ExpirationDate",)),
)
SENSITIVE_ROWS = frozenset({"Number", "Phone", "Address"})  # shown to nobody without a press of "reveal"
PERSONAL_ROWS = frozenset({"Name", "Date of birth", "Gender"})


@dataclass(frozen=True)
class Compared:
    label: str
    given: str
    returned: str
    verdict: str  # same, differs, or empty when there is nothing to compare

    @property
    def is_sensitive(self) -> bool:
        return self.label in SENSITIVE_ROWS

    @property
    def is_personal(self) -> bool:
        return self.label in PERSONAL_ROWS


def compare(given: dict[str, Any], returned: dict[str, Any]) -> list[Compared]:
    rows = []
    for label, given_names, returned_names in ROWS:
        left = " ".join(str(given[name]) for name in given_names if given.get(name))
        right = " ".join(str(returned[name]) for name in returned_names if returned.get(name))
        right = "" if right in MISSING else right
        if left or right:
            rows.append(Compared(label, left, right, _verdict(left, right)))
    return rows


def _verdict(left: str, right: str) -> str:
    if not left or not right:
        return ""
    words = {word.casefold() for word in left.replace(",", " ").split()}
    found = {word.casefold() for word in right.replace(",", " ").split()}
    if words == found:
        return "same"
    return "in part" if words & found else "differs"
