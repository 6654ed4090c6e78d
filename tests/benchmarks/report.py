"""One measured figure with its budget, and how it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    what: str
    measured: float
    unit: str
    budget: float
    is_at_least: bool = True
    details: str = ""

    @property
    def is_met(self) -> bool:
        return self.measured >= self.budget if self.is_at_least else self.measured <= self.budget

    def line(self) -> str:
        word = "at least" if self.is_at_least else "at most"
        verdict = "ok" if self.is_met else "MISSED"
        details = f"   [{self.details}]" if self.details else ""
        return f"{verdict:6} {self.what}: {self.measured:.2f} {self.unit} ({word} {self.budget:g}){details}"
