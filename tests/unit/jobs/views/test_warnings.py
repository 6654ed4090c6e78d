"""Warnings, checks in words and "dealt with" on the pages, in JSON and in the CSV."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.db import Database, new_id
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.products import Product
from tests.factories.jobs import reload, update_job
from tests.unit.jobs.test_warnings import SECURE, SEEN, claim, confirm

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]
REASON = "Called Amina Bello: same person."


@pytest.fixture
def warned(make_job: MakeJob, database: Database) -> Job:
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT)
    confirm(database, job, **SEEN, DateOfDeath="2020-02-01", Actions={"Liveness_Check": "Passed"})
    claim(database, job, **SECURE)
    return job


def mark(client: FlaskClient, job: Job, reason: str = REASON) -> Any:
    return client.post(f"/jobs/{job.id}/dealt-with", data={"reason": reason})


def test_page_says_the_warnings_lists_them_and_tells_claims_apart(sign_in: SignInAs, warned: Job):
    page = sign_in("cleo").get(f"/jobs/{warned.id}").text

    assert "Approved, but the authority records this person as deceased" in page
    assert "and one more warning is listed below." in page
    assert "This number was used by two others." in page
    assert "A callback claims that this face was seen before under one other user id." in page
    assert "Only claimed by a callback" in page
    assert "/jobs?q=user-9" in page
    assert "2020-02-01" not in page


def test_reveal_shows_what_the_warnings_say_of_the_customer(sign_in: SignInAs, warned: Job):
    page = sign_in("ben").post(f"/jobs/{warned.id}/reveals", data={"reason": "review"}).text

    assert "2020-02-01" in page
    assert "Its details are shown under" not in page


def test_list_marks_the_row_counts_it_and_filters(sign_in: SignInAs, warned: Job, make_job: MakeJob):
    make_job(state=JobState.DONE, outcome="error", result_code="1015")
    ben = sign_in("ben")

    page = ben.get("/jobs").text

    assert "recorded as deceased and 2 more" in page
    assert "1 approval with warnings" in page
    assert "1 error to run again" in page
    only = ben.get("/jobs.json?needs=warning").json["items"]
    assert [item["id"] for item in only] == [str(warned.id)]


def test_json_carries_kinds_words_and_source(sign_in: SignInAs, warned: Job):
    cleo = sign_in("cleo")

    of_list, of_job = cleo.get("/jobs.json").json["items"][0], cleo.get(f"/jobs/{warned.id}.json").json

    assert of_list["warnings"] == of_job["warnings"]
    assert of_list["needs"] == ["warning"]
    by_kind = {each["kind"]: each for each in of_list["warnings"]}
    assert set(by_kind) == {"deceased", "face_seen_before", "number_seen_before"}
    assert by_kind["number_seen_before"]["facts"]["user_ids"] == ["user-1", "user-2"]
    assert (by_kind["face_seen_before"]["is_confirmed"], by_kind["face_seen_before"]["source"]) == (False, "callback")
    assert "2020-02-01" not in str(of_job)
    assert of_job["checks"][0]["meaning"].startswith("Smile checked whether the selfie shows a live person")


def test_csv_has_them_as_words(sign_in: SignInAs, warned: Job):
    rows = list(csv.DictReader(io.StringIO(sign_in("ben").get("/jobs.csv").text)))

    assert rows[0]["warnings"].startswith("the authority records this person as deceased; a callback claims")
    assert rows[0]["needs"] == "warning"


def test_ben_marks_it_as_dealt_with_and_the_reason_is_for_those_who_may_reveal(
    sign_in: SignInAs, warned: Job, database: Database
):
    ben = sign_in("ben")

    answer = mark(ben, warned)

    assert answer.status_code == 303
    page = ben.get(f"/jobs/{warned.id}").text
    assert REASON in page
    assert "Nothing to do: it was dealt with." in page
    assert '<span class="quiet">nothing</span>' in ben.get("/jobs").text
    assert ben.get(f"/jobs/{warned.id}.json").json["dealt_with"][0]["reason"] == REASON
    cleo = sign_in("cleo")
    assert REASON not in cleo.get(f"/jobs/{warned.id}").text
    (entry,) = cleo.get(f"/jobs/{warned.id}.json").json["dealt_with"]
    assert (entry["reason"], entry["by"], entry["needs"]) == (None, "ben@example.com", ["warning"])

    confirm(database, warned, ResultCode="1210", **SEEN)

    assert "came_back_because" in str(ben.get(f"/jobs/{warned.id}.json").json["dealt_with"])
    assert "Came back" in ben.get(f"/jobs/{warned.id}").text
    assert "1 approval with warnings" in ben.get("/jobs").text


def test_trail_says_it_in_words(sign_in: SignInAs, warned: Job):
    mark(sign_in("ben"), warned)

    page = sign_in("ada").get("/audit").text

    assert "as dealt with" in page
    assert "Amina" not in page


def test_reason_is_asked_for_again(sign_in: SignInAs, warned: Job, database: Database):
    answer = mark(sign_in("ben"), warned, " ")

    assert answer.status_code == 422
    assert "Say in up to 500 characters how it was dealt with." in answer.text
    assert reload(database, warned).dealt_with_at is None


def test_press_that_comes_too_late_returns_to_the_page(sign_in: SignInAs, make_job: MakeJob):
    job = make_job()
    ben = sign_in("ben")

    answer = mark(ben, job)

    assert answer.status_code == 303
    assert "This job needs no attention" in ben.get(f"/jobs/{job.id}").text


def test_viewer_stranger_and_wrong_id_change_nothing(
    sign_in: SignInAs, client: FlaskClient, warned: Job, database: Database
):
    assert mark(client, warned).status_code in (302, 303, 401)
    assert mark(sign_in("cleo"), warned).status_code == 403
    assert sign_in("ben").post(f"/jobs/{new_id()}/dealt-with", data={"reason": REASON}).status_code == 404
    assert reload(database, warned).dealt_with_at is None
    assert "Mark as dealt with" not in sign_in("cleo").get(f"/jobs/{warned.id}").text


def test_next_and_the_strip_never_disagree(sign_in: SignInAs, warned: Job, database: Database):
    update_job(database, warned, warning_count=0, callback_due_at=warned.created_at, callback_at=None)
    ben = sign_in("ben")

    assert "overdue callback" not in ben.get("/jobs").text
    assert "Next:</strong> Nothing to do." in ben.get(f"/jobs/{warned.id}").text


def test_other_jobs_of_the_same_number_are_named(sign_in: SignInAs, make_job: MakeJob):
    job, other = make_job(), make_job(asks={"customer_reference": "first-try"})

    page = sign_in("cleo").get(f"/jobs/{job.id}").text

    assert "Other jobs of the same number:" in page
    assert f"/jobs/{other.id}" in page
    assert "first-try" in page


def test_not_returned_of_a_product_that_returns_nothing_is_folded_and_grey(
    sign_in: SignInAs, make_job: MakeJob, database: Database
):
    job = make_job(Product.BASIC_KYC, state=JobState.WAITING, step=SendingStep.SENT)
    confirm(database, job, ResultCode="1020", Actions={"Return_Personal_Info": "Not Returned", "Names": "Exact Match"})

    page = sign_in("cleo").get(f"/jobs/{job.id}").text

    assert "1 not applicable or not done" in page
    assert "shape-rejected" not in page
    assert "This product returns no data." in page


@pytest.mark.parametrize("actions", [["Liveness_Check: Passed"], "Passed", {"Selfie_Check": {"ResultText": "x"}}, 7])
def test_actions_of_any_type_render(sign_in: SignInAs, make_job: MakeJob, database: Database, actions: Any):
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT)
    confirm(database, job, Actions=actions)

    assert sign_in("cleo").get(f"/jobs/{job.id}").status_code == 200
