"""Rows of lists, drawn once for all readers who see them in the same format.

Many tabs show the same list, and of a page that has to be drawn again mostly one row is new. What a row may hold is
what every reader of the list may see: nothing that was sealed, and nothing of the reader's session.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from flask import current_app
from markupsafe import Markup

from dashboard.web.pages.locales import formats_here

#: Stands in a row where something has to be filled in for each reader.
GAP = "<!--gap-->"
#: Ages in a row grow meanwhile.
SECONDS_KEPT = 5.0
MOST_KEPT = 5_000

#: The markup of a row before and after its gap.
Parts = Sequence[str]
#: Draws the rows with these keys.
Draw = Callable[[Sequence[Any]], Mapping[Any, Markup]]


@dataclass(frozen=True)
class Drawn:
    """Markup that a template prints as it is, joined once: a page has many pieces."""

    pieces: Sequence[str]

    def __html__(self) -> str:
        return "".join(self.pieces)


#: By turn, each as long as rows are kept. Only the present one is there, so nothing that was erased stays in memory.
_KEPT: dict[int, dict[tuple[Hashable, ...], Parts]] = {}


def drawn_rows(template: str, rows: Sequence[Any], shows: Sequence[str], draw: Draw) -> list[Parts]:
    """The rows, each of which is given as its key and marks. `shows`: the columns that the reader sees."""
    kept = _kept_now()
    reader = (template, formats_here(), tuple(shows))
    places = {row[0]: (*reader, *row) for row in rows}
    found = {key: parts for key, place in places.items() if (parts := kept.get(place))}
    missing = [key for key in places if key not in found]
    if missing:
        drawn = {key: str(row).split(GAP) for key, row in draw(missing).items()}
        if len(kept) + len(drawn) > MOST_KEPT:
            kept.clear()
        kept.update({places[key]: parts for key, parts in drawn.items()})
        found |= drawn
    return [found[key] for key in places]


def _kept_now() -> dict[tuple[Hashable, ...], Parts]:
    turn = int(monotonic() / SECONDS_KEPT)
    for earlier in set(_KEPT) - {turn}:
        _KEPT.pop(earlier, None)
    return _KEPT.setdefault(turn, {})


def macro_of(template: str, name: str) -> Callable[..., Markup]:
    """A macro that is called from code, with what all templates know."""
    context: dict[str, Any] = {}
    current_app.update_template_context(context)
    macro: Callable[..., Markup] = getattr(current_app.jinja_env.get_template(template).make_module(context), name)
    return macro
