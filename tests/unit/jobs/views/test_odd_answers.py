"""Answers that are not as documented, on one job's page, its live part, its JSON and what is revealed of it."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import keep_result, read_claim, read_job_status, settle_job
from dashboard.jobs.models import Job, JobState, ResultSource, SendingStep
from tests.factories.images import make_jpeg
from tests.factories.jobs import answered

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]
PHOTO = base64.encodebytes(make_jpeg(2, 60, 80)).decode()
ACTIONS = [
    (["Liveness_Check: Passed"], "Liveness check", "Passed"),
    ("Passed", "Check", "Passed"),
    ({"Selfie_Check": {"ResultText": "x y z"}}, "Selfie check", "x y z"),
    ({"Selfie_Check": ["Failed"]}, "Selfie check", "Failed"),
]


def settle(database: Database, make_job: MakeJob, **fields: Any) -> Job:
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT, submitted_at=utc_now())
    answer = answered()
    answer["result"] |= fields
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        result = read_job_status(answer, job.job_type)
        assert result is not None
        settle_job(session, found, result, ResultSource.JOB_STATUS, utc_now())
    return job


@pytest.mark.parametrize("suffix", ["", "/status", ".json"])
@pytest.mark.parametrize(("actions", "name", "words"), ACTIONS)
def test_actions_of_any_type_are_shown_as_text(
    sign_in: SignInAs, database: Database, make_job: MakeJob, suffix: str, actions: Any, name: str, words: str
):
    job = settle(database, make_job, Actions=actions)

    answer = sign_in("cleo").get(f"/jobs/{job.id}{suffix}")

    assert answer.status_code == 200
    assert words in answer.text
    assert name in answer.text or suffix == ".json"


def test_json_on_the_page_is_readable(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, ben = settle(database, make_job, FullName="N'Golo Adébáyọ̀ محمد", DOB="<b>1992</b>"), sign_in("ben")

    masked = ben.get(f"/jobs/{job.id}").text
    revealed = ben.post(f"/jobs/{job.id}/reveals", data={"reason": "review"}).text

    assert "&#34;FullName&#34;: &#34;[masked]&#34;" in masked
    assert "&#34;FullName&#34;: &#34;N&#39;Golo Adébáyọ̀ محمد&#34;" in revealed
    assert "&lt;b&gt;1992&lt;/b&gt;" in revealed
    assert "\\u00e9" not in revealed + masked
    assert "\u2022" not in revealed + masked


def test_viewer_reads_nothing_that_the_partner_sent_along(sign_in: SignInAs, database: Database, make_job: MakeJob):
    params = {"user_id": "u-1", "job_id": "j-1", "job_type": 1, "FullName": "Canarina", "email": "c@example.com"}
    job = settle(database, make_job, PartnerParams=params | {"optional_info": {"phone": "+2348055667788"}})

    for suffix in ("", "/status", ".json"):
        text = sign_in("cleo").get(f"/jobs/{job.id}{suffix}").text
        assert [value for value in ("Canarina", "c@example.com", "5566") if value in text] == []
        assert "u-1" in text


def test_photo_of_the_authority_is_seen_on_a_press_that_is_recorded(
    sign_in: SignInAs, database: Database, make_job: MakeJob, session: Session
):
    job, ben = settle(database, make_job, Photo=f"data:image/jpeg;base64,{PHOTO}"), sign_in("ben")

    page, answer = ben.get(f"/jobs/{job.id}").text, ben.get(f"/jobs/{job.id}/photos/1")

    assert "Photo from the authority" in page
    assert f'src="/jobs/{job.id}/photos/1" loading="lazy"' in page
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "image.viewed")).one()
    assert (line.subject, line.details["field"]) == (f"job {job.id}", "Photo")
    assert ben.get(f"/jobs/{job.id}/photos/2").status_code == 404
    assert ben.get(f"/jobs/{make_job().id}/photos/1").status_code == 404


def test_photo_that_is_only_claimed_says_so_and_gives_way_to_a_confirmed_one(
    sign_in: SignInAs, database: Database, make_job: MakeJob
):
    job = settle(database, make_job, Photo=PHOTO)
    claimed_only = make_job(state=JobState.WAITING, step=SendingStep.SENT, submitted_at=utc_now())
    with database.transaction() as session:
        for each in (job, claimed_only):
            claim = read_claim({"ResultCode": "0810", "Photo": PHOTO, "ResultSource": "WebAPI"}, 1)
            keep_result(
                session, session.get_one(Job, each.id), claim, ResultSource.CALLBACK, utc_now(), is_confirmed=False
            )
    ben = sign_in("ben")

    assert "as a callback claims" not in ben.get(f"/jobs/{job.id}").text
    assert "as a callback claims" in ben.get(f"/jobs/{claimed_only.id}").text


def test_viewer_sees_no_photo(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, cleo = settle(database, make_job, Photo=PHOTO), sign_in("cleo")

    assert cleo.get(f"/jobs/{job.id}/photos/1").status_code == 403
    assert "/photos/" not in cleo.get(f"/jobs/{job.id}").text
    assert "Smile returned an image" in cleo.get(f"/jobs/{job.id}").text


def test_damaged_photo_is_refused(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job = settle(database, make_job, Photo="/9j/" + "A" * 400)

    assert sign_in("ben").get(f"/jobs/{job.id}/photos/1").status_code == 404


def test_json_names_the_cause_of_unknown(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job = settle(database, make_job, ResultCode="0815")

    twin = sign_in("cleo").get(f"/jobs/{job.id}.json").json

    assert (twin["outcome"], twin["unknown_cause"], twin["is_contradicted"]) == ("unknown", "undocumented", False)
    assert [row["unknown_cause"] for row in twin["results"]] == ["undocumented"]
