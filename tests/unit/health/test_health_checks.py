"""Each health check: green where all is well, and a sentence that mends it where something is wrong."""

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import Session, col

from dashboard.audit import health_checks as audit_checks
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record
from dashboard.callbacks import health_checks as callback_checks
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.health import keys, machine, network, storage
from dashboard.health.running import run_checks, worst_of
from dashboard.health_checks import CheckContext, State
from dashboard.jobs.following.smile_answers import SmileContact
from dashboard.smile_keys import SmileKey, seed_keys
from dashboard.stored_settings import LAST_BACKUP, WORKER_SEEN, write_setting
from dashboard.team import health_checks as team_checks
from dashboard.web import health_checks as web_checks
from dashboard.worker import health_checks as worker_checks
from tests.conftest import make_settings
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.features import REGISTERED
from tests.factories.jobs import make_sent_job
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines

GOOD_KEY = hashlib.sha256(b"only for tests").hexdigest()
GOOD_ENCRYPTION_KEY = base64.b64encode(hashlib.sha256(b"only for tests, too").digest()).decode()
GOOD = {
    "secret_key": GOOD_KEY,
    "encryption_keys": GOOD_ENCRYPTION_KEY,
    "public_url": "https://desk.example.com",
    "smile_server": "0",
}


@pytest.fixture
def stage(app: Flask, database: Database, tmp_path: Path) -> Iterator[Callable[..., CheckContext]]:
    """`stage(trusted_proxies=1)`: a deployment without fault but for those settings."""
    os.chmod(tmp_path, 0o700)
    sessions: list[Session] = []

    def set_up(now: datetime | None = None, **changes: Any) -> CheckContext:
        scene_only = {name: changes.pop(name) for name in ("smile", "proxies_seen", "is_debugging") if name in changes}
        url = str(context_of(app).settings.database_url)
        settings = make_settings(tmp_path, **(GOOD | {"database_url": url} | changes))
        context = database.reading()
        session = context.__enter__()
        sessions.append(session)
        return CheckContext(settings, database, session, now or utc_now(), **({"smile": None} | scene_only))

    with app.app_context():
        yield set_up
    for session in sessions:
        session.close()


def write(database: Database, name: str, value: Any) -> None:
    with database.transaction() as session:
        write_setting(session, name, value, utc_now())


@pytest.mark.parametrize(
    ("secret", "state"),
    [
        (GOOD_KEY, State.OK),
        ("a" * 40, State.BAD),
        ("abcabcabc" * 5, State.BAD),
        ("please-change-this-before-production-xyz", State.BAD),
        ("only-for-tests-" * 4, State.BAD),
        (GOOD_ENCRYPTION_KEY, State.BAD),
    ],
)
def test_secret_key_that_is_weak_or_shared_is_bad(stage: Callable[..., CheckContext], secret: str, state: State):
    finding = keys.secret_key(stage(secret_key=secret))

    assert finding.state == state
    assert secret not in finding.sentence + finding.advice


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (GOOD_ENCRYPTION_KEY, State.OK),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", State.BAD),
        ("b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMzI=", State.BAD),
        (f"{GOOD_ENCRYPTION_KEY},{GOOD_ENCRYPTION_KEY}", State.WARN),
    ],
)
def test_encryption_key_that_was_not_drawn_by_chance_is_bad(
    stage: Callable[..., CheckContext], given: str, state: State
):
    finding = keys.encryption_keys(stage(encryption_keys=given))

    assert finding.state == state
    assert given[:20] not in finding.sentence + finding.advice


@pytest.mark.parametrize(("days", "state"), [(0, State.OK), (90, State.OK), (91, State.WARN)])
def test_key_for_smile_grows_old(stage: Callable[..., CheckContext], database: Database, days: int, state: State):
    scene = stage()
    with database.transaction() as session:
        seed_keys(session, scene.settings, scene.now)
    with database.transaction() as session:
        session.connection().execute(update(SmileKey).values(added_at=scene.now - timedelta(days=days)))

    assert keys.smile_key_age(replace(scene, session=stage().session)).state == state


def test_age_of_a_key_that_only_the_environment_has_is_not_known(stage: Callable[..., CheckContext]):
    assert keys.smile_key_age(stage()).state == State.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, State.UNKNOWN),
        ({"was_answered": True}, State.OK),
        ({"was_answered": True, "is_refused": True}, State.BAD),
        ({"was_answered": False}, State.BAD),
    ],
)
def test_what_smile_says_of_our_key(stage: Callable[..., CheckContext], answer: dict[str, bool] | None, state: State):
    smile = SmileContact(utc_now(), **answer) if answer else None

    assert keys.smile_key_works(stage(smile=smile)).state == state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.OK),
        ({"public_url": "http://desk.example.com"}, State.BAD),
        ({"public_url": "http://localhost:8000"}, State.BAD),
        ({"public_url": "https://127.0.0.1"}, State.BAD),
        ({"public_url": "http://localhost:8000", "is_demo": True}, State.OK),
    ],
)
def test_public_address_is_https_and_not_this_machine(stage: Callable[..., CheckContext], changes: Any, state: State):
    assert network.public_address(stage(**changes)).state == state


