"""Smile's Actions for a job's page, each with a sentence; what was not checked at all is marked."""

from dataclasses import dataclass
from typing import Any

from dashboard.jobs.products import FACTS, Product
from dashboard.smile.actions import action_words, value_words
from dashboard.smile.results import parse_result
from dashboard.web.pages.filters import words


@dataclass(frozen=True)
class Check:
    name: str
    value: str  # as Smile sent it
    shape: str
    sentence: str  # empty where the Action is not documented
    is_silent: bool  # nothing was checked


def checks_of(payload: dict[str, Any], product: Product) -> list[Check]:
    """The checks, whatever shape Actions have; an undocumented one shows the text that Smile sent."""
    return [_check(*_named(name, value), product) for name, value in parse_result(payload).actions]


def _named(name: str, value: str) -> tuple[str, str]:
    """Splits an Action written as "Liveness_Check: Passed", as in a list."""
    first, colon, last = value.partition(":")
    return (first.strip(), last.strip()) if colon and not name else (name, value)


def _check(name: str, value: str, product: Product) -> Check:
    action, meant = action_words().get(name), value_words().get(value)
    shown = action.name if action else words(name) or "Check"
    if meant is None:
        return Check(shown, value, "unknown", f"Smile checked {action.checked}." if action else "", is_silent=False)
    if value == "Not Returned" and FACTS[product].compares:
        return Check(shown, value, "none", "This product returns no data. There is nothing to do.", is_silent=True)
    parts = [f"Smile checked {action.checked}." if action and not meant.is_silent else "", meant.meaning]
    parts.append(action.advice if action and meant.asks_for_advice else "")
    return Check(shown, value, meant.shape, " ".join(part for part in parts if part), meant.is_silent)
