"""`/readyz` says which part is away, in a sentence; cheap, and nothing that strangers could use."""

import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.web.serving import readiness

pytestmark = pytest.mark.both_engines


@pytest.fixture(autouse=True)
def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "SECONDS_TRUSTED", -1.0)


def test_all_well_is_ready(client: FlaskClient):
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"status": "ready"})


def test_tables_that_are_old_are_named(client: FlaskClient, database: Database):
    with database.engine.begin() as connection:
        newest = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    answer = client.get("/readyz")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})

    assert (answer.status_code, answer.json["status"]) == (503, "The database tables are not up to date.")
    assert client.get("/readyz").status_code == 200


def test_database_that_takes_no_changes_is_named_and_that_passes(client: FlaskClient, database: Database):
    if not database.is_sqlite:
        pytest.skip("the next one is about PostgreSQL")
    with database.transaction() as session:
        session.connection().exec_driver_sql("PRAGMA query_only=ON")
    answer = client.get("/readyz")
    with database._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=OFF")

    assert (answer.status_code, answer.json["status"]) == (503, "The database accepts no changes at the moment.")
    assert answer.headers["Retry-After"]
    assert client.get("/readyz").status_code == 200


def test_standby_of_postgresql_takes_no_changes(settings: Settings, database: Database, keyring: KeyRing):
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    url = database.engine.url
    options = {"options": f"{url.query['options']} -cdefault_transaction_read_only=on"}
    standby = Database(url.update_query_dict(options).render_as_string(hide_password=False), keyring)
    answer = create_app(settings, database=standby).test_client().get("/readyz")
    standby.dispose()

    assert (answer.status_code, answer.json["status"]) == (503, "The database accepts no changes at the moment.")


def test_folder_of_images_that_takes_nothing_is_named(client: FlaskClient, app: Flask):
    media = context_of(app).settings.media_root
    media.write_text("no folder")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (503, "Images cannot be stored.")
    assert str(media) not in answer.text


def test_asking_leaves_no_file_behind(client: FlaskClient, tmp_path: Path):
    before = set(tmp_path.rglob("*"))

    client.get("/readyz")

    assert set(tmp_path.rglob("*")) - before <= {tmp_path / f"dashboard.db-{end}" for end in ("wal", "shm")}


def test_many_who_ask_make_one_look(client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readiness, "SECONDS_TRUSTED", 600.0)
    looks: list[float] = []
    look = readiness.Readiness._look
    monkeypatch.setattr(readiness.Readiness, "_look", lambda self: looks.append(time.monotonic()) or look(self))

    for _ in range(20):
        client.get("/readyz")

    assert len(looks) == 1
