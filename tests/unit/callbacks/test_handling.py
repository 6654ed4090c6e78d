"""Handing a callback to its job: once, with the verdict, and found again when its task was lost."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.callbacks import tasks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.processing.handling import callbacks_due
from dashboard.crypto import UnreadableValue
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.models import Job, JobEvent, Result
from tests.factories.callbacks import deliver, encode, make_job, make_payload

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]


def newest(database: Database) -> Callback:
    with database.reading() as session:
        return session.exec(select(Callback).order_by(col(Callback.id).desc()).limit(1)).one()


def test_valid_callback_is_noted_claimed_and_wakes_the_check(
    client: FlaskClient, database: Database, session: Session, woken: list[Any]
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    callback = newest(database)

    tasks.handle(callback.id)

    followed = session.get_one(Job, job.id)
    event = session.exec(select(JobEvent).where(JobEvent.job_id == job.id)).one()
    result = session.exec(select(Result).where(Result.job_id == job.id)).one()
    assert newest(database).handled_at is not None
    assert event.facts["callback_id"] == str(callback.id)
    assert event.facts["verdict"] == "valid"
    assert not result.is_confirmed
    assert followed.outcome is None
    assert followed.callback_at == callback.received_at
    assert followed.due_at is not None
    assert followed.due_at <= utc_now()
    assert woken == [("callbacks.handle", callback.id), ("jobs.advance", job.id)]


def test_handling_twice_notes_once(client: FlaskClient, database: Database, session: Session, woken: list[Any]) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))

    for _ in range(2):
        tasks.handle(newest(database).id)

    assert len(session.exec(select(JobEvent).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()) == 1
    assert [name for name, _ in woken] == ["callbacks.handle", "jobs.advance"]


@pytest.mark.parametrize(
    ("payload", "verdict"),
    [
        (make_payload(signature="wrong"), Verdict.WRONG),
        (make_payload(signature=""), Verdict.MISSING),
    ],
)
def test_callback_that_proves_nothing_is_noted_and_claims_nothing(
    client: FlaskClient,
    database: Database,
    session: Session,
    woken: list[Any],
    payload: dict[str, Any],
    verdict: Verdict,
) -> None:
    job = make_job(database)
    deliver(client, encode(payload))

    tasks.handle(newest(database).id)

    event = session.exec(select(JobEvent).where(JobEvent.job_id == job.id)).one()
    assert event.facts["verdict"] == verdict
    assert session.exec(select(Result).order_by(Result.id)).all() == []
    assert session.get_one(Job, job.id).callback_at is None
    assert "jobs.advance" not in dict(woken)


@pytest.mark.parametrize(
    ("age", "verdict"), [(timedelta(hours=1), Verdict.STALE), (-timedelta(hours=1), Verdict.FUTURE)]
)
def test_callback_out_of_time_claims_nothing_but_smile_is_asked(
    client: FlaskClient,
    database: Database,
    session: Session,
    woken: list[Any],
    age: timedelta,
    verdict: Verdict,
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload(age=age)))

    tasks.handle(newest(database).id)

    assert newest(database).verdict == verdict
    assert session.exec(select(Result).order_by(Result.id)).all() == []
    assert session.get_one(Job, job.id).callback_at is None
    assert woken[-1] == ("jobs.advance", job.id)


def test_callback_that_cannot_be_handed_over_is_tried_less_and_less_often(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))
    monkeypatch.setattr(tasks, "hand_to_job", Mock(side_effect=UnreadableValue))
    waits = []
    with time_machine.travel(utc_now(), tick=False) as clock:
        for _ in range(12):
            clock.move_to(newest(database).due_at or utc_now())
            with pytest.raises(UnreadableValue):
                tasks.handle_again(newest(database).id)
            waits.append(((newest(database).due_at or utc_now()) - utc_now()).total_seconds())

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_lost_callback_is_due_after_two_seconds_and_no_longer_when_handled(
    client: FlaskClient, database: Database, woken: list[Any]
) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(job_id="job-unknown")))
    with database.reading() as session:
        [callback] = session.exec(select(Callback).where(col(Callback.job_id).is_not(None)).order_by(Callback.id)).all()
    later = utc_now() + timedelta(seconds=3)

    with database.reading() as session:
        at_once = callbacks_due(session, "sandbox", utc_now(), 10)
        after_a_while = callbacks_due(session, "sandbox", later, 10)
        elsewhere = callbacks_due(session, "production", later, 10)
    tasks.handle(callback.id)
    with database.reading() as session:
        when_handled = callbacks_due(session, "sandbox", later, 10)

    assert (at_once, after_a_while, elsewhere, when_handled) == ([], [callback.id], [], [])


def test_task_of_a_callback_that_is_gone_does_nothing(app: Flask, woken: list[Any]) -> None:
    tasks.handle(new_id())

    assert woken == []
