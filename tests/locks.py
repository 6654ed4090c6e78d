"""Notes in which order transactions lock rows of tables, so that a test can compare it with the order that is meant."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from dashboard.audit.trail import CHAIN_LOCK
from dashboard.callbacks.refused.storing import LOCK as REFUSED_LOCK
from dashboard.db import Database
from dashboard.lock_order import LOCK_ORDER, OF_A_JOB, OF_A_LINK
from dashboard.rollups.folding import LOCK as ROLLUP_LOCK

#: What takes or waits for a lock.
LOCKING = (
    re.compile(r"UPDATE (\w+) SET"),
    re.compile(r"DELETE FROM (\w+)"),
    re.compile(r"INSERT INTO (\w+) .*ON CONFLICT", re.DOTALL),
    re.compile(r"SELECT .*\sFROM (\w+).*FOR (?:NO KEY )?UPDATE", re.DOTALL),
)
#: A row that is made is known to nobody else yet: changing it later in the same transaction waits for nobody.
MAKING = re.compile(r"INSERT INTO (\w+)")
ADVISORY = {CHAIN_LOCK: "audit_entry", REFUSED_LOCK: "refused_delivery", ROLLUP_LOCK: "rollup_delta"}

Order = tuple[str, ...]


def locked_by(statement: str, parameters: Any) -> str | None:
    """The table that a statement locks rows of, if it does."""
    if "pg_advisory_xact_lock" in statement:
        return ADVISORY[next(iter(parameters.values()))]
    found = (pattern.match(statement.strip()) for pattern in LOCKING)
    return next((match[1] for match in found if match), None)


@contextmanager
def noted_orders(database: Database) -> Iterator[set[Order]]:
    """Of each transaction meanwhile: the tables in the order in which it first locked rows of them."""
    orders: set[Order] = set()
    running: dict[int, list[str]] = defaultdict(list)
    made: dict[int, set[str]] = defaultdict(set)

    def note(connection: Connection, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        table, known = locked_by(statement, parameters), running[id(connection)]
        if table and table not in known and table not in made[id(connection)]:
            known.append(table)
        elif making := MAKING.match(statement):
            made[id(connection)].add(making[1])

    def end(connection: Connection) -> None:
        orders.add(tuple(running.pop(id(connection), ())))
        made.pop(id(connection), None)

    hooks = {"before_cursor_execute": note, "commit": end, "rollback": end}
    for name, hook in hooks.items():
        event.listen(database.engine, name, hook)
    try:
        yield orders
    finally:
        for name, hook in hooks.items():
            event.remove(database.engine, name, hook)


def against(noted: set[Order]) -> list[Order]:
    """Those that lock two tables the other way round, or a table that the order does not name."""
    place = {table: number for number, table in enumerate(LOCK_ORDER)}
    counted = {tuple(table for table in each if table not in OF_A_JOB | OF_A_LINK) for each in noted}
    return [each for each in sorted(counted) if not _follows([place.get(table, -1) for table in each])]


def _follows(places: list[int]) -> bool:
    return -1 not in places and places == sorted(places)
