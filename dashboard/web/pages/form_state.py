"""A form that is parsed by hand: what was typed and what is wrong with it, as shared/typed_fields.html shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class FormState:
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    #: Noted by each field as it is drawn, for the summary of errors.
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def next_field(self) -> str:
        """The field that a person fills in next, which gets the focus; empty to leave the focus alone."""
        return ""

    def value(self, name: str) -> str:
        return self.values.get(name, "").strip()
