"""What may be typed into the rules of retention, parsed into days for each kind of data."""

from collections.abc import Mapping

from dashboard.privacy.retention import KINDS, MOST_DAYS
from dashboard.web.pages.form_state import FormState


def rules_form(rules: Mapping[str, int]) -> FormState:
    return FormState({name: str(days) for name, days in rules.items()})


def check_rules_form(values: Mapping[str, str]) -> tuple[FormState, dict[str, int] | None]:
    """The form as it stands with its errors, and the rules when there are none."""
    form = FormState({kind.name: values.get(kind.name, "") for kind in KINDS})
    rules = {}
    for kind in KINDS:
        typed = form.value(kind.name)
        if typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed) <= MOST_DAYS:
            rules[kind.name] = int(typed)
        else:
            form.errors[kind.name] = f"{kind.label}: a whole number of days up to {MOST_DAYS:,}, or 0 to keep them."
    return form, None if form.errors else rules


def as_text(rules: Mapping[str, int]) -> str:
    """Names one set of rules, so that what is saved is what was looked at."""
    return " ".join(f"{kind.name}:{rules[kind.name]}" for kind in KINDS)
