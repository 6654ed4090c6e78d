"""Statements of lists, built once and executed with the values of each request: building takes longer than reading."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, Select, Uuid, bindparam
from sqlmodel import Session

from dashboard.db import UtcDateTime
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter

MOST_KEPT = 500

Build = Callable[..., Select[Any]]


@dataclass(frozen=True)
class ScopeOfParameters(Scope):
    """A scope whose environment and times are filled in when the statement is executed. It has no session."""

    spans: dict[str, timedelta] = field(default_factory=dict)
    id_spans: dict[str, timedelta] = field(default_factory=dict)

    def first_id_ago(self, span: timedelta) -> Any:
        name = f"id_{span.total_seconds():.0f}_seconds_ago"
        self.id_spans[name] = span
        return bindparam(name, type_=Uuid())

    def ago(self, span: timedelta) -> Any:
        name = f"{span.total_seconds():.0f}_seconds_ago"
        self.spans[name] = span
        return bindparam(name, type_=UtcDateTime())


def run(scope: Scope, build: Build, *filters: ListFilter[Any], shape: tuple[Any, ...] = (), **values: Any) -> Any:
    """Executes what `build` makes of a scope, the filters and `shape`; `values` are parameters that it names.

    A statement is built each time if it holds what somebody typed, which is not kept in memory, or if it is of a list
    that does not refresh itself: its conditions may ask the database.
    """
    spans: dict[str, timedelta] = {}
    id_spans: dict[str, timedelta] = {}
    if any(each.is_typed or not each.marks for each in filters):
        statement = build(scope, *filters, *shape)
    else:
        statement, spans, id_spans = _built(build, filters, scope.zone, shape)
    values |= {name: scope.ago(span) for name, span in spans.items()}
    values |= {name: scope.first_id_ago(span) for name, span in id_spans.items()}
    return _execute(scope.session, statement, {"environment": scope.environment, "now": scope.now, **values})


def _execute(session: Session, statement: Select[Any], values: dict[str, Any]) -> CursorResult[Any]:
    return session.connection().execute(statement, values)


@lru_cache(maxsize=MOST_KEPT)
def _built(
    build: Build, filters: tuple[ListFilter[Any], ...], zone: Any, shape: tuple[Any, ...]
) -> tuple[Select[Any], dict[str, timedelta], dict[str, timedelta]]:
    environment, now = cast(str, bindparam("environment")), cast(Any, bindparam("now", type_=UtcDateTime()))
    scope = ScopeOfParameters(cast(Session, None), environment, now, zone)
    return build(scope, *filters, *shape), scope.spans, scope.id_spans
