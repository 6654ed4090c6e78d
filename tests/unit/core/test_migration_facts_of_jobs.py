"""Upwards from 0017 with jobs, events and callbacks in it: nothing stored is rewritten, and all of it can be read."""

import json

from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.callbacks.models import Callback
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.step_words import step_text
from dashboard.db import Database, new_id
from dashboard.jobs.models import Job, JobEvent
from dashboard.jobs.problems import disagreement_text, problem_text
from tests.unit.core.test_migration_searched_ids import JOB, NOW
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
STEPS = [{"passed": True, "text": "The JSON is well formed."}]
CALLBACK = {
    "environment": "sandbox",
    "received_at": NOW,
    "last_seen_at": NOW,
    "source_address": "",
    "headers": "{}",
    "body_size": 0,
    "body_sha256": "",
    "signature_use": 0,
    "verdict": "wrong",
    "reason": "There is no signature.",
    "steps": json.dumps(STEPS),
    "claimed_job_id": "",
    "claimed_smile_job_id": "",
    "times_seen": 1,
    "attempts": 0,
    "search_text": "",
    "body_sealed": b"",
}
WORDS = {"last_error": "Smile was silent.", "disagreement": "A callback claimed something else."}


def stored(database: Database) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [
            tuple(connection.execute(text(query)).one())
            for query in (
                "SELECT id, last_error, disagreement, changed_at, version FROM job",
                "SELECT id, kind, text, facts FROM job_event",
                "SELECT id, verdict, reason, steps FROM callback",
            )
        ]


def test_rows_of_before_keep_their_words(empty: Database):  # the fixture
    move(empty, command.upgrade, "0017")
    job_id = new_id().hex
    insert(empty, "job", id=job_id, **JOB, **WORDS)
    insert(
        empty, "job_event", id=new_id().hex, job_id=job_id, at=NOW, kind="created", text="Created by ben.", facts="{}"
    )
    insert(empty, "callback", id=new_id().hex, **CALLBACK)
    before = stored(empty)

    migrations.upgrade(empty)

    assert stored(empty) == before
    with empty.reading() as session:
        job, event = session.exec(select(Job)).one(), session.exec(select(JobEvent)).one()
        callback = session.exec(select(Callback)).one()
    assert (job.problem, job.disagreement_facts) == (None, None)
    assert (problem_text(job), disagreement_text(job)) == tuple(WORDS.values())
    assert event.text == "Created by ben."
    assert reason_text(callback) == "There is no signature."
    assert [step_text(step) for step in callback.steps] == ["The JSON is well formed."]

    move(empty, command.downgrade, "0017")

    assert stored(empty) == before
