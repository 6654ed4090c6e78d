"""Hints for SQLite's query planner, which has no statistics here. PostgreSQL sees the plain conditions."""

from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import NULLTYPE


class _Unindexed(FunctionElement[Any]):
    """A column whose indexes SQLite does not consider: its unary plus changes nothing else."""

    inherit_cache = True

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_Unindexed)
def _as_it_is(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _with_plus(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


class _Likely(FunctionElement[Any]):
    """A condition that SQLite takes to hold for nearly all rows."""

    inherit_cache = True

    def __init__(self, condition: Any) -> None:
        super().__init__(condition)
        self.type = NULLTYPE  # As a boolean, SQLAlchemy would compare it with 1 on SQLite, and no index would be used.


@compiles(_Likely)
def _plain(element: _Likely, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Likely, "sqlite")
def _with_likely(element: _Likely, compiler: SQLCompiler, **options: Any) -> str:
    return f"likely({compiler.process(element.clauses, **options)})"


def likely(comparison: Any) -> Any:
    """The same comparison of an id, for which SQLite does not expect few rows.

    Otherwise it would take the range of an index that ends with the id for better than one of just the rows of a list.
    """
    return _Likely(comparison)


def without_index(condition: Any) -> Any:
    """The same condition, for which SQLite uses no index of its columns.

    SQLite has no statistics here, so of two indexes that look equally good it may take the one with far more rows.
    PostgreSQL knows better and sees no difference.
    """

    def wrapped(part: Any, **_: Any) -> Any:
        return _Unindexed(part) if isinstance(part, Column) else None

    replace: Any = wrapped
    return replacement_traverse(condition, {}, replace) if isinstance(condition, ColumnElement) else condition
