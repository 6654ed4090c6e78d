"""The reason for revealing personal data: asked before it is shown, and recorded in the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass

OTHER = "other"
REASONS = {
    "customer asked": "The customer asked",
    "support case": "A support case",
    "review": "A review",
    OTHER: "Something else",
}
LONGEST_NOTE = 200


@dataclass(frozen=True)
class Reason:
    choice: str = ""
    note: str = ""
    problem: str = ""  # the error shown at the field

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> "Reason":
        choice, note = form.get("reason", ""), " ".join(form.get("note", "").replace("\0", "").split())
        return cls(choice, note, _problem_with(choice, note))

    @property
    def details(self) -> dict[str, str]:
        return {"reason": self.choice} | ({"note": self.note} if self.note else {})


def _problem_with(choice: str, note: str) -> str:
    if choice not in REASONS:
        return "Choose why you need to see this."
    if choice == OTHER and not note:
        return "Say in a few words why you need to see this."
    if len(note) > LONGEST_NOTE:
        return f"Use {LONGEST_NOTE} characters or fewer."
    return ""
