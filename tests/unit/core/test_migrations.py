"""Migrations lead to just the tables that the models describe, and back."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from dashboard import migrations
from dashboard.audit.models import ChainCheck
from dashboard.callbacks.models import Callback
from dashboard.crypto import KeyRing
from dashboard.db import Database, new_id
from dashboard.features import metadata
from dashboard.jobs.models import Job, job_associated_data
from dashboard.jobs.queries import needs_you
from dashboard.jobs.submitting.phones import fill_digests
from dashboard.stored_settings import Setting
from dashboard.team.models import Member, SignIn
from dashboard.web.lists.fields import Scope
from dashboard.worker.models import PeriodicWork
from dashboard.worker.periodic import add_rows, claim, find_due
from tests.conftest import POSTGRES_URL
from tests.factories.features import REGISTERED

pytestmark = pytest.mark.both_engines


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, keyring: KeyRing, worker_id: str) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}", keyring)
        yield database
        database.dispose()
        return
    if not POSTGRES_URL:
        pytest.skip("DASHBOARD_TEST_POSTGRES_URL is not set: not run on PostgreSQL")
    admin, schema = Database(POSTGRES_URL, keyring), f"desk_empty_{worker_id}_{tmp_path.parent.name.replace('-', '_')}"
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    separator = "&" if "?" in POSTGRES_URL else "?"
    database = Database(f"{POSTGRES_URL}{separator}options=-csearch_path%3D{schema}", keyring)
    yield database
    database.dispose()
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


def move(database: Database, direction: Callable[[Config, str], None], revision: str) -> None:
    config = migrations._config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        direction(config, revision)


def test_upgraded_database_is_what_the_models_describe(empty: Database):
    assert not migrations.is_current(empty)

    migrations.upgrade(empty)
    migrations.upgrade(empty)

    assert migrations.is_current(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": migrations.is_described}
        )
        assert compare_metadata(context, metadata) == []


def test_downgrade_leaves_nothing_behind(empty: Database):
    migrations.upgrade(empty)

    move(empty, command.downgrade, "base")

    assert set(inspect(empty.engine).get_table_names()) == {"alembic_version"}
    assert not migrations.is_current(empty)
    migrations.upgrade(empty)
    assert migrations.is_current(empty)


def test_callbacks_of_an_older_schema_stay_and_what_was_not_handled_is_due(empty: Database):
    move(empty, command.upgrade, "0002")
    old = {
        "environment": "sandbox",
        "received_at": datetime(2026, 1, 15, 9, 30),  # noqa: DTZ001  # as SQLite has it
        "headers": "{}",
        "steps": "[]",
        "body_sealed": b"sealed",
        "handled": None,
    }
    insert = text(
        "INSERT INTO callback (id, environment, received_at, last_seen_at, handled_at, headers, steps, body_sealed,"
        " source_address, body_size, body_sha256, verdict, reason, claimed_job_id, claimed_smile_job_id, times_seen,"
        " search_text) VALUES (:id, :environment, :received_at, :received_at, :handled, :headers, :steps,"
        " :body_sealed, '', 6, '', 'wrong', '', '', '', 1, '')"
    )
    with empty.engine.begin() as connection:
        connection.execute(insert, old | {"id": new_id().hex})
        connection.execute(insert, old | {"id": new_id().hex, "handled": old["received_at"]})

    migrations.upgrade(empty)

    with empty.reading() as session:
        waiting, handled = session.exec(select(Callback).order_by(col(Callback.id))).all()
    assert (waiting.due_at, waiting.attempts, waiting.body_sealed) == (waiting.received_at, 0, b"sealed")
    assert handled.due_at is None


def test_members_of_an_older_schema_stay_signed_in_and_read_english_and_utc(empty: Database):
    move(empty, command.upgrade, "0003")
    ids = {"member": new_id().hex, "sign_in": new_id().hex, "now": datetime(2026, 1, 15, 9, 30)}  # noqa: DTZ001
    with empty.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO member (id, email, name, role, password_hash, created_at)"
                " VALUES (:member, 'ada@example.com', 'Ada', 'owner', '', :now)"
            ),
            ids,
        )
        connection.execute(
            text(
                "INSERT INTO sign_in (id, member_id, token_digest, created_at, seen_at, user_agent, from_address)"
                " VALUES (:sign_in, :member, '', :now, :now, '', '')"
            ),
            ids,
        )

    migrations.upgrade(empty)

    with empty.reading() as session:
        member, sign_in = session.exec(select(Member)).one(), session.exec(select(SignIn)).one()
    assert (member.language, member.time_zone, sign_in.member_id) == ("en", "UTC", member.id)


def test_an_older_schema_keeps_its_data_and_its_time_of_retention_and_periodic_work_is_claimable(empty: Database):
    move(empty, command.upgrade, "0009")
    retention_due_at, now = datetime(2026, 11, 27, 9, 30, tzinfo=UTC), datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    settings = {
        "retention_due_at": retention_due_at.isoformat(),
        "worker_seen": "2026-11-27T09:00:00+00:00",
        "retention": {"images": 30},
    }
    ids = {"member": new_id().hex, "check": new_id().hex, "now": datetime(2026, 11, 27, 9, 0)}  # noqa: DTZ001
    with empty.engine.begin() as connection:
        for name, value in settings.items():
            connection.execute(
                text("INSERT INTO setting (name, value, changed_at) VALUES (:name, :value, :now)"),
                {"name": name, "value": json.dumps(value), "now": ids["now"]},
            )
        connection.execute(
            text(
                "INSERT INTO member (id, email, name, role, password_hash, created_at, language, time_zone)"
                " VALUES (:member, 'ada@example.com', 'Ada', 'owner', '', :now, 'en', 'UTC')"
            ),
            ids,
        )
        connection.execute(
            text(
                'INSERT INTO chain_check (id, asked_by, asked_at, due_at, "lines", sequence, hash, why)'
                " VALUES (:check, 'worker', :now, :now, 7, 7, 'abc', '')"
            ),
            ids,
        )

    migrations.upgrade(empty)

    with empty.reading() as session:
        kept = {setting.name: setting.value for setting in session.exec(select(Setting)).all()}
        member, check = session.exec(select(Member)).one(), session.exec(select(ChainCheck)).one()
        row = session.exec(select(PeriodicWork)).one()
    assert kept == {name: value for name, value in settings.items() if name != "retention_due_at"}
    assert (member.email, check.lines, check.due_at) == ("ada@example.com", 7, check.asked_at)
    assert (row.name, row.due_at, row.lease) == ("privacy.enforce_retention", retention_due_at, None)
    every = {each.name: each.every for each in REGISTERED.periodic}
    with empty.transaction() as session:
        add_rows(session, every, now)
        due = find_due(session, every, now)
        leases = [claim(session, each, every[each.name], 90, now) for each in due]
    assert {each.name for each in due} == set(every)
    assert None not in leases
    with empty.reading() as session:
        claimed = session.get_one(PeriodicWork, "privacy.enforce_retention")
    assert claimed.due_at == retention_due_at + timedelta(hours=1)


def test_callbacks_keep_their_signatures_and_the_body_stays_behind_what_lists_show(empty: Database):
    move(empty, command.upgrade, "0010")
    old = {
        "environment": "sandbox",
        "at": datetime(2026, 11, 27, 9, 30),  # noqa: DTZ001  # as SQLite has it
        "body": b"sealed" * 10,
    }
    insert = text(
        "INSERT INTO callback (id, environment, received_at, last_seen_at, handled_at, headers, steps, body_sealed,"
        " source_address, body_size, body_sha256, signature_digest, verdict, reason, claimed_job_id,"
        " claimed_smile_job_id, times_seen, attempts, search_text) VALUES (:id, :environment, :at, :at, :at, '{}',"
        " '[]', :body, '', 6, :sha, :digest, :verdict, '', '', '', 1, 0, '')"
    )
    rows = [("a", "first", "valid"), ("b", "first", "reused"), ("c", None, "wrong"), ("d", None, "missing")]
    with empty.engine.begin() as connection:
        for sha, digest, verdict in rows:
            values = {"id": new_id().hex, "sha": sha, "digest": digest, "verdict": verdict}
            connection.execute(insert, old | values)

    migrations.upgrade(empty)

    with empty.reading() as session:
        kept = session.exec(select(Callback).order_by(col(Callback.id))).all()
    assert [(each.body_sha256, each.signature_digest, each.verdict, each.signature_use) for each in kept] == [
        (sha, digest, verdict, 0) for sha, digest, verdict in rows
    ]
    assert {each.body_sealed for each in kept} == {old["body"]}
    names = [column["name"] for column in inspect(empty.engine).get_columns("callback")]
    if empty.is_sqlite:
        assert names[-1] == "body_sealed"
    with empty.transaction() as session:
        shared = {"id": new_id(), "body_sha256": "e", "signature_use": 1}
        session.add(Callback(**kept[0].model_dump(exclude=set(shared)), **shared))
    taken = {"id": new_id(), "body_sha256": "f"}
    with pytest.raises(IntegrityError), empty.transaction() as session:
        session.add(Callback(**kept[0].model_dump(exclude=set(taken)), **taken))
    move(empty, command.downgrade, "0010")
    with empty.engine.connect() as connection:
        digests = connection.execute(text("SELECT signature_digest FROM callback ORDER BY body_sha256")).scalars()
        assert list(digests) == ["first", "first", None, None, None]


def test_a_database_that_never_enforced_retention_is_upgraded_too(empty: Database):
    move(empty, command.upgrade, "0009")

    migrations.upgrade(empty)

    with empty.reading() as session:
        assert session.exec(select(PeriodicWork)).all() == []


def test_jobs_of_an_older_schema_have_no_warnings_and_their_phone_numbers_are_found_later(
    empty: Database, keyring: KeyRing
):
    move(empty, command.upgrade, "0010")
    person, row_id = {"phone_number": "+234 801 234 5678"}, new_id()
    old = {
        "id": row_id.hex,
        "now": datetime(2026, 1, 15, 9, 30),  # noqa: DTZ001  # as SQLite has it
        "person": keyring.seal_json(person, job_associated_data(row_id, "person")),
    }
    with empty.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO job (id, environment, product, job_type, user_id, job_id, customer_reference, state,"
                " outcome, id_number_digest, person_sealed, partner_params, created_by, created_at, changed_at,"
                " version, settled_at, step, attempts, checks, erased) VALUES (:id, 'sandbox', 'enhanced_kyc', 5,"
                " 'user-a', 'job-a', '', 'done', 'error', 'abc', :person, '{}', 'ben', :now, :now, 1, :now, 'sent',"
                " 0, 0, '[]')"
            ),
            old,
        )

    migrations.upgrade(empty)

    now = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    with empty.transaction() as session:
        job = session.exec(select(Job)).one()
        assert (job.warning_count, job.dealt_with_at, job.phone_digest) == (0, None, None)
        assert needs_you(Scope(session, "sandbox", now)) == {"error": 1}
        fill_digests(session, now)
        assert job.phone_digest == keyring.digest_for_search("8012345678")

    move(empty, command.downgrade, "0010")

    assert "ix_job_id_number_digest" in {index["name"] for index in inspect(empty.engine).get_indexes("job")}
