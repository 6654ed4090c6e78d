"""The timeline on a job's page and in its JSON: older lines as they were stored, newer ones in the reader's zone."""

from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.callbacks import tasks
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState
from dashboard.jobs.timeline import EventKind, add_event
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.events import add_event_of_before
from tests.factories.jobs import make_job, make_sent_job

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
OF_BEFORE = "Smile refused this (HTTP 503): no reason given. Nothing was charged. Trying again in 12 s."
SIGNED_AT = "2026-01-15T23:30:00.000Z"


def timeline_of(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    return list(client.get(f"{address}.json").json["events"])


def test_lines_of_before_read_unchanged(sign_in: SignInAs, database: Database, settings: Settings):
    job = make_job(database, settings, last_error="As it was said then.", disagreement="A claim of before.")
    with database.transaction() as session:
        add_event_of_before(session, job, "delayed", OF_BEFORE, utc_now())
        add_event_of_before(session, job, "a_kind_of_before", "Somebody called.", utc_now(), {"by": "ben"})
    ben = sign_in("ben")

    page, twin = unescape(ben.get(f"/jobs/{job.id}").text), ben.get(f"/jobs/{job.id}.json").json

    told = [(event["kind"], event["text"], event["facts"]) for event in twin["events"]]
    assert told[1:] == [("delayed", OF_BEFORE, {}), ("a_kind_of_before", "Somebody called.", {"by": "ben"})]
    assert (twin["last_error"], twin["problem"]) == ("As it was said then.", None)
    assert (twin["disagreement"], twin["disagreement_facts"]) == ("A claim of before.", None)
    for words in (OF_BEFORE, "Somebody called.", "As it was said then.", "A claim of before."):
        assert words in page


def test_a_kind_that_is_not_known_and_has_no_text_breaks_no_page(
    sign_in: SignInAs, database: Database, settings: Settings
):
    job = make_job(database, settings)
    with database.transaction() as session:
        add_event_of_before(session, job, "of_a_later_version", "", utc_now())

    assert "Of a later version." in sign_in("ben").get(f"/jobs/{job.id}").text


@pytest.mark.parametrize(
    ("zone", "written"),
    [("Africa/Lagos", "16 Jan 2026, 00:30:00 WAT"), ("Africa/Nairobi", "16 Jan 2026, 02:30:00 EAT")],
)
def test_new_lines_are_in_the_zone_of_the_reader(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, zone: str, written: str
):
    job = make_sent_job(database, settings, asks={"job_id": "job-1"})
    ben = sign_in("ben")
    deliver(ben, encode(make_payload(timestamp=SIGNED_AT)))
    [callback] = ben.get("/callbacks.json").json["items"]
    hand_over(app, callback["id"])
    ben.post("/account/formats", data={"language": "en", "time_zone": zone})

    [told] = [event for event in timeline_of(ben, f"/jobs/{job.id}") if event["kind"] == "callback"]
    inspected = ben.get(f"/callbacks/{callback['id']}.json").json

    reason = f"The signature matches key 1, but the timestamp, {written}, is"
    assert told["text"].startswith(f"Callback, stale. {reason}")
    assert told["facts"]["reason"][1]["facts"]["signed_at"] == "2026-01-15T23:30:00Z"
    assert inspected["reason"].startswith(reason)
    assert [step["kind"] for step in inspected["reason_facts"]] == ["key_matches", "age"]
    assert inspected["steps"][1]["text"].startswith(f"The timestamp, {written}, is")
    assert any(line["text"].startswith(f"Job: Callback, stale. {reason}") for line in inspected["timeline"])
    for page in (f"/jobs/{job.id}", f"/callbacks/{callback['id']}"):
        assert reason in unescape(ben.get(page).text)


def hand_over(app: Flask, callback_id: str) -> None:
    with app.app_context():
        tasks.handle(UUID(callback_id))


def test_a_problem_is_told_in_words_and_as_facts(sign_in: SignInAs, database: Database, settings: Settings):
    refused = {"kind": "refused", "facts": {"status": 400, "code": "2212", "said": "No.", "may_retry": False}}
    job = make_job(database, settings, state=JobState.FAILED, problem=refused, due_at=None)
    with database.transaction() as session:
        add_event(session, job, EventKind.FAILED, utc_now(), {"problem": refused, "code": "2212"})
    ben = sign_in("ben")

    twin = ben.get(f"/jobs/{job.id}.json").json

    words = "Smile refused this (code 2212): No. Your account may not run this product. Ask Smile to activate it."
    assert (twin["last_error"], twin["problem"]) == (words, refused)
    assert twin["events"][-1]["text"] == words
    assert words in unescape(ben.get(f"/jobs/{job.id}").text)
    assert words in ben.get("/jobs.csv").text
