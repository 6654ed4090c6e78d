"""Keys: seeded once, added and retired while running, one signs, and none of them readable in the database."""

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from dashboard import cached_reading
from dashboard.app import create_app
from dashboard.cached_reading import CachedReading
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.smile_keys import (
    ApiKeys,
    SmileKey,
    add_key,
    list_keys,
    read_keys,
    retire_key,
    seed_keys,
    seed_keys_at_start,
    sign_with,
)
from tests.conftest import make_settings

pytestmark = pytest.mark.both_engines

FIRST, SECOND, THIRD = "first-api-key-0001", "second-api-key-0002", "third-api-key-0003"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, smile_api_keys=f"{FIRST},{SECOND}")


@pytest.fixture
def seeded(app: Flask) -> Iterator[Flask]:
    seed_keys_at_start(context_of(app).settings, context_of(app).database)
    with app.app_context():
        yield app


def number_of(session: Session, number: int) -> UUID:
    return session.exec(select(SmileKey.id).where(SmileKey.number == number)).one()


def shown(keys_of: CachedReading[ApiKeys]) -> tuple[str, list[str], list[str]]:
    keys = keys_of.value(fresh=True)
    return keys.signing.value, [key.value for key in keys.active], [key.value for key in keys.others]


def test_before_the_first_start_the_keys_of_the_environment_count(app: Flask):
    assert shown(context_of(app).smile_keys) == (FIRST, [FIRST, SECOND], [])


def test_every_start_adds_only_what_was_never_seen(app: Flask, database: Database, settings: Settings, tmp_path: Path):
    seed_keys_at_start(context_of(app).settings, context_of(app).database)
    seed_keys_at_start(context_of(app).settings, context_of(app).database)
    with database.transaction() as session:
        sign_with(session, "sandbox", number_of(session, 2), utc_now())
        retire_key(session, settings, number_of(session, 1), "ada@example.com", utc_now())
    seed_keys_at_start(context_of(app).settings, context_of(app).database)

    assert shown(context_of(app).smile_keys) == (SECOND, [SECOND], [FIRST])

    renewed = make_settings(tmp_path, database_url=settings.database_url, smile_api_keys=f"{THIRD},{SECOND}")
    with database.transaction() as session:
        seed_keys(session, renewed, utc_now())
    assert shown(context_of(app).smile_keys) == (THIRD, [SECOND, THIRD], [FIRST])


def test_added_key_verifies_at_once_and_signs_when_told_to(seeded: Flask, database: Database):
    with database.transaction() as session:
        key_id = add_key(session, "sandbox", f" {THIRD}\n", "ada@example.com", utc_now()).id
    assert shown(context_of(seeded).smile_keys) == (FIRST, [FIRST, SECOND, THIRD], [])

    with database.transaction() as session:
        sign_with(session, "sandbox", key_id, utc_now())
    assert shown(context_of(seeded).smile_keys)[0] == THIRD


def test_clients_follow_the_key_that_signs_and_keep_their_connections(seeded: Flask, database: Database):
    before = smile_clients()
    assert smile_clients() is before
    with database.transaction() as session:
        sign_with(session, "sandbox", number_of(session, 2), utc_now())
    context_of(seeded).smile_keys.value(fresh=True)

    after = smile_clients()

    moment = "2026-01-15T09:30:00.000Z"
    signatures = [clients.web_api._partner._signer.generate_signature(moment) for clients in (before, after)]
    assert signatures[0] != signatures[1]
    assert after.web_api._partner.transport is before.web_api._partner.transport


def test_change_by_another_process_is_seen_within_a_second(
    seeded: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
):
    seconds = iter((100.0, 100.9, 101.1))
    monkeypatch.setattr(cached_reading, "monotonic", lambda: next(seconds))
    cabinet = context_of(seeded).smile_keys
    cabinet.value(fresh=True)
    with database.transaction() as session:
        add_key(session, "sandbox", THIRD, "ada@example.com", utc_now())

    assert [len(cabinet.value().active) for _ in range(2)] == [2, 3]


def test_key_that_signs_cannot_be_retired_and_a_retired_one_cannot_sign(
    seeded: Flask, database: Database, settings: Settings
):
    with database.transaction() as session, pytest.raises(Conflict, match="Sign with another one first"):
        retire_key(session, settings, number_of(session, 1), "ada@example.com", utc_now())
    with database.transaction() as session:
        retired = retire_key(session, settings, number_of(session, 2), "ada@example.com", utc_now())
        again = retire_key(session, settings, number_of(session, 2), "ben@example.com", utc_now())
    assert (retired.retired_by, again.retired_by) == ("ada@example.com", "ada@example.com")
    with database.transaction() as session, pytest.raises(Conflict, match="was retired"):
        sign_with(session, "sandbox", number_of(session, 2), utc_now())


@pytest.mark.parametrize(
    "value", ["", "short", "with spaces in it", "line\nbreak-in-it", "k" * 501, "ключ-ключ-ключ", FIRST]
)
def test_what_is_no_new_key_is_refused_beside_its_field(seeded: Flask, database: Database, value: str):
    with database.transaction() as session, pytest.raises(Invalid) as refused:
        add_key(session, "sandbox", value, "ada@example.com", utc_now())

    assert set(refused.value.fields) == {"api_key"}


def test_key_of_the_other_environment_is_only_an_explanation(
    seeded: Flask, database: Database, settings: Settings, session: Session
):
    with database.transaction() as writing:
        other = add_key(writing, "production", THIRD, "ada@example.com", utc_now())

    keys = read_keys(session, settings)

    assert [key.value for key in keys.others] == [THIRD]
    with database.transaction() as writing, pytest.raises(NotFound):
        sign_with(writing, "sandbox", other.id, utc_now())


def test_no_key_is_readable_in_the_database_or_in_what_python_prints(
    seeded: Flask, database: Database, session: Session, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        rows = list_keys(session, "sandbox")
        keys = context_of(seeded).smile_keys.value(fresh=True)

    printed = f"{rows}{keys}{caplog.text}"
    raw = b"".join(bytes(row.key_sealed) for row in session.exec(select(SmileKey).order_by(col(SmileKey.number))))
    assert len(rows) == 2
    for value in (FIRST, SECOND):
        assert value not in printed
        assert value.encode() not in raw


def test_app_without_tables_can_be_made(tmp_path: Path):
    create_app(make_settings(tmp_path))
