"""How SQLite goes about what it is asked: by an index, or row by row."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from dashboard.db import Database


def plans_of(database: Database, act: Callable[[], object], *tables: str) -> list[str]:
    """One line for each look into one of `tables` while `act` runs."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with database.reading() as session:
        steps = [
            step.detail
            for statement, parameters in asked
            if statement.lstrip().startswith("SELECT")
            for step in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    looks = tuple(f"{how} {table}" for how in ("SCAN", "SEARCH") for table in tables)
    return [step for step in steps if step.startswith(looks)]
