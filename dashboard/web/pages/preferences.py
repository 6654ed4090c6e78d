"""Reads members' page preferences, such as the theme or the columns of a list. Stored with the member.

They concern nobody else, so they are not in the audit trail.
"""

from typing import TypeVar

from flask import Flask, has_request_context
from flask_login import current_user

T = TypeVar("T")

#: "" follows the reader's system.
THEMES = {"": "Auto", "light": "Light", "dark": "Dark"}


def show_preferences(app: Flask) -> None:
    app.add_template_global(theme_here)
    app.jinja_env.globals["THEMES"] = THEMES


def preference(name: str, default: T) -> T:
    """A preference of the signed-in member. A stored value of another type than `default` is ignored."""
    if not has_request_context() or not current_user.is_authenticated:
        return default
    value = (current_user.preferences or {}).get(name)
    return value if type(value) is type(default) else default


def theme_here() -> str:
    """The member's theme, for the layout; the style sheet does the rest."""
    chosen = preference("theme", "")
    return chosen if chosen in THEMES else ""