@pytest.mark.parametrize(
    ("server", "state"),
    [
        ("1", State.OK),
        ("http://127.0.0.1:8001/v1", State.OK),
        ("https://api.example.com/v1", State.OK),
        ("http://api.example.com/v1", State.BAD),
    ],
)
def test_smile_is_asked_over_tls(stage: Callable[..., CheckContext], server: str, state: State):
    assert network.smile_address(stage(smile_server=server)).state == state


@pytest.mark.parametrize(
    ("offset", "state"),
    [(None, State.UNKNOWN), (1.2, State.OK), (-59, State.OK), (61, State.WARN), (-61, State.WARN), (300, State.BAD)],
)
def test_clock_is_compared_with_smiles(stage: Callable[..., CheckContext], offset: float | None, state: State):
    answer = SmileContact(utc_now(), was_answered=True, clock_offset_seconds=offset)

    assert network.clock(stage(smile=answer)).state == state


@pytest.mark.parametrize(
    ("trusted", "seen", "state"), [(0, 0, State.OK), (1, 1, State.OK), (0, 1, State.WARN), (2, 1, State.BAD)]
)
def test_proxies_that_are_trusted_are_those_that_are_there(
    stage: Callable[..., CheckContext], trusted: int, seen: int, state: State
):
    finding = network.proxies(stage(trusted_proxies=trusted, proxies_seen=seen))

    assert finding.state == state
    assert state == State.OK or f"Set it to {seen}" in finding.advice or f"set it to {seen}" in finding.advice


def test_without_a_request_the_last_callback_shows_the_proxies(stage: Callable[..., CheckContext], app: Flask):
    before = network.proxies(stage())
    deliver(app.test_client(), encode(make_payload()), headers={"X-Forwarded-For": "203.0.113.9, 10.0.0.1"})

    after = network.proxies(stage(trusted_proxies=1))

    assert before.state == State.UNKNOWN
    assert (after.state, "passed 2" in after.sentence) == (State.WARN, True)


def test_list_of_networks_without_a_trusted_proxy_is_bad(stage: Callable[..., CheckContext], database: Database):
    open_to_all = callback_checks.source_networks(stage())
    write(database, "callback_networks", ["203.0.113.0/24"])

    assert open_to_all.state == State.OK
    assert callback_checks.source_networks(stage()).state == State.BAD
    assert callback_checks.source_networks(stage(trusted_proxies=1)).state == State.OK


def test_overdue_callbacks_are_counted(stage: Callable[..., CheckContext], database: Database):
    scene = stage()
    none_yet = callback_checks.overdue_callbacks(scene)
    make_sent_job(database, scene.settings, callback_due_at=scene.now - timedelta(minutes=3))

    late = callback_checks.overdue_callbacks(stage())

    assert none_yet.state == State.OK
    assert (late.state, late.sentence) == (State.WARN, "1 job is waiting for a callback that is overdue.")


def test_last_callback_is_told(stage: Callable[..., CheckContext], app: Flask):
    assert callback_checks.last_callback(stage()).state == State.UNKNOWN
    deliver(app.test_client(), encode(make_payload()))

    assert callback_checks.last_callback(stage()).state == State.OK


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(hours=1), State.OK),
        (timedelta(hours=27), State.WARN),
        (timedelta(days=8), State.BAD),
    ],
)
def test_backup_grows_old(stage: Callable[..., CheckContext], database: Database, age: timedelta, state: State):
    write(database, LAST_BACKUP, {"at": (utc_now() - age).isoformat()})

    assert storage.backup(stage()).state == state


def test_no_backup_at_all_is_bad_outside_a_demo(stage: Callable[..., CheckContext]):
    assert storage.backup(stage()).state == State.BAD
    assert storage.backup(stage(is_demo=True)).state == State.OK


def test_worker_that_is_silent_is_noticed(stage: Callable[..., CheckContext], database: Database):
    never = worker_checks.worker(stage())
    write(database, WORKER_SEEN, utc_now().isoformat())
    now = worker_checks.worker(stage())
    later = worker_checks.worker(stage(utc_now() + timedelta(minutes=3)))

    assert [each.state for each in (never, now, later)] == [State.BAD, State.OK, State.BAD]


def test_database_as_the_tests_have_it_is_fine(stage: Callable[..., CheckContext]):
    assert storage.engine(stage()).state == State.OK


