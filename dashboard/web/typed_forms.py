"""A form that is parsed by hand: what was typed and what is wrong with it, as shared/typed_fields.html shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class TypedForm:
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "").strip()
