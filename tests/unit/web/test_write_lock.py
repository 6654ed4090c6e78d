"""Nothing that takes long with many rows holds SQLite's write lock: no count, no scan, no file is made under it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event

from dashboard.config import Settings
from dashboard.db import Database
from tests.factories.jobs import make_job

SignInAs = Callable[[str], FlaskClient]
#: Of the chain's head, which each line of the trail is hashed with, and of rows by their key.
FINDS_FEW = ("LIMIT", "WHERE member.id =", "WHERE setting.name =", "WHERE sign_in.id =")


@contextmanager
def selects_under_the_lock() -> Iterator[list[str]]:
    found: list[str] = []

    def note(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if connection.get_execution_options().get("is_write") and statement.startswith("SELECT"):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/jobs.csv", "/audit.csv", "/audit/export.json"])
def test_an_export_counts_and_reads_without_the_lock(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, address: str
):
    with app.app_context():
        for _ in range(3):
            make_job(database, settings)
    ada = sign_in("ada")

    with selects_under_the_lock() as selects:
        answer = ada.get(address)

    assert answer.status_code == 200
    assert [select for select in selects if "count(" in select.lower()] == []
    assert [select for select in selects if not any(few in select for few in FINDS_FEW)] == []