def test_sqlite_that_can_damage_a_shared_wal_is_bad(
    stage: Callable[..., CheckContext], database: Database, monkeypatch: pytest.MonkeyPatch
):
    if not database.is_sqlite:
        pytest.skip("about SQLite")
    monkeypatch.setattr("dashboard.health.storage.SAFE_SQLITE", (99, 0, 0))

    assert storage.engine(stage()).state == State.BAD


def test_sqlite_that_may_lose_a_commit_is_bad(stage: Callable[..., CheckContext], database: Database):
    if not database.is_sqlite:
        pytest.skip("about SQLite")
    scene = stage()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        connection.exec_driver_sql("BEGIN")
        with Session(connection) as session:
            finding = storage.engine(replace(scene, session=session))
        connection.invalidate()

    assert finding.state == State.BAD


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("sqlite:///queue.db", State.OK),
        ("redis://127.0.0.1:6379/1", State.OK),
        ("redis://queue.example.com/1", State.BAD),
        ("redis://:canary-password@queue.example.com/1", State.WARN),
        ("rediss://:canary-password@queue.example.com/1", State.OK),
    ],
)
def test_redis_elsewhere_has_a_password_and_tls(stage: Callable[..., CheckContext], url: str, state: State):
    finding = storage.queue(stage(queue_url=url))

    assert finding.state == state
    assert "canary" not in finding.sentence + finding.advice


def test_instance_folder_is_for_us_alone(stage: Callable[..., CheckContext], tmp_path: Path):
    for path in tmp_path.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    closed = machine.instance_folder(stage())
    (tmp_path / "key").write_text("x")
    os.chmod(tmp_path / "key", 0o644)
    with_open_file = machine.instance_folder(stage())
    os.chmod(tmp_path, 0o755)  # noqa: S103  # that is what is found
    open_folder = machine.instance_folder(stage())

    assert [each.state for each in (closed, with_open_file, open_folder)] == [State.OK, State.WARN, State.BAD]


@pytest.mark.parametrize(
    ("limits", "state"),
    [({}, State.OK), ({"WARNS_BELOW_BYTES": 10**18}, State.WARN), ({"IS_BAD_BELOW_BYTES": 10**18}, State.BAD)],
)
def test_room_on_the_disk(
    stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], state: State
):
    monkeypatch.setattr(machine, "WARNS_BELOW_BYTES", 1)
    monkeypatch.setattr(machine, "IS_BAD_BELOW_BYTES", 0)
    monkeypatch.setattr(machine, "WARNS_BELOW_INODES", 1)
    for name, value in limits.items():
        monkeypatch.setattr(machine, name, value)

    assert machine.room(stage()).state == state


@pytest.mark.parametrize(("warns_at", "state"), [(1.0, State.OK), (0.0, State.WARN)])
def test_page_says_how_many_descriptors_are_open(
    stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch, app: Flask, warns_at: float, state: State
):
    monkeypatch.setattr(web_checks, "WARNS_AT", warns_at)

    with app.test_request_context():
        finding = web_checks.connections(stage())

    assert finding.state == state
    assert re.match(r"[\d,]+ of [\d,]+ file descriptors of this process are open", finding.sentence)


@pytest.mark.parametrize(("wanted", "state"), [(1, State.OK), (10**9, State.WARN)])
def test_doctor_says_how_many_connections_fit(
    stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch, wanted: int, state: State
):
    monkeypatch.setattr(web_checks, "WANTED", wanted)

    finding = web_checks.connections(stage())

    assert finding.state == state
    assert "connections at once" in finding.sentence


