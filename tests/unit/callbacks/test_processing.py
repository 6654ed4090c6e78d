"""Verifying and processing a stored callback again: with the keys of now, as at the time it came, and told once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks import tasks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.processing import reprocessing
from dashboard.callbacks.reason_words import reason_text
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobEvent, Result, SentSignature
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.smile_keys import add_key, seed_keys, smile_keys
from dashboard.web.pages.answers import json_time
from tests.factories.callbacks import deliver, encode, make_job, make_payload, sign
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
LATE_KEY = "a-key-that-came-late"
ACTS = ("verifications", "processing", "checks")


def signed_late(**changes: Any) -> dict[str, Any]:
    """Signed with a key that we do not have yet."""
    payload = make_payload(**changes)
    return payload | {"signature": sign(payload["timestamp"], LATE_KEY)}


def add_late_key(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        seed_keys(session, settings, utc_now())
        add_key(session, "sandbox", LATE_KEY, "ada@example.com", utc_now())


def stored(database: Database) -> list[Callback]:
    with database.reading() as session:
        return list(session.exec(select(Callback).order_by(col(Callback.id))).all())


def handle(app: Flask, callback: Callback) -> None:
    with app.app_context():
        tasks.handle(callback.id)


def events_of(session: Session, job: Job, *kinds: str) -> list[JobEvent]:
    events = select(JobEvent).where(JobEvent.job_id == job.id, col(JobEvent.kind).in_(kinds))
    return list(session.exec(events.order_by(col(JobEvent.id))).all())


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("name", "status"), [("ada", 303), ("ben", 303), ("cleo", 403)])
def test_acts_are_for_those_who_may_check(
    client: FlaskClient, database: Database, sign_in: SignIn, name: str, status: int, act: str
) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))

    assert sign_in(name).post(f"/callbacks/{stored(database)[0].id}/{act}").status_code == status


@pytest.mark.parametrize("act", ACTS)
def test_acts_need_a_sign_in_and_a_callback(client: FlaskClient, sign_in: SignIn, act: str) -> None:
    address = f"/callbacks/01a20000-0000-7000-8000-000000000000/{act}"

    assert client.post(address).location.startswith("/sign-in")
    assert sign_in("ben").post(address).status_code == 404
    assert sign_in("ben").get(address).status_code == 405


def test_late_key_makes_a_refused_callback_valid_as_of_when_it_came(
    app: Flask,
    client: FlaskClient,
    database: Database,
    session: Session,
    settings: Settings,
    sign_in: SignIn,
    woken: list[Any],
) -> None:
    job = make_job(database)
    with time_machine.travel(utc_now() - timedelta(hours=2), tick=True):
        deliver(client, encode(signed_late()))
    callback = stored(database)[0]
    handle(app, callback)
    add_late_key(database, settings)
    woken.clear()

    answer = sign_in("ben").post(f"/callbacks/{callback.id}/processing?verdict=wrong", follow_redirects=True)
    [again] = stored(database)
    handle(app, again)
    handle(app, again)

    assert (callback.verdict, again.verdict) == (Verdict.WRONG, Verdict.VALID)
    assert "Processed again: now valid (was wrong)." in answer.text
    assert answer.request.query_string == b"verdict=wrong"
    assert ("callbacks.handle", callback.id) in woken
    assert ("jobs.advance", job.id) in woken
    assert stored(database)[0].handled_at is not None
    assert [event.facts["verdict"] for event in events_of(session, job, "callback")] == ["wrong"]
    assert [event.facts["verdict"] for event in events_of(session, job, "callback_again")] == ["valid"]
    assert session.exec(select(Result.result_code).where(Result.job_id == job.id).order_by(Result.id)).all() == ["0810"]
    assert sign_in("ben").get(f"/jobs/{job.id}.json").json["callbacks"] == [
        {"callback_id": str(callback.id), "verdict": "valid", "received_at": json_time(callback.received_at)}
    ]
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "callback.processed_again")).one()
    assert (line.who, line.details) == ("ben@example.com", {"before": "wrong", "after": "valid"})


def test_processing_a_valid_one_again_tells_it_in_one_line_and_claims_nothing_twice(
    app: Flask, client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(age=timedelta(seconds=1), ResultCode="0811")))
    for callback in stored(database):
        handle(app, callback)

    sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing")
    handle(app, stored(database)[0])

    assert len(events_of(session, job, "callback")) == 2
    assert len(events_of(session, job, "callback_again")) == 1
    assert len(session.exec(select(Result).order_by(Result.id)).all()) == 2


def test_orphan_finds_a_job_that_exists_by_now(
    app: Flask, client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    deliver(client, encode(make_payload()))
    job = make_job(database)

    answer = sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing", follow_redirects=True)
    [found] = stored(database)
    handle(app, found)

    assert "its job is now known" in answer.text
    assert (found.job_id, found.product) == (job.id, job.product)
    assert "orphan" not in reason_text(found)
    assert [event.facts["verdict"] for event in events_of(session, job, "callback")] == ["valid"]


def test_orphan_that_contradicted_its_address_stays_nobodys(
    client: FlaskClient, database: Database, settings: Settings, sign_in: SignIn
) -> None:
    from dashboard.jobs.submitting.callback_keys import callback_key

    secret = settings.secret_key.get_secret_value()
    mine, other = make_job(database, "job-1", secret), make_job(database, "job-2", secret)
    deliver(client, encode(make_payload(job_id=other.job_id)), f"/hooks/smile/{callback_key(secret, mine.id)}")

    sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing")

    assert stored(database)[0].job_id is None


def test_same_callback_accepted_meanwhile_is_said_and_stays_the_one(
    client: FlaskClient, database: Database, settings: Settings, sign_in: SignIn
) -> None:
    make_job(database)
    body = encode(signed_late())
    deliver(client, body)
    add_late_key(database, settings)
    deliver(client, body)

    answer = sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing", follow_redirects=True)

    assert "arrived again meanwhile and was accepted" in answer.text
    assert [callback.verdict for callback in stored(database)] == [Verdict.WRONG, Verdict.VALID]


def test_signature_accepted_meanwhile_with_another_body_is_an_alarm(
    client: FlaskClient, database: Database, settings: Settings, sign_in: SignIn
) -> None:
    make_job(database)
    payload = signed_late()
    deliver(client, encode(payload))
    add_late_key(database, settings)
    deliver(client, encode(payload | {"ResultCode": "0811"}))

    answer = sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing", follow_redirects=True)

    first, second = stored(database)
    assert (first.verdict, second.verdict) == (Verdict.REUSED, Verdict.VALID)
    assert str(second.id) in answer.text


def test_signature_accepted_between_look_and_update_is_looked_at_again(
    client: FlaskClient, database: Database, settings: Settings, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job(database)
    payload = signed_late()
    deliver(client, encode(payload))
    add_late_key(database, settings)
    deliver(client, encode(payload | {"ResultCode": "0811"}))
    look, too_early = reprocessing._others, [list[Callback](), list[Callback]()]
    monkeypatch.setattr(reprocessing, "_others", lambda *a: too_early.pop() if too_early else look(*a))

    sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing")

    assert [callback.verdict for callback in stored(database)] == [Verdict.REUSED, Verdict.VALID]


@pytest.mark.parametrize("act", ["processing", "verifications"])
def test_reflection_stays_one_when_what_we_sent_is_forgotten(
    client: FlaskClient, database: Database, sign_in: SignIn, act: str
) -> None:
    make_job(database)
    payload = make_payload()
    with database.transaction() as session:
        digest = digest_of_signature(payload["signature"]) or ""
        session.add(SentSignature(digest=digest, sent_at=utc_now()))
    deliver(client, encode(payload))
    with database.transaction() as session:
        session.delete(session.get_one(SentSignature, digest))

    answer = sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/{act}", follow_redirects=True)

    assert stored(database)[0].verdict == Verdict.REFLECTED
    assert "It is a signature from one of our own requests." in answer.text


def test_what_was_accepted_gets_no_worse_without_its_key(
    client: FlaskClient, database: Database, app: Flask, sign_in: SignIn
) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))
    with database.transaction() as session:
        add_key(session, "sandbox", "another-key-entirely", "ada@example.com", utc_now())

    answer = sign_in("ben").post(f"/callbacks/{stored(database)[0].id}/processing", follow_redirects=True)

    assert "still valid" in answer.text
    assert "flash-caution" not in answer.text
    assert stored(database)[0].verdict == Verdict.VALID


def test_verifying_again_leaves_the_age_out_and_changes_nothing(
    client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    make_job(database)
    deliver(client, encode(make_payload(age=timedelta(days=3))))
    before = stored(database)[0].model_dump()

    answer = sign_in("ben").post(f"/callbacks/{before['id']}/verifications", follow_redirects=True)

    assert stored(database)[0].model_dump() == before
    assert before["verdict"] == Verdict.STALE
    verified = answer.text.partition("Verified again:")[2].partition("</section>")[0]
    assert "Valid" in verified
    assert "ignoring its age" in verified
    assert "which is ignored this time" in verified
    assert session.exec(select(AuditEntry).where(AuditEntry.action == "callback.verified_again")).one()


def test_smile_is_asked_about_its_job_and_about_no_orphans(
    client: FlaskClient, database: Database, session: Session, sign_in: SignIn, woken: list[Any]
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(job_id="job-2")))
    mine, orphan = stored(database)
    signed_in = sign_in("ben")
    woken.clear()

    asked = signed_in.post(f"/callbacks/{mine.id}/checks", follow_redirects=True)
    refused = signed_in.post(f"/callbacks/{orphan.id}/checks", follow_redirects=True)

    assert "Smile is being asked." in asked.text
    assert "does not belong to a job here" in refused.text
    assert woken == [("jobs.advance", job.id)]
    assert (session.get_one(Job, job.id).due_at or utc_now()) <= utc_now()
    assert session.exec(select(AuditEntry).where(AuditEntry.action == "callback.asked_smile")).one()


def test_other_carriers_of_a_signature_are_not_searched_for_row_by_row(
    client: FlaskClient, app: Flask, database: Database, settings: Settings
) -> None:
    make_job(database)
    deliver(client, encode(signed_late()))
    add_late_key(database, settings)
    [refused] = stored(database)

    def process() -> None:
        with app.app_context(), database.transaction() as session:
            keys = smile_keys(fresh=True)
            callback = session.get_one(Callback, refused.id)
            reprocessing.verify_again(session, callback, settings.smile_partner_id, keys, utc_now())
            reprocessing.process_again(session, callback, settings.smile_partner_id, keys, "ben@example.com", utc_now())

    looks = plans_of(database, process, "callback")

    assert stored(database)[0].verdict == Verdict.VALID
    assert len(looks) >= 7
    assert [
        look for look in looks if not re.search(r"uq_callback_(signature|alarm)|ix_callback_alarm|\(id=\?\)", look)
    ] == []
