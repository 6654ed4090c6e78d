"""What a database is asked, and how SQLite goes about it: by an index, or row by row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from dashboard.db import Database


@contextmanager
def noted_statements() -> Iterator[list[tuple[str, Any]]]:
    """Each statement that any database of this process is sent inside the block, with its parameters."""
    noted: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        noted.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plans_of(database: Database, act: Callable[[], object], *tables: str) -> list[str]:
    """One line for each look into one of `tables` while `act` runs, and for each time that what was found is sorted.

    Skips the test elsewhere than on SQLite.
    """
    if not database.is_sqlite:
        pytest.skip("asks SQLite for its plans")
    with noted_statements() as asked:
        act()
    with database.reading() as session:
        plans = [
            [
                step.detail
                for step in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
            for statement, parameters in asked
            if statement.lstrip().startswith("SELECT")
        ]
    looks = tuple(f"{how} {table}" for how in ("SCAN", "SEARCH") for table in tables)
    ours = [plan for plan in plans if any(step.startswith(looks) for step in plan)]
    return [step for plan in ours for step in plan if step.startswith((*looks, "USE TEMP B-TREE FOR ORDER BY"))]
