"""The five results of comparing a given with a returned value, each with a reason in words."""

from dataclasses import dataclass
from enum import StrEnum


class Likeness(StrEnum):
    SAME = "same"
    WRITTEN_DIFFERENTLY = "same, but written differently"
    IN_PART = "in part"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Comparison:
    """One comparison. `reason` is shown to people who may not see the values, so it must not quote them."""

    likeness: Likeness
    reason: str = ""


SAME = Comparison(Likeness.SAME)


def written_differently(reason: str) -> Comparison:
    return Comparison(Likeness.WRITTEN_DIFFERENTLY, reason)


def in_part(reason: str) -> Comparison:
    return Comparison(Likeness.IN_PART, reason)


def differs(reason: str = "") -> Comparison:
    return Comparison(Likeness.DIFFERS, reason)


def cannot_tell(reason: str) -> Comparison:
    return Comparison(Likeness.CANNOT_TELL, reason)


def same_letters(left: str, right: str) -> bool:
    """Whether the texts are equal, ignoring case and surrounding spaces."""
    return left.strip().casefold() == right.strip().casefold()
