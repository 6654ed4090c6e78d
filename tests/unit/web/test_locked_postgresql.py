"""What waits too long for PostgreSQL: a page says so after the time that the settings name."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.app import create_app, create_serving_app
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database, TimeLimits
from tests.conftest import let_in
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines


#: All tests that run at once share the connections that the server allows.
FEW_CONNECTIONS = 4


@pytest.fixture
def impatient(
    settings: Settings, database: Database, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    monkeypatch.setattr("dashboard.db.CONNECTIONS_KEPT", FEW_CONNECTIONS)
    monkeypatch.setattr("dashboard.db.MOST_CONNECTIONS", FEW_CONNECTIONS)
    ours = Database(settings.database_url, keyring, TimeLimits(lock=0.2, statement=5.0))
    app = create_app(settings, database=ours)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    ours.dispose()


def test_lock_of_others_is_503_and_passes(impatient: Flask, database: Database):
    client = impatient.test_client()
    let_in(client, make_member(database, "ada"))
    with database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE job"))
        page, twin = client.get("/jobs"), client.get("/jobs.json")
        other = client.get("/account")

    assert (page.status_code, "The database is busy" in page.text) == (503, True)
    assert (twin.status_code, twin.json["error"][:20]) == (503, "The database is busy")
    assert other.status_code == 200
    assert client.get("/jobs").status_code == 200


def test_pool_without_a_free_connection_is_503_and_passes(impatient: Flask, database: Database):
    client = impatient.test_client()
    let_in(client, make_member(database, "ada"))
    ours = context_of(impatient).database
    held = [ours.engine.connect() for _ in range(FEW_CONNECTIONS)]

    page = client.get("/jobs")
    for connection in held:
        connection.close()

    assert (page.status_code, "The database is busy" in page.text) == (503, True)
    assert client.get("/jobs").status_code == 200


def test_statement_limits_hold_where_pages_are_served_and_not_for_commands(settings: Settings, database: Database):
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    told = []
    for make in (create_serving_app, create_app):
        ours = context_of(make(settings)).database
        with ours.reading() as session:
            shown = [text(f"SHOW {name}_timeout") for name in ("lock", "statement")]
            told.append([session.connection().execute(each).scalar_one() for each in shown])
        ours.dispose()

    assert told == [["10s", "1min"], ["0", "0"]]
