"""What the list says about a job, so that it need not be opened."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.showing.listing import customer_label, initials_of, reason_in_list
from tests.factories.damage import damage_column
from tests.factories.jobs import make_job

pytestmark = pytest.mark.both_engines


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"customer_reference": "cust-1"}, "cust-1"),
        ({"user_id": "user-0192-4411"}, "no reference \u00b7\u00b7\u00b7\u00b74411"),
        ({"user_id": "ab"}, "no reference \u00b7\u00b7\u00b7\u00b7ab"),
    ],
)
def test_a_customer_is_named_in_few_signs(database: Database, settings: Settings, row: dict[str, Any], label: str):
    assert customer_label(make_job(database, settings, **row)) == label


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"state": "waiting"}, ""),
        ({"state": "done", "outcome": "approved", "result_code": "1012"}, ""),
        ({"state": "done", "outcome": "provisional", "result_code": "0811"}, ""),
        (
            {"state": "done", "outcome": "rejected", "result_code": "1013"},
            "The authority has nobody on record under this number.",
        ),
        ({"state": "failed", "problem": None}, "Smile did not accept this job."),
        ({"state": "cancelled"}, "Cancelled before anything was sent. Nothing was charged."),
    ],
)
def test_a_row_says_why_it_is_not_approved(database: Database, settings: Settings, row: dict[str, Any], reason: str):
    assert reason_in_list(make_job(database, settings, **row)) == reason


@pytest.mark.parametrize(
    ("person", "initials"),
    [
        ({"first_name": "amina", "last_name": "Bello"}, "A. B."),
        ({"first_name": " \u2067\u0645\u0631\u064a\u0645", "last_name": ""}, "\u0645."),
        ({"first_name": "-", "consent": "yes"}, None),
        ({}, None),
    ],
)
def test_a_name_is_shown_as_its_initials(
    in_app: object, database: Database, settings: Settings, person: dict[str, str], initials: str | None
):
    job = make_job(database, settings, asks={"person": person})

    assert read_initials(database, job) == initials


@pytest.mark.usefixtures("in_app")
def test_a_name_that_is_erased_or_cannot_be_opened_has_no_initials(database: Database, settings: Settings):
    erased, damaged = make_job(database, settings, person_sealed=None), make_job(database, settings)
    damage_column(database, "job.person_sealed", damaged.id)

    assert [read_initials(database, erased), read_initials(database, damaged)] == [None, None]


def test_the_list_shows_initials_and_never_the_name(sign_in: Any, database: Database, settings: Settings):
    make_job(database, settings)
    cleo: FlaskClient = sign_in("cleo")

    page = cleo.get("/jobs").text

    assert "A. B." in page
    assert "Amina" not in page
    cleo.post("/account/lists/jobs/columns", data={"column": ["product"]})
    assert "A. B." not in cleo.get("/jobs").text


def read_initials(database: Database, job: Job) -> str | None:
    with database.reading() as session:
        return initials_of(session, [job.id]).get(job.id)
