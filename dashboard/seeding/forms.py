"""JSON with holes: a text that is made once and filled many times, which is far faster than making it each time."""

import re
from collections.abc import Mapping

_HOLE = re.compile(r'"<<#(\w+)>>"|<<(\w+)>>')


class Json(str):
    """A text that is JSON already."""

    __slots__ = ()


def hole(name: str) -> str:
    """Stands for a text that needs no escaping."""
    return f"<<{name}>>"


def bare(name: str) -> str:
    """Stands for a number."""
    return f"<<#{name}>>"


class Form:
    """`text` is JSON in which some of the texts are holes."""

    def __init__(self, text: str) -> None:
        self._text = _HOLE.sub(lambda found: f"%({found[1] or found[2]})s", text.replace("%", "%%"))

    def fill(self, values: Mapping[str, object]) -> Json:
        return Json(self._text % values)
