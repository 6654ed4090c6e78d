"""A NUL in a text and a byte order mark cost no callback: kept as received, shown with a mark, handed to the job."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.callbacks import tasks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.queries import body_of
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.context import context_of
from dashboard.db import Database
from dashboard.jobs.models import Result
from tests.factories.callbacks import deliver, encode, make_job, make_payload

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
MARK = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "changes",
    [
        {"Address": "a\0b"},
        {"ResultText": "Enroll\0 User", "Country": "N\0G", "IDType": "\0BVN", "IDNumber": "\0", "ResultCode": "0810\0"},
        {"PartnerParams": {"job_id": "job-1", "user_id": "user\0-1", "job_type": 1, "note": ["\0"]}},
        {"SmileJobID": "\0", "Actions": {"Liveness_Check": "Pas\0sed"}, "FullName": "\0\0"},
    ],
)
def test_callback_with_a_nul_in_a_text_is_kept_shown_and_handed_over(
    app: Flask, client: FlaskClient, database: Database, session: Session, sign_in: SignIn, changes: dict[str, Any]
) -> None:
    job = make_job(database)
    body = encode(make_payload(**changes))
    assert b"\\u0000" in body

    answer = deliver(client, body)
    callback = session.exec(select(Callback)).one()
    with app.app_context():
        tasks.handle(callback.id)

    assert (answer.status_code, callback.verdict, callback.job_id) == (200, Verdict.VALID, job.id)
    assert body_of(session, callback) == body
    assert "\0" not in callback.search_text
    assert MARK not in callback.search_text
    with database.reading() as fresh:
        assert fresh.exec(select(Result.job_id).order_by(Result.id)).all() == [job.id]
    signed_in = sign_in("ada")
    page = signed_in.get(f"/callbacks/{callback.id}")
    revealed = signed_in.post(f"/callbacks/{callback.id}/reveals", data={"reason": "support case"})
    shown = signed_in.get(f"/callbacks/{callback.id}.json")
    listed = signed_in.get("/callbacks")
    assert [each.status_code for each in (page, shown, listed, signed_in.get(f"/jobs/{job.id}"))] == [200] * 4
    assert revealed.status_code == 200
    assert "\0" not in page.text + revealed.text + shown.text + listed.text


def test_text_is_found_without_its_nul_and_shown_with_a_mark(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    make_job(database)
    deliver(client, encode(make_payload(ResultText="Enroll\0User")))
    signed_in = sign_in("ben")

    assert signed_in.get("/callbacks.json?q=enrolluser").json["count"] == 1
    assert f"Enroll{MARK}User" in signed_in.get("/callbacks").text


def test_job_whose_name_has_a_nul_is_another_job(client: FlaskClient, database: Database, session: Session) -> None:
    make_job(database)

    answer = deliver(client, encode(make_payload(job_id="job\0-1")))

    callback = session.exec(select(Callback)).one()
    assert answer.status_code == 200
    assert (callback.job_id, callback.claimed_job_id) == (None, f"job{MARK}-1")


def test_byte_order_mark_is_taken_and_kept(
    app: Flask, client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    job = make_job(database)
    body = b"\xef\xbb\xbf" + encode(make_payload())

    answer = deliver(client, body)

    callback = session.exec(select(Callback).order_by(col(Callback.id))).one()
    with app.app_context():
        tasks.handle(callback.id)
    assert (answer.status_code, callback.verdict, callback.job_id) == (200, Verdict.VALID, job.id)
    assert body_of(session, callback) == body
    assert sign_in("ada").get(f"/callbacks/{callback.id}").status_code == 200
    context_of(app).refused_deliveries.write()
    assert session.exec(select(RefusedDelivery).order_by(RefusedDelivery.id)).all() == []
