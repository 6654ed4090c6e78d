"""Webhooks of v3 from the door to the job: whose they are, reuse across generations, and when a claim is one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.callbacks import tasks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.processing import reprocessing
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.steps import StepKind, kind_of
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobEvent, Outcome, Result, SentSignature
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.jobs.warnings import JobWarning
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import add_key, seed_keys, smile_keys
from tests.factories.callbacks import (
    DOOR,
    PARTNER_ID,
    V3_JOB,
    deliver,
    encode,
    make_job,
    make_payload,
    make_v3_headers,
    make_v3_payload,
    sign,
    timestamp_at,
)

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

SignIn = Callable[[str], FlaskClient]
LATE_KEY = "a-key-that-came-late"


def secret_of(settings: Settings) -> str:
    return settings.secret_key.get_secret_value()


@pytest.fixture
def job(database: Database, settings: Settings) -> Job:
    return make_job(database, secret_key=secret_of(settings), api=SmileApi.V3, smile_job_id=V3_JOB)


@pytest.fixture
def unbound(database: Database, settings: Settings) -> Job:
    """A job whose answer was lost: Smile may have it under any id."""
    sending_at = utc_now() - timedelta(minutes=1)
    return make_job(database, "job-2", secret_of(settings), api=SmileApi.V3, sending_at=sending_at)


def door_of(settings: Settings, job: Job) -> str:
    return f"{DOOR}/{callback_key(secret_of(settings), job.id)}"


def send(client: FlaskClient, path: str = DOOR, headers: dict[str, str] | None = None, **changes: Any) -> int:
    body = encode(make_v3_payload(**changes))
    return deliver(client, body, path, headers=make_v3_headers() if headers is None else headers).status_code


def stored(database: Database) -> list[Callback]:
    with database.reading() as session:
        return list(session.exec(select(Callback).order_by(col(Callback.id))).all())


def newest(database: Database) -> Callback:
    return stored(database)[-1]


def last_step(callback: Callback) -> StepKind | None:
    return kind_of(callback.steps[-1])


def claims_of(database: Database, job: Job) -> list[Result]:
    with database.reading() as session:
        return list(session.exec(select(Result).where(Result.job_id == job.id).order_by(Result.id)).all())


def lines_of(database: Database, job: Job) -> int:
    with database.reading() as session:
        lines = select(JobEvent.id).where(JobEvent.job_id == job.id, JobEvent.kind == "callback")
        return len(session.exec(lines).all())


def test_a_webhook_finds_its_job_by_smiles_id_in_body_or_headers(
    client: FlaskClient, database: Database, job: Job
) -> None:
    assert send(client) == 200
    assert send(client, headers=make_v3_headers(timestamp_at(utc_now()), **{"Job-ID": V3_JOB}), job_id=None) == 200

    for callback in stored(database):
        assert (callback.verdict, callback.job_id, callback.claimed_job_id) == (Verdict.VALID, job.id, V3_JOB)
        assert last_step(callback) == StepKind.NAMES_OUR_JOB
        assert (callback.result_code, callback.country) == ("clear", "NG")


def test_an_id_of_v3_never_finds_a_job_of_v1(client: FlaskClient, database: Database) -> None:
    make_job(database, smile_job_id=V3_JOB)

    send(client)

    assert newest(database).job_id is None


@pytest.mark.parametrize("path", ["its own address", "the common address"])
def test_header_and_body_that_name_different_jobs_belong_to_neither(
    client: FlaskClient, database: Database, settings: Settings, job: Job, path: str
) -> None:
    door = door_of(settings, job) if path == "its own address" else DOOR

    send(client, door, make_v3_headers(**{"Job-ID": new_type_id("job")}))

    assert (newest(database).job_id, last_step(newest(database))) == (None, StepKind.NAMES_TWO_JOBS)


def test_at_an_address_only_its_own_job_may_be_named(
    client: FlaskClient, database: Database, settings: Settings, job: Job, unbound: Job
) -> None:
    of_v1 = make_job(database, "job-3", secret_of(settings))

    for target, named in ((job, new_type_id("job")), (unbound, V3_JOB), (of_v1, new_type_id("job"))):
        send(client, door_of(settings, target), make_v3_headers(timestamp_at(utc_now())), job_id=named)

        assert (newest(database).job_id, last_step(newest(database))) == (None, StepKind.AT_OTHER_ADDRESS)


def test_the_same_pair_is_reused_across_generations(client: FlaskClient, database: Database, job: Job) -> None:
    timestamp = timestamp_at(utc_now())
    pair = {"Response-Signature": sign(timestamp, partner_id=PARTNER_ID), "Response-Timestamp": timestamp}
    params = {"job_id": job.job_id, "user_id": "user-1", "job_type": 1}
    deliver(client, encode(make_payload(timestamp=timestamp, PartnerParams=params)))

    send(client, headers=pair)

    assert [callback.verdict for callback in stored(database)] == [Verdict.VALID, Verdict.REUSED]


def test_a_pair_of_v3_is_reused_in_a_body_as_well(client: FlaskClient, database: Database, job: Job) -> None:
    timestamp = timestamp_at(utc_now())
    signature = sign(timestamp, partner_id=PARTNER_ID)
    send(client, headers={"Response-Signature": signature, "Response-Timestamp": timestamp})
    params = {"job_id": job.job_id, "user_id": "user-1", "job_type": 1}

    deliver(client, encode(make_payload(timestamp=timestamp, signature=signature, PartnerParams=params)))

    assert [callback.verdict for callback in stored(database)] == [Verdict.VALID, Verdict.REUSED]


def test_our_own_signature_in_a_header_is_reflected(client: FlaskClient, database: Database) -> None:
    timestamp = timestamp_at(utc_now())
    signature = sign(timestamp, partner_id=PARTNER_ID)
    with database.transaction() as session:
        session.add(SentSignature(digest=digest_of_signature(signature) or "", sent_at=utc_now()))

    send(client, headers={"Response-Signature": signature, "Response-Timestamp": timestamp})

    assert newest(database).verdict == Verdict.REFLECTED


def test_two_of_one_millisecond_for_different_jobs_are_no_alarm(
    client: FlaskClient, database: Database, job: Job
) -> None:
    headers = make_v3_headers(timestamp_at(utc_now()))

    send(client, headers=headers)
    send(client, headers=headers, job_id=new_type_id("job"))
    send(client, headers=headers, message="another text")

    assert [each.verdict for each in stored(database)] == [Verdict.VALID, Verdict.VALID, Verdict.REUSED]


def test_a_webhook_that_comes_again_is_counted_once(client: FlaskClient, database: Database, job: Job) -> None:
    headers = make_v3_headers()

    send(client, headers=headers)
    send(client, headers=headers)

    assert newest(database).times_seen == 2


def test_processing_again_accepts_a_webhook_whose_key_came_late(
    client: FlaskClient, database: Database, settings: Settings, job: Job
) -> None:
    timestamp = timestamp_at(utc_now())
    late = make_v3_headers(timestamp, **{"Response-Signature": sign(timestamp, LATE_KEY, "2")})
    assert send(client, headers=late) == 401
    with database.transaction() as writing:
        seed_keys(writing, settings, utc_now())
        add_key(writing, "sandbox", LATE_KEY, "ada@example.com", utc_now())

    with database.transaction() as writing:
        callback = writing.exec(select(Callback)).one()
        keys = smile_keys(fresh=True)
        reprocessing.process_again(writing, callback, PARTNER_ID, keys, "ada@example.com", utc_now())

    assert newest(database).verdict == Verdict.VALID
    again = newest(database)
    assert again.signature_digest == digest_of_signature(late["Response-Signature"])
    assert "matches key" in reason_text(again)


def test_an_orphan_finds_its_job_once_smiles_id_is_known(client: FlaskClient, database: Database, job: Job) -> None:
    named = new_type_id("job")
    send(client, job_id=named)
    assert newest(database).job_id is None
    with database.transaction() as session:
        session.get_one(Job, job.id).smile_job_id = named

    with database.transaction() as session:
        callback = session.exec(select(Callback)).one()
        reprocessing.process_again(session, callback, PARTNER_ID, smile_keys(), "ada@example.com", utc_now())

    assert newest(database).job_id == job.id


def test_a_claim_is_stored_with_its_reason_and_changes_nothing(
    client: FlaskClient, database: Database, session: Session, job: Job, woken: list[Any]
) -> None:
    antifraud = {"summary": {"fraud_detected": True}}
    send(client, status="block", reason="high_risk", message="Verification failed", antifraud=antifraud)

    tasks.handle(newest(database).id)

    [claim] = claims_of(database, job)
    assert (claim.is_confirmed, claim.outcome, claim.result_code) == (False, Outcome.REJECTED, "high_risk")
    followed = session.get_one(Job, job.id)
    assert (followed.outcome, followed.state, followed.settled_at) == (None, job.state, None)
    assert [each.is_confirmed for each in session.exec(select(JobWarning)).all()] == [False]
    assert woken[-1] == ("jobs.advance", job.id)


def test_a_replay_with_new_links_is_no_second_claim(client: FlaskClient, database: Database, job: Job) -> None:
    for number in (1, 2):
        links = {
            "image_links": {"selfie_image": f"https://example.com/{number}"},
            "kyc_receipt": f"https://a.b/{number}",
        }
        send(client, headers=make_v3_headers(timestamp_at(utc_now() - timedelta(seconds=number))), **links)
        tasks.handle(newest(database).id)

    assert len(claims_of(database, job)) == 1


@pytest.mark.parametrize("has_marker", [True, False])
def test_a_webhook_of_a_job_without_an_id_claims_nothing_until_it_is_bound(
    client: FlaskClient, database: Database, session: Session, settings: Settings, unbound: Job, has_marker: bool
) -> None:
    named = new_type_id("job")
    marker = marker_of(secret_of(settings), unbound.id) if has_marker else "another"
    send(client, door_of(settings, unbound), job_id=named, partner_params={MARKER: marker})
    callback = newest(database)
    assert (callback.job_id, last_step(callback)) == (unbound.id, StepKind.AWAITS_ID)

    tasks.handle(callback.id)

    followed = session.get_one(Job, unbound.id)
    assert [each["id"] for each in followed.candidates] == ([named] if has_marker else [])
    assert (followed.smile_job_id, followed.callback_at, claims_of(database, unbound)) == (None, None, [])
    assert newest(database).handled_at is None
    assert newest(database).due_at is not None

    with database.transaction() as writing:
        writing.get_one(Job, unbound.id).smile_job_id = named
    tasks.handle(callback.id)

    assert [claim.outcome for claim in claims_of(database, unbound)] == [Outcome.APPROVED]
    assert newest(database).handled_at is not None
    assert lines_of(database, unbound) == 1


def test_a_webhook_of_another_id_never_claims_anything_about_the_job(
    client: FlaskClient, database: Database, settings: Settings, unbound: Job
) -> None:
    marker = marker_of(secret_of(settings), unbound.id)
    send(client, door_of(settings, unbound), job_id=new_type_id("job"), partner_params={MARKER: marker})
    with database.transaction() as writing:
        writing.get_one(Job, unbound.id).smile_job_id = V3_JOB

    tasks.handle(newest(database).id)

    assert claims_of(database, unbound) == []
    assert newest(database).handled_at is not None


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.REUSED])
def test_an_unsigned_or_copied_webhook_names_no_id(
    client: FlaskClient, database: Database, session: Session, settings: Settings, unbound: Job, verdict: Verdict
) -> None:
    params = {MARKER: marker_of(secret_of(settings), unbound.id)}
    headers = make_v3_headers(timestamp_at(utc_now()))
    if verdict == Verdict.WRONG:
        headers["Response-Signature"] = sign("another time")
    else:
        send(client, door_of(settings, unbound), headers, job_id=new_type_id("job"), partner_params={"a": "b"})
    send(client, door_of(settings, unbound), headers, job_id=new_type_id("job"), partner_params=params)

    assert newest(database).verdict == verdict
    tasks.handle(newest(database).id)

    assert session.get_one(Job, unbound.id).candidates == []
