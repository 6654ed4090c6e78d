"""Why somebody looks at what is masked: asked before it is shown, kept in the line of the trail."""

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
    problem: str = ""  # what is missing, as it stands beside the field

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> "Reason":
        choice, note = form.get("reason", ""), " ".join(form.get("note", "").replace("\0", "").split())
        return cls(choice, note, _problem_with(choice, note))

    @property
    def details(self) -> dict[str, str]:
        return {"reason": self.choice} | ({"note": self.note} if self.note else {})


def _problem_with(choice: str, note: str) -> str:
    if choice not in REASONS:
        return "Choose why you look at this."
    if choice == OTHER and not note:
        return "Say in a few words why you look at this."
    if len(note) > LONGEST_NOTE:
        return f"Say it in {LONGEST_NOTE} characters or fewer."
    return ""
