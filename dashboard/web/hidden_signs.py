"""Signs that hide or turn text are shown as what they are, in every value of every page, as escaping is.

Left alone are joiners and marks of direction (U+200C to U+200F, U+061C): Persian and Arabic need them, and emoji.
"""

import re
from typing import Any

from flask import Flask

#: Control characters but tab and ends of lines, what is as wide as nothing, what turns the direction of the rest, and
#: halves of surrogate pairs, which UTF-8 cannot carry.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


#: The same with joiners and marks of direction, for bodies and ids, where nothing may hide.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class Typed(str):
    """A value of a field: it goes back to the server as it was typed, or a form would change what it was given."""

    __slots__ = ()


def show_hidden_signs(app: Flask) -> None:
    app.jinja_env.finalize = shown
    app.add_template_filter(Typed, "as_typed")


def shown(value: Any) -> Any:
    """What a template prints. Markup is our own, so only plain text is looked at."""
    if not isinstance(value, str) or value.isprintable() or isinstance(value, Typed) or hasattr(value, "__html__"):
        return value
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def visible(text: str) -> str:
    """For a body or an id: every sign that hides or turns text is spelled out, as it stands in JSON."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
