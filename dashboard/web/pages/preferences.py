"""What a member has chosen for the pages, such as the theme or the columns of a list. Stored with the member.

Nobody else is concerned, so the audit trail does not tell of it.
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
    """Of the member who is signed in. A stored value of another type than `default` counts as none."""
    if not has_request_context() or not current_user.is_authenticated:
        return default
    value = (current_user.preferences or {}).get(name)
    return value if type(value) is type(default) else default


def theme_here() -> str:
    """What the layout of pages for members names; the style sheet does the rest."""
    chosen = preference("theme", "")
    return chosen if chosen in THEMES else ""
