"""The values and errors of a form that is parsed by hand, for shared/typed_fields.html."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class FormState:
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    #: Set by each field when it is rendered, for the summary of errors.
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def next_field(self) -> str:
        """The field to fill in next, which gets the focus; empty to leave the focus alone."""
        return ""

    def value(self, name: str) -> str:
        return self.values.get(name, "").strip()
