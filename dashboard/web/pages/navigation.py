"""The part of the navigation that the signed-in member sees."""

from flask import Flask
from flask_login import current_user

from dashboard.context import current
from dashboard.feature import Bar, NavigationEntry


def show_navigation(app: Flask) -> None:
    app.add_template_global(navigation_here)


def navigation_here(bar: str) -> list[NavigationEntry]:
    return current().features.navigation(Bar(bar), current_user.role)
