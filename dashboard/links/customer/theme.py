"""The style sheet with the company's colour, and with black or white text on it, whichever is easier to read."""

import re

COLOR = re.compile(r"[0-9a-f]{6}")
BLACK_READS_BETTER_ABOVE = 0.179  # the relative luminance at which both contrasts are equal: 4.6 to 1


def theme_css(color: str) -> str | None:
    """The style sheet for a colour of six hexadecimal digits; None for anything else."""
    if not COLOR.fullmatch(color):
        return None
    ink = "#000" if _luminance(color) > BLACK_READS_BETTER_ABOVE else "#fff"
    return f":root{{--brand:#{color};--on-brand:{ink}}}"


def _luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = (int(color[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
