"""What members ask of Smile about a finished job of v3: its webhook again, and reports of fraud."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlmodel import col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.processing import views as callback_views
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.erasing import erase_jobs
from dashboard.jobs.models import Job, JobEvent, JobState, Outcome
from dashboard.jobs.showing import smile_action_views
from dashboard.jobs.showing.event_words import event_text
from dashboard.jobs.smile_actions import fraud, replaying
from dashboard.jobs.smile_actions.models import FraudReport
from dashboard.smile.v3.constants import FRAUD_REASONS
from tests.factories.callbacks import deliver, encode, make_v3_headers, make_v3_payload
from tests.factories.jobs import reload, update_job
from tests.factories.v3 import V3Smile, make_v3_job, run

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

SignInAs = Callable[[str], FlaskClient]
NOTES = "Canary Notes about Quetzalova"


@pytest.fixture
def smile(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> V3Smile:
    smile = V3Smile(tmp_path, settings)
    for module in (smile_action_views, callback_views):
        monkeypatch.setattr(module, "smile_clients", lambda: smile.clients)
    return smile


@pytest.fixture
def done(database: Database, settings: Settings, smile: V3Smile) -> Job:
    """A job that Smile approved."""
    job = make_v3_job(database, settings)
    run(database, settings, job, smile)
    smile.decides()
    run(database, settings, job, smile)
    found = reload(database, job)
    assert found.outcome == Outcome.APPROVED
    return found


def sent_of(smile: V3Smile, job: Job) -> int:
    """How many webhooks the simulator has sent or is to send about it."""
    return len(smile.sandbox.store.jobs[str(job.smile_job_id)].deliveries)


def events_of(database: Database, job: Job, kind: str) -> list[JobEvent]:
    with database.reading() as session:
        of_kind = select(JobEvent).where(JobEvent.job_id == job.id, JobEvent.kind == kind)
        return list(session.exec(of_kind.order_by(col(JobEvent.id))).all())


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return [entry.action for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()]


def reports(database: Database) -> list[FraudReport]:
    with database.reading() as session:
        return list(session.exec(select(FraudReport).order_by(col(FraudReport.id))).all())


def test_smile_sends_the_webhook_again_once_however_often_it_is_pressed(
    sign_in: SignInAs, database: Database, smile: V3Smile, done: Job
) -> None:
    client, before = sign_in("ben"), sent_of(smile, done)
    page = client.get(f"/jobs/{done.id}").text
    key = page.partition('/replays"')[2].partition('name="form_key" value="')[2].partition('"')[0]

    answers = [client.post(f"/jobs/{done.id}/replays", data={"form_key": key}) for _ in range(2)]
    late = client.post(f"/jobs/{done.id}/replays", follow_redirects=True)

    assert [answer.status_code for answer in answers] == [303, 303]
    assert replaying.JUST_NOW in late.text
    assert sent_of(smile, done) == before + 1
    [event] = events_of(database, done, "replay")
    assert event_text(event) == "ben@example.com asked Smile to send the webhook again."
    assert actions(database).count("job.replayed") == 1


def test_a_webhook_sent_again_is_pressed_on_its_callback_too(
    sign_in: SignInAs, client: FlaskClient, database: Database, smile: V3Smile, done: Job
) -> None:
    deliver(client, encode(make_v3_payload(job_id=done.smile_job_id)), headers=make_v3_headers())
    ben, before = sign_in("ben"), sent_of(smile, done)
    [callback] = ben.get("/callbacks.json").json["items"]
    assert "Send it again" in ben.get(f"/callbacks/{callback['id']}").text

    answer = ben.post(f"/callbacks/{callback['id']}/replays", follow_redirects=True)

    assert replaying.SENT_AGAIN in answer.text
    assert sent_of(smile, done) == before + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api": "v1"}, replaying.OF_V1),
        ({"state": JobState.WAITING}, replaying.NOT_DONE),
        ({"smile_job_id": None}, replaying.NOT_DONE),
        ({"erased_at": utc_now()}, replaying.ERASED),
    ],
)
def test_other_jobs_have_no_webhook_to_send_again(
    sign_in: SignInAs, database: Database, smile: V3Smile, done: Job, changes: dict[str, Any], said: str
) -> None:
    update_job(database, done, **changes)
    before, client = sent_of(smile, done), sign_in("ben")

    assert "/replays" not in client.get(f"/jobs/{done.id}").text
    assert escape(said) in client.post(f"/jobs/{done.id}/replays", follow_redirects=True).text
    assert sent_of(smile, done) == before


def test_smiles_refusals_are_worded(sign_in: SignInAs, database: Database, smile: V3Smile, done: Job) -> None:
    client, later = sign_in("ben"), iter(range(1, 9))

    def pressed() -> str:
        for event in events_of(database, done, "replay"):
            with database.transaction() as session:
                session.get_one(JobEvent, event.id).at = utc_now() - timedelta(minutes=next(later))
        return client.post(f"/jobs/{done.id}/replays", follow_redirects=True).text

    known = smile.sandbox.store.jobs[str(done.smile_job_id)]
    known.complete = False
    assert escape(replaying.REFUSALS[409]) in pressed()
    smile.fails(f"/v3/replay/{done.smile_job_id}", "status", status=404)
    assert escape(replaying.REFUSALS[404]) in pressed()
    smile.fails(f"/v3/replay/{done.smile_job_id}", "drop")
    assert "Press it again in a moment" in pressed()


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 200), ("cleo", 403)])
def test_viewers_report_nothing(sign_in: SignInAs, done: Job, who: str, status: int) -> None:
    client = sign_in(who)

    assert client.get(f"/jobs/{done.id}/fraud-report").status_code == status
    assert ("fraud-report" in client.get(f"/jobs/{done.id}").text) == (status == 200)


def test_fraud_is_reported_and_cleared_with_a_reason(
    sign_in: SignInAs, database: Database, smile: V3Smile, done: Job
) -> None:
    client, address = sign_in("ben"), f"/jobs/{done.id}/fraud-report"

    page = client.post(
        address, data={"what": "report", "fraud_reason": "OTHER", "notes": NOTES}, follow_redirects=True
    ).text

    user = smile.sandbox.store.users[done.user_id]
    assert user.fraudulent
    assert "Reported as fraudulent" in page
    [report] = reports(database)
    assert (report.is_fraud, report.reason, report.accepted_at is not None) == (True, "OTHER", True)
    assert NOTES.encode() not in (report.notes_sealed or b"")
    assert NOTES in client.get(address).text
    assert client.get(f"/jobs/{done.id}.json").json["fraud_report"]["reason"] == "OTHER"
    assert NOTES not in "".join(str(event.facts) for event in events_of(database, done, "fraud_report"))

    page = client.post(address, data={"what": "clear", "notes": "It was a mistake"}, follow_redirects=True).text

    assert not smile.sandbox.store.users[done.user_id].fraudulent
    assert "Reported as fraudulent" not in page
    assert [event_text(event) for event in events_of(database, done, "fraud_report")] == [
        "ben@example.com reported this customer to Smile as fraudulent: something else.",
        "ben@example.com took back the report of fraud about this customer.",
    ]
    assert [each for each in actions(database) if "fraud" in each] == ["job.fraud_reported", "job.fraud_cleared"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"what": "report"}, "fraud_reason"),
        ({"what": "report", "fraud_reason": "NONE_OF_THEM"}, "fraud_reason"),
        ({"what": "report", "fraud_reason": "OTHER", "notes": " \0 "}, "notes"),
        ({"what": "report", "fraud_reason": "MULE_ACCOUNT", "notes": "x" * 501}, "notes"),
        ({"what": "clear"}, "notes"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_sent(
    sign_in: SignInAs, database: Database, smile: V3Smile, done: Job, typed: dict[str, str], field: str
) -> None:
    if typed["what"] == "clear":
        sign_in("ben").post(f"/jobs/{done.id}/fraud-report", data={"fraud_reason": "MULE_ACCOUNT"})
    asked, stored = len(smile.paths()), len(reports(database))

    answer = sign_in("ben").post(f"/jobs/{done.id}/fraud-report", data=typed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert (len(smile.paths()), len(reports(database))) == (asked, stored)


@pytest.mark.parametrize(
    ("fault", "said"), [({"mode": "status", "status": 404}, fraud.NOT_KNOWN), ({"mode": "drop"}, "Press again")]
)
def test_a_refused_report_keeps_what_was_typed_and_is_not_in_force(
    sign_in: SignInAs, database: Database, smile: V3Smile, done: Job, fault: dict[str, Any], said: str
) -> None:
    smile.fails(f"/v3/users/{done.user_id}/report_fraud", **fault)

    answer = sign_in("ben").post(f"/jobs/{done.id}/fraud-report", data={"fraud_reason": "MULE_ACCOUNT", "notes": NOTES})

    assert answer.status_code == 409
    assert said in answer.text
    assert NOTES in answer.text
    [report] = reports(database)
    assert report.accepted_at is None
    assert "Reported as fraudulent" not in sign_in("ben").get(f"/jobs/{done.id}").text


def test_a_job_of_v1_cannot_be_reported(sign_in: SignInAs, database: Database, done: Job, smile: V3Smile) -> None:
    update_job(database, done, api="v1")

    answer = sign_in("ben").post(f"/jobs/{done.id}/fraud-report", data={"fraud_reason": "MULE_ACCOUNT"})

    assert answer.status_code == 409
    assert reports(database) == []


def test_notes_are_erased_with_the_person(
    sign_in: SignInAs, database: Database, keyring: KeyRing, done: Job, app: Flask
) -> None:
    sign_in("ben").post(f"/jobs/{done.id}/fraud-report", data={"fraud_reason": "OTHER", "notes": NOTES})

    with database.transaction() as session:
        erase_jobs(session, [session.get_one(Job, done.id)], {"days": 1}, utc_now())

    [report] = reports(database)
    assert report.notes_sealed is None
    assert report.user_id == f"erased-{done.id.hex}"


def test_every_reason_of_smile_has_words() -> None:
    assert set(fraud.REASONS) == set(FRAUD_REASONS)
