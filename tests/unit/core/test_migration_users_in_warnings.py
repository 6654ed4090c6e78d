"""Upwards from 0014 with warnings in it: the customers that they name get rows, and back again."""

import json
from datetime import datetime

from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard.db import Database, new_id
from dashboard.jobs.warnings import JobWarning
from tests.unit.core.test_migration_searched_ids import JOB
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
NOW = datetime(2026, 11, 27, 9, 0)  # noqa: DTZ001  # as SQLite has it


def insert(database: Database, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    with database.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608  # ours


def test_named_customers_get_rows_in_their_order(empty: Database):  # the fixture
    move(empty, command.upgrade, "0014")
    job_id = new_id()
    insert(empty, "job", id=job_id.hex, **JOB)
    common = {"environment": "sandbox", "job_id": job_id.hex, "is_confirmed": True, "source": "submit"}
    told = {"number_seen_before": {"user_ids": ["z", "a"], "count": 2}, "deceased": {}}
    for kind, facts in told.items():
        insert(empty, "job_warning", id=new_id().hex, kind=kind, facts=json.dumps(facts), first_seen_at=NOW, **common)

    move(empty, command.upgrade, "0015")

    with empty.reading() as session:
        rows = {row.kind.value: row for row in session.exec(select(JobWarning)).all()}
    assert (rows["number_seen_before"].user_ids, rows["number_seen_before"].facts) == (["z", "a"], {"count": 2})
    assert (rows["deceased"].user_ids, rows["deceased"].facts) == ([], {})

    move(empty, command.downgrade, "0014")

    with empty.engine.connect() as connection:
        kept = dict(connection.execute(text("SELECT kind, facts FROM job_warning")).all())
    read = {kind: facts if isinstance(facts, dict) else json.loads(facts) for kind, facts in kept.items()}
    assert read == {"number_seen_before": {"count": 2, "user_ids": ["z", "a"]}, "deceased": {}}