def test_versions_are_those_of_the_lock(
    stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    as_locked = machine.dependencies(stage())
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(machine, "PACKAGE_DIR", package)
    without_lock = machine.dependencies(stage())
    lines = [
        "flask==0.1 \\",
        "    --hash=sha256:0",
        'nobody-has-this==1.0 ; sys_platform == "plan9" \\',
        "nor-this==2.0",
    ]
    (tmp_path / "requirements.lock").write_text("\n".join(lines))
    other = machine.dependencies(stage())

    assert [each.state for each in (as_locked, without_lock, other)] == [State.OK, State.UNKNOWN, State.WARN]
    assert "flask" in other.sentence
    assert "nor-this (not installed)" in other.sentence
    assert "nobody-has-this" not in other.sentence


def test_debugging_is_bad(stage: Callable[..., CheckContext]):
    assert machine.debugging(stage()).state == State.OK
    assert machine.debugging(stage(is_debugging=True)).state == State.BAD


def test_two_owners_are_better_than_one(stage: Callable[..., CheckContext], database: Database):
    nobody = team_checks.owners(stage())
    make_member(database, "ada")
    one = team_checks.owners(stage())

    assert (nobody.state, one.state) == (State.BAD, State.WARN)


def test_trail_that_was_changed_is_bad(stage: Callable[..., CheckContext], database: Database):
    with database.transaction() as session:
        for number in range(3):
            record(session, "job.created", f"job {number}", utc_now())
    whole = audit_checks.audit_trail(stage())
    with database.transaction() as session:
        session.connection().execute(update(AuditEntry).where(col(AuditEntry.sequence) == 2).values(who="eve"))

    broken = audit_checks.audit_trail(stage())

    assert (whole.state, broken.state) == (State.OK, State.BAD)
    assert "Line 2" in broken.sentence


def test_every_check_has_a_sentence_and_what_is_wrong_an_advice(stage: Callable[..., CheckContext]):
    results = run_checks(REGISTERED.health_checks, stage(secret_key="a" * 40))

    assert len(results) == len(REGISTERED.health_checks)
    for result in results:
        assert result.finding.sentence.endswith("."), result
        assert result.finding.advice or result.finding.state in (State.OK, State.UNKNOWN), result
    assert worst_of(results) == State.BAD


def test_no_check_repeats_a_secret(stage: Callable[..., CheckContext], settings: Settings):
    canaries = {
        "secret_key": "canary-secret-key-0000000000000000000",
        "smile_api_keys": "canary-api-key",
        "queue_url": "redis://:canary-password@queue.example.com/1",
    }

    said = " ".join(f"{result.finding}" for result in run_checks(REGISTERED.health_checks, stage(**canaries)))

    assert "canary" not in said
    assert SecretStr(GOOD_ENCRYPTION_KEY).get_secret_value() not in said
    assert settings.secret_key.get_secret_value() not in said


@pytest.mark.parametrize("place", ["empty.db", "no-folder/here.db"])
def test_database_that_answers_nothing_is_one_line_and_hides_no_other_duty(
    tmp_path: Path, app: Flask, database: Database, place: str
):
    (tmp_path / "no-folder").write_text("")
    empty = database.sibling(f"sqlite:///{tmp_path / place}")
    with app.app_context(), empty.reading() as session:
        context = CheckContext(make_settings(tmp_path), empty, session, utc_now(), None)
        results = run_checks(REGISTERED.health_checks, context)
    empty.dispose()

    said = [result.finding for result in results]
    by_name = {result.name: result.finding for result in results}
    problem = "The database tables are not up to date." if place == "empty.db" else "The database does not answer."
    assert by_name["Database"].sentence == problem
    assert by_name["Database"].advice
    assert [finding for finding in said if "could not be looked at" in finding.sentence] == []
    assert {"Owners", "Worker", "Audit trail", "Backup", "Retention"} & by_name.keys() == set()
    assert by_name["Debugging"].state == State.OK
    assert {name for name, finding in by_name.items() if finding.state == State.BAD} <= {
        "Database", "Secret key", "Encryption keys", "Public address", "Instance folder",  # those of the tests
    }  # fmt: skip


def test_database_that_can_only_be_read_hides_nothing(
    stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Database, "takes_writes", lambda _: False)

    by_name = {result.name: result.finding for result in run_checks(REGISTERED.health_checks, stage())}

    assert by_name["Database"].sentence == "The database accepts no changes at the moment."
    assert by_name["Owners"].sentence == "There is no owner."


def test_folder_that_takes_no_files_is_bad(stage: Callable[..., CheckContext], tmp_path: Path):
    (tmp_path / "media").write_text("no folder")

    finding = machine.instance_folder(stage())

    assert (finding.state, "Nothing can be stored in" in finding.sentence) == (State.BAD, True)


def test_variable_that_is_no_setting_is_named(stage: Callable[..., CheckContext], monkeypatch: pytest.MonkeyPatch):
    clean = machine.environment(stage())
    monkeypatch.setenv("DASHBOARD_SERVICE_HOST", "canary")

    named = machine.environment(stage())

    assert (clean.state, named.state) == (State.OK, State.WARN)
    assert "DASHBOARD_SERVICE_HOST" in named.sentence
    assert "canary" not in named.sentence + named.advice


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-600.4, "This machine's clock is 10 minutes ahead."),
        (600.4, "This machine's clock is 10 minutes behind."),
        (-301, "This machine's clock is 5 minutes ahead."),
        (61, "This machine's clock is 1 minute behind."),
    ],
)
def test_clock_that_is_off_is_said_in_words_and_the_key_is_not_blamed(
    stage: Callable[..., CheckContext], offset: float, words: str
):
    answer = SmileContact(utc_now(), was_answered=True, is_refused=True, clock_offset_seconds=offset)

    clock, key = network.clock(stage(smile=answer)), keys.smile_key_works(stage(smile=answer))

    assert clock.sentence == words
    assert (key.state == State.UNKNOWN) is (abs(offset) > 300)
