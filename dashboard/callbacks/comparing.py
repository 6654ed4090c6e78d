"""Compares two callbacks of a job line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_LINES = 2000  # of each: the time to compare them grows with the product of both
AROUND = 3  # equal lines shown before and after a change


class Change(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Line:
    change: Change
    text: str


def compare_lines(before: str, after: str) -> list[Line]:
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    lines: list[Line] = []
    operations = SequenceMatcher(None, old, new).get_opcodes()
    for position, (kind, old_from, old_to, new_from, new_to) in enumerate(operations):
        if kind == "equal":
            lines += _shortened(old[old_from:old_to], position > 0, position < len(operations) - 1)
        else:
            lines += [Line(Change.REMOVED, text) for text in old[old_from:old_to]]
            lines += [Line(Change.ADDED, text) for text in new[new_from:new_to]]
    return lines


def _shortened(equal: Sequence[str], has_before: bool, has_after: bool) -> list[Line]:
    begin, end = (AROUND if has_before else 0), (AROUND if has_after else 0)
    skipped = len(equal) - begin - end
    if skipped <= 2 or not (has_before or has_after):
        return [Line(Change.SAME, text) for text in equal]
    return [
        *(Line(Change.SAME, text) for text in equal[:begin]),
        Line(Change.SKIPPED, f"{skipped} equal lines"),
        *(Line(Change.SAME, text) for text in (equal[-end:] if end else ())),
    ]
