"""The test callback: judged like any other, and gone once it is known to have arrived."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.callbacks.delivery_test.test_callback import BODY_SIZE, make_test_callback, take_back_test
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.queries import JOB_ID_PREFIX, find_last_callback
from dashboard.db import Database, utc_now
from dashboard.smile import Signature
from tests.factories.callbacks import API_KEY, PARTNER_ID, deliver, encode, make_payload

pytestmark = pytest.mark.both_engines

SIGNER = Signature(PARTNER_ID, API_KEY)


def test_is_as_large_as_the_largest_and_says_what_it_is():
    trial = make_test_callback(SIGNER)

    payload = json.loads(trial.body)
    assert len(trial.body) == BODY_SIZE
    assert payload["PartnerParams"]["job_id"].startswith(JOB_ID_PREFIX)
    assert "Test callback" in payload["ResultText"]
    assert trial.signature not in repr(trial)


def test_arrives_as_valid_and_leaves_no_row(client: FlaskClient, database: Database, session: Session):
    trial = make_test_callback(SIGNER)
    answer = deliver(client, trial.body, headers={"X-Forwarded-For": "203.0.113.9"})

    with database.transaction() as writing:
        arrival = take_back_test(writing, trial, utc_now())
        again = take_back_test(writing, trial, utc_now())

    assert answer.status_code == 200
    assert arrival is not None
    assert (arrival.verdict, arrival.source_address) == (Verdict.VALID, "127.0.0.1")
    assert arrival.headers["x-forwarded-for"] == "203.0.113.9"
    assert again is None
    assert session.exec(select(Callback).order_by(Callback.id)).all() == []


def test_its_signature_is_of_no_use_to_whoever_saw_it(client: FlaskClient, database: Database, session: Session):
    trial = make_test_callback(SIGNER)
    deliver(client, trial.body)
    with database.transaction() as writing:
        take_back_test(writing, trial, utc_now())
    seen = json.loads(trial.body)

    deliver(client, encode(make_payload(timestamp=seen["timestamp"], signature=seen["signature"])))

    assert [row.verdict for row in session.exec(select(Callback))] == [Verdict.REFLECTED]


def test_marker_alone_makes_nothing_disappear(client: FlaskClient, database: Database, session: Session):
    deliver(client, encode(make_payload(job_id=JOB_ID_PREFIX + "0" * 32)))

    with database.transaction() as writing:
        assert take_back_test(writing, make_test_callback(SIGNER), utc_now()) is None

    assert len(session.exec(select(Callback).order_by(Callback.id)).all()) == 1


def test_last_callback_is_none_of_ours(app: Flask, client: FlaskClient, session: Session):
    deliver(client, encode(make_payload(job_id="real")))
    deliver(client, make_test_callback(SIGNER).body)

    last = find_last_callback(session, "sandbox")

    assert last is not None
    assert last.claimed_job_id == "real"
    assert find_last_callback(session, "production") is None
