"""Names, meanings and advice for Smile's documented Actions, read from data/actions.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class ActionWords:
    """How one Action is described to people.

    name: its name. checked: the end of a sentence that begins with "Smile checked". advice: what to do if it failed.
    """

    name: str
    checked: str
    advice: str


@dataclass(frozen=True)
class ValueWords:
    """How one value of an Action is described to people.

    shape: "approved", "provisional", "rejected", "error", "unknown" or "none". meaning: a sentence.
    asks_for_advice: show the advice of the Action too. is_silent: nothing was checked.
    """

    shape: str
    meaning: str
    asks_for_advice: bool = False
    is_silent: bool = False


@cache
def action_words() -> Mapping[str, ActionWords]:
    """The documented Actions, by Smile's name for each.

    https://docs.usesmileid.com/further-reading/result-codes
    """
    return {name: ActionWords(**row) for name, row in _data()["actions"].items()}


@cache
def value_words() -> Mapping[str, ValueWords]:
    """The documented values of Actions, by Smile's spelling.

    https://docs.usesmileid.com/further-reading/result-codes
    """
    return {name: ValueWords(**row) for name, row in _data()["values"].items()}


@cache
def _data() -> dict[str, Any]:
    text = (resources.files("dashboard.smile") / "data" / "actions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
