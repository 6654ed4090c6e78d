"""Jobs that were settled before warnings were kept get them from their stored answers, once, and dated truly."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlmodel import delete, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs import earlier_warnings, tasks
from dashboard.jobs.following.outcome import keep_result, read_result, settle_job
from dashboard.jobs.models import Job, JobEvent, Outcome, Result, ResultSource
from dashboard.jobs.needs import needs_of
from dashboard.jobs.warnings import JobWarning, NamedUser
from dashboard.smile.warnings import WarningKind
from tests.factories.jobs import make_sent_job, reload

pytestmark = pytest.mark.both_engines

SETTLED = utc_now() - timedelta(days=400)
SEEN = {"IDNumberPreviouslyRegistered": "true", "UserIDsOfPreviousRegistrants": ["user-1", "user-2"]}
SECURE = {"ResultCode": "5211", "Antifraud": {"SuspectUsers": [{"user_id": "user-9", "reason": "same-person"}]}}


def settle_before(database: Database, settings: Settings, *claims: dict[str, Any], **payload: Any) -> Job:
    """A job as an older version left it: its answers are stored, and nothing was kept of what they warn of."""
    job = make_sent_job(database, settings)
    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        answer = read_result({"ResultCode": "0810", "ResultText": "ok"} | payload, row.job_type)
        settle_job(session, row, answer, ResultSource.JOB_STATUS, SETTLED)
        for claim in claims:
            said = read_result({"ResultText": "ok"} | claim, row.job_type)
            keep_result(session, row, said, ResultSource.CALLBACK, SETTLED, is_confirmed=False)
        session.connection().execute(delete(NamedUser))
        session.connection().execute(delete(JobWarning))
        session.connection().execute(delete(JobEvent).where(JobEvent.kind == "warning"))
        row.warning_count = 0
    return job


def warnings_of(database: Database, job: Job) -> dict[tuple[WarningKind, bool], datetime]:
    with database.reading() as session:
        rows = session.exec(select(JobWarning).where(JobWarning.job_id == job.id)).all()
    return {(row.kind, row.is_confirmed): row.first_seen_at for row in rows}


def test_stored_answers_warn_and_bring_the_job_to_people(in_app: Flask, database: Database, settings: Settings):
    job = settle_before(database, settings, SECURE, **SEEN)
    changed_before = reload(database, job).changed_at

    tasks.fill_warnings(utc_now())

    after = reload(database, job)
    assert warnings_of(database, job) == {
        (WarningKind.NUMBER_SEEN_BEFORE, True): SETTLED,
        (WarningKind.FACE_SEEN_BEFORE, False): SETTLED,
    }
    assert (after.outcome, after.warning_count) == (Outcome.APPROVED, 2)
    assert [need.name for need in needs_of(after, utc_now())] == ["warning"]
    assert after.changed_at > changed_before
    with database.reading() as session:
        told = session.exec(select(JobEvent.at).where(JobEvent.job_id == job.id, JobEvent.kind == "warning")).all()
    assert told == [SETTLED, SETTLED]


def test_a_document_that_ran_out_since_was_valid_then(in_app: Flask, database: Database, settings: Settings):
    since = settle_before(database, settings, ExpirationDate=f"{SETTLED + timedelta(days=30):%Y-%m-%d}")
    then = settle_before(database, settings, ExpirationDate=f"{SETTLED - timedelta(days=30):%Y-%m-%d}")

    tasks.fill_warnings(utc_now())

    assert warnings_of(database, since) == {}
    assert list(warnings_of(database, then)) == [(WarningKind.DOCUMENT_EXPIRED, True)]


def test_a_second_run_changes_nothing_and_later_jobs_are_left_alone(
    in_app: Flask, database: Database, settings: Settings
):
    job = settle_before(database, settings, **SEEN)
    tasks.fill_warnings(utc_now())
    version = reload(database, job).version
    later = settle_before(database, settings, **SEEN)

    tasks.fill_warnings(utc_now())

    assert reload(database, job).version == version
    assert warnings_of(database, later) == {}


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    in_app: Flask, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(earlier_warnings, "JOBS_AT_ONCE", 2)
    jobs = [settle_before(database, settings, **SEEN) for _ in range(5)]
    with database.transaction() as session:  # Making each removed the warnings of those before.
        assert earlier_warnings.fill_warnings(session, utc_now())
    assert [bool(warnings_of(database, job)) for job in jobs] == [True, True, False, False, False]

    tasks.fill_warnings(utc_now())

    assert [len(warnings_of(database, job)) for job in jobs] == [1] * 5


def test_an_answer_that_cannot_be_opened_hides_no_other(in_app: Flask, database: Database, settings: Settings):
    damaged, whole = (settle_before(database, settings, **SEEN) for _ in range(2))
    with database.transaction() as session:
        (result,) = session.exec(select(Result).where(Result.job_id == damaged.id)).all()
        result.payload_sealed = result.payload_sealed[:-1] + bytes([result.payload_sealed[-1] ^ 1])

    tasks.fill_warnings(utc_now())

    assert (warnings_of(database, damaged), len(warnings_of(database, whole))) == ({}, 1)


def test_a_new_deployment_is_done_at_once(in_app: Flask, database: Database, settings: Settings):
    tasks.fill_warnings(utc_now())
    job = settle_before(database, settings, **SEEN)

    tasks.fill_warnings(utc_now())

    assert warnings_of(database, job) == {}
