"""One job's page, its live part and its JSON twin: for whom, what is masked, and what may be pressed."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.following.outcome import keep_result, read_result, settle_job
from dashboard.jobs.models import Image, Job, JobState, Outcome, ResultSource, SendingStep
from dashboard.jobs.products import Product
from dashboard.jobs.timeline import EventKind, add_event
from tests.factories.jobs import BVN, at_once, reload, update_job
from tests.unit.jobs.test_pictures import JPEG

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]
LIST_FIELDS = {
    *("id", "product", "job_type", "user_id", "job_id", "smile_job_id", "state", "outcome", "result_code"),
    *("result_text", "country", "id_type", "link_id", "created_by", "created_at", "submitted_at", "settled_at"),
    *("callback_overdue", "last_error"),
}
PAYLOAD = {
    "ResultCode": "0810",
    "ResultText": "Enroll User",
    "Actions": {"Liveness_Check": "Passed"},
    "FullName": "Canarina Quetzalova",
    "DOB": "1961-07-08",
    "IDNumber": BVN,
    "PhoneNumber": "+2348055667788",
    "Address": "7 Canary Close",
    "Photo": "QUJD" * 100,
    "email": "canary@example.com",
    "FullData": {"nested": "Secretissimo"},
    "some_new_field": "Novelty Canary",
    "signature": "c2lnbmF0dXJl" * 4,
}
SENSITIVE = (BVN, "+2348055667788", "7 Canary Close", "Secretissimo", "QUJDQUJD", "c2lnbmF0dXJl")
PERSONAL = ("Canarina", "1961-07-08", "canary@example.com", "Novelty Canary", "Bello")


@pytest.fixture
def settled(make_job: MakeJob, database: Database) -> Job:
    now = utc_now()
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT, submitted_at=now, callback_due_at=now)
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        claim = read_result(PAYLOAD | {"ResultCode": "0811"}, 1)
        keep_result(session, found, claim, ResultSource.CALLBACK, now, is_confirmed=False)
        settle_job(session, found, read_result(PAYLOAD, 1), ResultSource.JOB_STATUS, now)
    return job


def actions(session: Session) -> list[str]:
    return [entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()]


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_page_shows_both_what_was_claimed_and_what_is_confirmed(sign_in: SignInAs, settled: Job, who: str):
    page = sign_in(who).get(f"/jobs/{settled.id}").text

    assert "The face matches" in page
    assert "Disagreement" in page
    assert "claimed by" in page
    assert "confirmed by" in page


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
@pytest.mark.parametrize("suffix", ["", ".json", "/status"])
def test_nobody_sees_the_person_without_a_press(sign_in: SignInAs, settled: Job, who: str, suffix: str):
    text = sign_in(who).get(f"/jobs/{settled.id}{suffix}").text

    assert [value for value in SENSITIVE + PERSONAL if value in text] == []
    assert "Passed" in text


def test_twin_has_the_documented_fields(sign_in: SignInAs, settled: Job):
    twin = sign_in("ben").get(f"/jobs/{settled.id}.json").json

    assert twin.keys() >= LIST_FIELDS | {"results", "callbacks", "events", "images"}
    assert twin["id"] == str(settled.id)
    assert twin["created_at"].endswith("Z")
    assert [row["is_confirmed"] for row in twin["results"]] == [False, True]
    assert [image["image_type"] for image in twin["images"]] == [0]
    assert twin["callback_overdue"] is True
    json.dumps(twin)


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", ""),
        ("GET", ".json"),
        ("GET", "/status"),
        ("POST", "/checks"),
        ("POST", "/cancellation"),
        ("POST", "/reveals"),
        ("GET", "/images/01a20000-0000-7000-8000-000000000000"),
    ],
)
def test_job_that_is_not_ours_to_see_is_not_found(
    sign_in: SignInAs, make_job: MakeJob, client: FlaskClient, method: str, suffix: str
):
    elsewhere = make_job(environment="production")
    address = f"/jobs/{elsewhere.id}{suffix}"
    signed_out = client.open(address, method=method).status_code
    sign_in("ben")

    found = [client.open(path, method=method).status_code for path in (address, f"/jobs/{new_id()}{suffix}")]

    assert signed_out == (401 if suffix == ".json" else 303)
    assert found == [404, 404]


@pytest.mark.parametrize("suffix", ["/checks", "/cancellation", "/reveals"])
def test_viewer_presses_nothing(sign_in: SignInAs, make_job: MakeJob, database: Database, suffix: str):
    job = make_job()
    cleo = sign_in("cleo")

    assert cleo.post(f"/jobs/{job.id}{suffix}").status_code == 403
    assert reload(database, job).version == job.version
    page = cleo.get(f"/jobs/{job.id}").text
    assert suffix not in page
    assert "Run again" not in page


def test_reveal_shows_what_was_masked_and_records_it(sign_in: SignInAs, session: Session, settled: Job):
    ben = sign_in("ben")
    before = actions(session)

    page = ben.post(f"/jobs/{settled.id}/reveals", data={"reason": "review"}).text
    piece = ben.post(f"/jobs/{settled.id}/reveals", data={"reason": "review"}, headers={"HX-Request": "true"}).text

    for shown in (page, piece):
        assert BVN in shown
        assert "7 Canary Close" in shown
        assert "Canarina" in shown
        assert "c2lnbmF0dXJl" not in shown
        assert "Hide it again" in shown
        assert "Why are you looking?" not in shown
        assert shown.count("7 Canary Close") == 3  # where it was masked: in the table and in both answers
    assert "<html" in page
    assert "<html" not in piece
    assert "job.revealed" not in before
    session.rollback()
    assert actions(session).count("job.revealed") == 2
    assert (
        session.exec(
            select(AuditEntry.who).where(AuditEntry.action == "job.revealed").order_by(AuditEntry.sequence)
        ).all()[0]
        == "ben@example.com"
    )


def test_looking_at_a_picture_is_recorded(sign_in: SignInAs, session: Session, settled: Job):
    image = session.exec(select(Image).where(Image.job_id == settled.id)).one()

    answer = sign_in("ben").get(f"/jobs/{settled.id}/images/{image.id}")

    session.rollback()
    assert answer.mimetype == "image/jpeg"
    assert answer.data.startswith(JPEG[:3])
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert re.fullmatch(r'inline; filename="image-[0-9a-f-]{36}\.jpeg"', answer.headers["Content-Disposition"])
    assert "no-store" in answer.headers["Cache-Control"]
    assert "image.viewed" in actions(session)
    assert "image: selfie" in sign_in("ada").get("/audit").text


def test_viewer_and_other_jobs_see_no_picture(sign_in: SignInAs, session: Session, make_job: MakeJob, settled: Job):
    image = session.exec(select(Image).where(Image.job_id == settled.id)).one()
    other = make_job(Product.ENHANCED_KYC)

    assert sign_in("ben").get(f"/jobs/{other.id}/images/{image.id}").status_code == 404
    assert sign_in("cleo").get(f"/jobs/{settled.id}/images/{image.id}").status_code == 403
    session.rollback()
    assert "image.viewed" not in actions(session)


def test_queued_job_is_cancelled_once(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, ben = make_job(), sign_in("ben")

    first = ben.post(f"/jobs/{job.id}/cancellation", follow_redirects=True)
    second = ben.post(f"/jobs/{job.id}/cancellation", follow_redirects=True)

    assert "flash-caution" not in first.text
    assert "flash-caution" in second.text
    assert reload(database, job).state == JobState.CANCELLED
    assert "Nothing was charged" in ben.get(f"/jobs/{job.id}").text


def test_person_asks_for_a_check(sign_in: SignInAs, database: Database, settled: Job, woken: list[Any]):
    answer = sign_in("ben").post(f"/jobs/{settled.id}/checks")

    assert answer.status_code == 303
    assert at_once(reload(database, settled).due_at)
    assert woken == [("jobs.advance", settled.id)]


@pytest.mark.parametrize(
    ("press", "row", "said"),
    [
        ("checks", {}, "Nothing has been sent to Smile yet, so there is nothing to ask about."),
        ("cancellation", {"state": JobState.WAITING, "step": SendingStep.SENT}, "so it can no longer be cancelled."),
    ],
)
def test_press_that_comes_too_late_returns_to_the_page_with_a_sentence(
    sign_in: SignInAs, database: Database, make_job: MakeJob, press: str, row: dict[str, Any], said: str
):
    job = make_job(**row)

    answer = sign_in("ben").post(f"/jobs/{job.id}/{press}", follow_redirects=True)

    assert (answer.status_code, answer.request.path) == (200, f"/jobs/{job.id}")
    assert said in answer.text
    assert reload(database, job).version == job.version


def test_actions_are_part_of_what_updates_itself(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, ben = make_job(), sign_in("ben")

    before = ben.get(f"/jobs/{job.id}/status").text
    update_job(database, job, state=JobState.WAITING, step=SendingStep.SENT, submitted_at=utc_now())
    after = ben.get(f"/jobs/{job.id}/status").text

    assert [f"/jobs/{job.id}/checks" in text for text in (before, after)] == [False, True]
    assert [f"/jobs/{job.id}/cancellation" in text for text in (before, after)] == [True, False]
    assert "Run again" in before
    assert "Printed by Ben" in before


def test_page_has_its_dates(sign_in: SignInAs, make_job: MakeJob):
    long_ago = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)
    row = {"created_at": long_ago, "submitted_at": long_ago, "settled_at": long_ago, "outcome": "approved"}
    job = make_job(Product.ENHANCED_KYC, state=JobState.DONE, **row)
    ben = sign_in("ben")
    ben.post("/account/formats", data={"language": "en", "time_zone": "Africa/Lagos"})

    page = " ".join(re.sub("<[^>]*>", "", ben.get(f"/jobs/{job.id}").text).split())

    assert "Confirmed with Smile on 16 Jan 2026, 00:30:00 WAT" in page
    assert "Created on 16 Jan 2026, 00:30:00 WAT" in page


def test_timeline_is_headed_by_the_days_of_the_reader(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job = make_job()
    moments = (datetime(2026, 1, 15, 22, 30, tzinfo=UTC), datetime(2026, 1, 15, 23, 30, tzinfo=UTC))
    with database.transaction() as session:
        for moment in moments:
            add_event(session, job, EventKind.ZIP_LOST, moment)
    ben = sign_in("ben")
    ben.post("/account/formats", data={"language": "en", "time_zone": "Africa/Lagos"})

    page = ben.get(f"/jobs/{job.id}").text

    days = re.findall(r'<h3 id="day-\d+">([^<]*)</h3>', page)
    assert days[1:] == ["16 January 2026", "15 January 2026"]
    assert "00:30:00<span" in page
    assert "(16 Jan 2026, 00:30:00 WAT)" in page


def test_final_job_names_its_final_claim(sign_in: SignInAs, database: Database, make_job: MakeJob):
    first, last = datetime(2026, 1, 15, 9, tzinfo=UTC), datetime(2026, 1, 15, 10, tzinfo=UTC)
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT, submitted_at=first, callback_at=first)
    provisional = PAYLOAD | {"ResultCode": "0814", "ResultText": "Provisional Enroll", "IsFinalResult": "false"}
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        keep_result(session, found, read_result(provisional, 1), ResultSource.CALLBACK, first, is_confirmed=False)
        settle_job(session, found, read_result(PAYLOAD, 1), ResultSource.JOB_STATUS, last)
    ben = sign_in("ben")

    only_provisional = ben.get(f"/jobs/{job.id}").text
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        keep_result(session, found, read_result(PAYLOAD, 1), ResultSource.CALLBACK, last, is_confirmed=False)
    both = " ".join(re.sub("<[^>]*>", "", ben.get(f"/jobs/{job.id}").text).split())

    assert "Only a provisional result was claimed by callback" in only_provisional
    assert "Claimed by callback on 15 Jan 2026, 10:00:00 UTC" in both


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"state": JobState.WAITING}, "not yet"),
        ({"state": JobState.FAILED}, "not returned"),
        ({"product": Product.BASIC_KYC, "state": JobState.DONE, "outcome": "approved"}, "this product returns none"),
    ],
)
def test_empty_cell_says_why(sign_in: SignInAs, make_job: MakeJob, row: dict[str, Any], says: str):
    row = dict(row)
    job = make_job(row.pop("product", Product.ENHANCED_KYC), **row)

    page = sign_in("ben").get(f"/jobs/{job.id}").text

    assert f'<span class="quiet">{says}</span>' in page


def test_reveal_is_offered_only_where_something_is_masked(sign_in: SignInAs, make_job: MakeJob):
    masked = make_job(Product.ENHANCED_KYC)
    nothing = make_job(Product.SMARTSELFIE_REGISTRATION, id_number_sealed=None, person_sealed=None)
    ben = sign_in("ben")

    assert "Why are you looking?" in ben.get(f"/jobs/{masked.id}").text
    assert "Why are you looking?" not in ben.get(f"/jobs/{nothing.id}").text


def test_poll_gets_nothing_until_something_changed(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, ben = make_job(), sign_in("ben")
    address = f"/jobs/{job.id}/status?seen={job.version}"

    quiet = ben.get(address, headers={"HX-Request": "true"})
    update_job(database, job, version=job.version + 1, state=JobState.SUBMITTING)
    changed = ben.get(address, headers={"HX-Request": "true"})

    assert (quiet.status_code, quiet.data) == (204, b"")
    assert changed.status_code == 200
    assert "On its way to Smile" in changed.text
    assert "<html" not in changed.text


@pytest.mark.parametrize("address", ["/jobs?seen=1", "/jobs/{id}/status?seen=1"])
def test_poll_of_somebody_signed_out_is_sent_to_the_door(client: FlaskClient, make_job: MakeJob, address: str):
    answer = client.get(address.format(id=make_job().id), headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"
    assert answer.data == b""


@pytest.mark.parametrize(
    ("row", "polls"),
    [
        ({"state": JobState.WAITING}, True),
        ({"outcome": "provisional"}, True),
        ({"callback_due_at": utc_now() + timedelta(hours=1)}, True),
        ({"due_at": utc_now()}, True),  # somebody asked to check once more
        ({}, False),
    ],
)
def test_page_polls_while_something_is_expected(sign_in: SignInAs, make_job: MakeJob, row: dict[str, Any], polls: bool):
    job = make_job(Product.ENHANCED_KYC, **({"state": JobState.DONE, "outcome": "approved", "due_at": None} | row))

    page = sign_in("ben").get(f"/jobs/{job.id}").text

    assert ("data-poll" in page) == polls


def test_page_of_what_was_just_made_asks_sooner(sign_in: SignInAs, make_job: MakeJob):
    now, ben = utc_now(), sign_in("ben")
    made = [make_job(created_at=at) for at in (now + timedelta(hours=1), now - timedelta(minutes=1))]

    assert ["data-fresh" in ben.get(f"/jobs/{job.id}").text for job in made] == [True, False]


def test_every_state_and_outcome_has_a_page(sign_in: SignInAs, make_job: MakeJob):
    cleo = sign_in("cleo")

    others = [(state, None) for state in JobState if state != JobState.DONE]
    for state, outcome in others + [(JobState.DONE, outcome) for outcome in Outcome]:
        job = make_job(Product.ENHANCED_KYC, state=state, outcome=outcome, result_code="9999")

        page = cleo.get(f"/jobs/{job.id}")

        assert page.status_code == 200, (state, outcome)
        assert "<strong>Next:</strong>" in page.text
