"""Which tests run on both database engines, and the rule that chooses them.

A module carries `pytestmark = pytest.mark.both_engines` when what it proves can differ between SQLite and PostgreSQL:

- it calls a query, a verb or a task itself: a function of `dashboard` that takes a session or a scope, or opens one;
- or its requests filter, search, count, page, export, erase or race, or meet a constraint of the database;
- or it starts processes on the database.

All others run on SQLite alone: their tests go through a client and are about views, wording, forms, permissions or
headers, and every statement behind those views also runs in a module that has the marker.

The first line is checked when tests are collected; the others are for the person who writes the module to judge.
"""

import inspect
from functools import cache
from types import FunctionType, ModuleType

import pytest
from sqlalchemy import Connection
from sqlmodel import Session

from dashboard.web.lists.fields import Scope

ENGINES = ("sqlite", "postgresql")
#: A function that names one of these opens a session of its own.
OPENERS = frozenset({"transaction", "transaction_of_statements", "reading"})


def engines_for(test: pytest.Function, module: ModuleType) -> tuple[str, ...]:
    """The engines that a test with a database runs on."""
    if test.get_closest_marker("both_engines"):
        return ENGINES
    if verbs := called_verbs(module):
        pytest.fail(
            f"{module.__name__} calls {', '.join(verbs)}, so it needs `pytestmark = pytest.mark.both_engines`;"
            " tests/engines.py has the rule.",
            pytrace=False,
        )
    return ENGINES[:1]


@cache
def called_verbs(module: ModuleType) -> list[str]:
    """The names in a test module that stand for functions of `dashboard` that work on the database."""
    return sorted(name for name, value in vars(module).items() if _is_verb(value) or _holds_verbs(value))


def _is_verb(value: object) -> bool:
    if not isinstance(value, FunctionType) or not value.__module__.startswith("dashboard."):
        return False
    takes_session = not {Session, Connection, Scope}.isdisjoint(inspect.get_annotations(value).values())
    return takes_session or not OPENERS.isdisjoint(value.__code__.co_names)


def _holds_verbs(value: object) -> bool:
    """An imported module, such as `members` in `members.disable(...)`."""
    if not isinstance(value, ModuleType) or not value.__name__.startswith("dashboard."):
        return False
    return any(_is_verb(part) for part in vars(value).values() if getattr(part, "__module__", "") == value.__name__)
