"""The colours of the pages in both themes: text at 4.5:1, and shapes, frames of fields and the focus ring at 3:1."""

import re

import pytest

from dashboard.config import resource_dir

CSS = (resource_dir("static") / "css" / "desk.css").read_text()
COLOURS = dict(re.findall(r"--([\w-]+): light-dark\((#\w+, #\w+)\);", CSS))
OUTCOMES = [name for name in COLOURS if name.startswith("outcome-")]
GROUNDS = ("ground", "surface")
TEXTS = [(name, ground, 4.5) for name in ("ink", "ink-soft", "accent", "danger", *OUTCOMES) for ground in GROUNDS]
SHAPES = [(name, ground, 3.0) for name in ("line-field", "accent") for ground in GROUNDS]
ON_OTHERS = [("accent-fg", "accent", 4.5), ("danger", "danger-ground", 4.5), ("ink", "danger-ground", 4.5)]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "ground", "wanted"), [*TEXTS, *SHAPES, *ON_OTHERS])
def test_a_colour_stands_out(name: str, ground: str, wanted: float, theme: int):
    lighter, darker = sorted((luminance(COLOURS[each].split(", ")[theme]) for each in (name, ground)), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= wanted


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
