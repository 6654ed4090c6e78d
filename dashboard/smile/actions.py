"""What Smile's Actions mean: the documented names and values in words, from data/actions.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class ActionWords:
    """One check: its `name` for people, what was `checked` (after "Smile checked"), what to do where it failed."""

    name: str
    checked: str
    advice: str


@dataclass(frozen=True)
class ValueWords:
    """What a check came to. `shape` is a word of the outcome vocabulary; `is_silent`: nothing was checked."""

    shape: str
    meaning: str
    asks_for_advice: bool = False
    is_silent: bool = False


@cache
def action_words() -> Mapping[str, ActionWords]:
    """Every documented Action. https://docs.usesmileid.com/further-reading/result-codes"""
    return {name: ActionWords(**row) for name, row in _data()["actions"].items()}


@cache
def value_words() -> Mapping[str, ValueWords]:
    """Every documented value of an Action, spelled as Smile does."""
    return {name: ValueWords(**row) for name, row in _data()["values"].items()}


@cache
def _data() -> dict[str, Any]:
    text = (resources.files("dashboard.smile") / "data" / "actions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
