"""Callbacks of earlier versions, with reason and steps as text: they are read as they are, and processed again."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.callbacks import tasks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobEvent
from dashboard.smile_keys import add_key
from tests.factories.callbacks import API_KEY, deliver, encode, make_job, make_payload, sign
from tests.factories.events import in_words

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
JUDGED = "The signature matches key 1, and the timestamp is 1.2 seconds old."
ORPHAN = "No job here has the id job-1, so it is kept as an orphan."
CONTRADICTS = "It came to the address of job job-2 but names job job-1, so it belongs to neither."
STEPS: list[dict[str, Any]] = [
    {"passed": True, "text": "The JSON is well formed."},
    {"passed": True, "text": "The timestamp is 1.2 seconds old."},
    {"passed": True, "text": "The signature matches key 1."},
    {"passed": True, "text": "It is not a signature of our own."},
    {"passed": True, "text": "It never came before with another body."},
]


def make_earlier(client: FlaskClient, database: Database, last: str, payload: dict[str, Any] | None = None) -> Callback:
    """One that came before facts were stored, of no job here."""
    deliver(client, encode(payload or make_payload()))
    with database.transaction() as session:
        callback = session.exec(select(Callback).order_by(col(Callback.id).desc())).first()
        assert callback
        callback.reason, callback.steps = f"{JUDGED} {last}", [*STEPS, {"passed": False, "text": last}]
        return callback


def reload(database: Database, callback: Callback) -> Callback:
    with database.reading() as session:
        return session.get_one(Callback, callback.id)


def test_reason_and_steps_of_before_read_unchanged(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    callback = make_earlier(client, database, ORPHAN)
    ben = sign_in("ben")

    page, twin = ben.get(f"/callbacks/{callback.id}"), ben.get(f"/callbacks/{callback.id}.json").json

    assert twin["reason"] == f"{JUDGED} {ORPHAN}"
    assert [step["text"] for step in twin["steps"]][:6] == [*(step["text"] for step in STEPS), ORPHAN]
    assert [(step["kind"], step["facts"]) for step in twin["steps"]][:6] == [(None, {})] * 6
    assert f"{JUDGED} {ORPHAN}" in unescape(page.text)
    assert (reload(database, callback).reason, len(reload(database, callback).steps)) == (f"{JUDGED} {ORPHAN}", 6)


def test_orphan_of_before_finds_its_job_and_stops_saying_that_it_has_none(
    app: Flask, client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    callback = make_earlier(client, database, ORPHAN)
    job = make_job(database)

    answer = sign_in("ben").post(f"/callbacks/{callback.id}/processing", follow_redirects=True)
    with app.app_context():
        tasks.handle(callback.id)

    found = reload(database, callback)
    assert (found.job_id, found.reason) == (job.id, JUDGED)
    assert [step.get("kind") for step in found.steps] == [None] * 5 + ["names_our_job"]
    assert "its job is now known" in answer.text
    told = session.exec(select(JobEvent).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()
    assert {in_words(event) for event in told} >= {
        f"Callback, valid. {JUDGED}",
        f"ben@example.com asked for it. Processed again: still valid, and its job is now known. {JUDGED}",
    }


def test_one_of_before_that_contradicted_its_address_stays_nobodys(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    callback = make_earlier(client, database, CONTRADICTS)
    make_job(database)

    sign_in("ben").post(f"/callbacks/{callback.id}/processing")

    assert reload(database, callback).job_id is None
    assert reload(database, callback).reason == f"{JUDGED} {CONTRADICTS}"


def test_refused_one_of_before_that_a_new_key_fits_has_facts_from_then_on(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    payload = make_payload()
    late = payload | {"signature": sign(payload["timestamp"], "a-key-that-came-late")}
    callback = make_earlier(client, database, ORPHAN, late)
    with database.transaction() as session:
        for key in (API_KEY, "a-key-that-came-late"):
            add_key(session, "sandbox", key, "ada@example.com", utc_now())
    ben = sign_in("ben")

    ben.post(f"/callbacks/{callback.id}/processing")

    again = reload(database, callback)
    assert (callback.verdict, again.verdict, again.reason) == (Verdict.WRONG, Verdict.VALID, "")
    assert [step.get("kind") for step in again.steps][-2:] == ["never_before", None]
    reason = ben.get(f"/callbacks/{callback.id}.json").json["reason"]
    assert reason.startswith("The signature matches key 2 (added ")
    assert reason.endswith(f" seconds old. {ORPHAN}")
