"""The form for retention rules: a number of days for each kind of data."""

from collections.abc import Mapping

from dashboard.privacy.retention import KINDS, MOST_DAYS
from dashboard.web.pages.form_state import FormState


def rules_form(rules: Mapping[str, int]) -> FormState:
    return FormState({name: str(days) for name, days in rules.items()})


def check_rules_form(values: Mapping[str, str]) -> tuple[FormState, dict[str, int] | None]:
    """The form with its errors, and the rules if there are no errors."""
    form = FormState({kind.name: values.get(kind.name, "") for kind in KINDS})
    rules = {}
    for kind in KINDS:
        typed = form.value(kind.name)
        if typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed) <= MOST_DAYS:
            rules[kind.name] = int(typed)
        else:
            form.errors[kind.name] = (
                f"{kind.label}: enter a whole number of days up to {MOST_DAYS:,}, or 0 to keep them."
            )
    return form, None if form.errors else rules


def rules_fingerprint(rules: Mapping[str, int]) -> str:
    """A text that identifies a set of rules, so that the rules saved are those that were previewed."""
    return " ".join(f"{kind.name}:{rules[kind.name]}" for kind in KINDS)
