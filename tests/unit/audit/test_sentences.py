"""Lines as sentences: every action has words, rows have their names and links, and what is gone is still told."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.audit.trail import record
from dashboard.audit.wording import OWN_WORDS, split_subject
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.submission import JobRequest, submit_job
from tests.factories.jobs import make_job
from tests.factories.links import make_link
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
CODE = Path(__file__).parents[3] / "dashboard"


def recorded_actions() -> Iterator[str]:
    """Each action that the code writes out where it records."""
    for path in CODE.rglob("*.py"):
        source = path.read_text()
        for call in ast.walk(ast.parse(source)) if "record(" in source else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                action = call.args[1] if len(call.args) > 1 else None
                if isinstance(action, ast.Constant):
                    yield str(action.value)


def test_every_action_that_is_recorded_has_words(app: Flask):
    """New ones get theirs in `audit_words.py` of their slice."""
    told = context_of(app).audit_words.sentences

    actions = set(recorded_actions())

    assert {"job.revealed", "member.signed_in", "smile_key.added", "audit.exported"} <= actions
    assert sorted(actions - told.keys()) == []


def sentences(client: FlaskClient) -> list[str]:
    return [item["sentence"] for item in client.get("/audit.json").get_json()["items"]]


def test_lines_are_told_with_names_and_lead_to_what_they_are_about(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    ben = sign_in("ben")
    with app.app_context():
        job = make_job(database, settings, customer_reference="cust-4411")
        link, _ = make_link(database, settings, customer_reference="cust-4412")
    ben.post(f"/jobs/{job.id}/reveals", data={"reason": "other", "note": "A call from\n the  bank"})
    ben.post(f"/links/{link.id}/pause")
    ada = sign_in("ada")

    told, page = sentences(ada), ada.get("/audit").text

    assert told[:3] == [
        "Ada signed in",
        "Ben paused the link for cust-4412",
        "Ben revealed the personal data of job cust-4411",
    ]
    assert f'<a href="/jobs/{job.id}">job cust-4411</a>' in page
    assert f'<a href="/links/{link.id}">the link for cust-4412</a>' in page
    assert "reason: other, note: A call from the bank" in page


@pytest.mark.parametrize(
    ("action", "subject", "sentence"),
    [
        (
            "job.revealed",
            "job 01a20000-0000-7000-8000-000000000000",
            "The worker revealed the personal data of job 01a20000…",
        ),
        ("smile_key.added", "key 3", "The worker added key 3 of Smile's API"),
        ("settings.changed", "settings", "The worker changed the settings"),
        ("thing.turned_round", "thing 7", "The worker thing, turned round: thing 7"),
    ],
)
def test_what_is_gone_or_unknown_is_told_without_a_link_to_a_row(
    sign_in: SignInAs, database: Database, action: str, subject: str, sentence: str
):
    with database.transaction() as session:
        record(session, action, subject, utc_now(), who="worker")

    ada = sign_in("ada")

    assert sentences(ada)[1] == sentence
    assert f'href="/jobs/{subject[4:]}"' not in ada.get("/audit").text


def test_a_row_of_another_environment_is_not_named(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    with app.app_context():
        job = make_job(database, settings, customer_reference="cust-production", environment="production")

    told = sentences(sign_in("ada"))

    assert f"created job {str(job.id)[:8]}…" in told[1]
    assert "cust-production" not in told[1]


def test_a_customers_reference_and_any_id_find_all_that_was_done(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    ben = sign_in("ben")
    with app.app_context():
        job = make_job(database, settings, customer_reference="cust-4411")
        make_job(database, settings, customer_reference="cust-9")
        make_link(database, settings, customer_reference="cust-4411")
    ben.post(f"/jobs/{job.id}/cancellation")
    ada = sign_in("ada")

    by_reference, by_id, by_job_id, by_member = (
        [item["action"] for item in ada.get(f"/audit.json?q={typed}").get_json()["items"]]
        for typed in ("cust-4411", job.id, job.job_id, "ada@example.com")
    )

    assert by_reference == ["job.cancelled", "link.created", "job.created"]
    assert by_id == by_job_id == ["job.cancelled", "job.created"]
    assert by_member == ["member.signed_in"]


def test_a_name_with_markup_stays_text(app: Flask, sign_in: SignInAs, database: Database, settings: Settings):
    with app.app_context():
        make_job(database, settings, customer_reference="<script>alert(1)</script>")

    assert "<script>alert" not in sign_in("ada").get("/audit").text


def test_a_member_who_left_is_named(sign_in: SignInAs, database: Database):
    dan = make_member(database, "dan")
    with database.transaction() as session:
        record(session, "member.disabled", f"member {dan.id}", utc_now(), who="command line")

    assert sentences(sign_in("ada"))[1] == "The command line disabled Dan"


def test_who_is_no_member_is_told_in_words(app: Flask, sign_in: SignInAs, client: FlaskClient, database: Database):
    make_member(database, "dan")
    client.post("/sign-in", data={"email": "dan@example.com", "password": "a wrong guess of his"})

    ada = sign_in("ada")

    assert sentences(ada)[1] == "Somebody failed to prove that they are Dan"
    assert '<option value="somebody signed out">Somebody</option>' in ada.get("/audit").text


def test_who_made_a_job_is_who_the_job_says(database: Database, settings: Settings, sign_in: SignInAs):
    """Also where no request says so, as in a command or the demo."""
    with database.transaction() as session:
        wanted = JobRequest(Product.ENHANCED_KYC, country="NG", id_type="NIN", id_number="00000000000")
        submit_job(session, wanted, settings, "ben@example.com", utc_now())

    assert sentences(sign_in("ada"))[1].startswith("ben@example.com created job")


def test_subjects_are_split_into_noun_and_id():
    row_id = new_id()

    assert split_subject(f"processing run {row_id}") == ("processing run", row_id)
    assert split_subject("settings") == ("settings", None)
    assert split_subject(str(row_id)) == (str(row_id), None)
    assert split_subject("") == ("", None)
    assert OWN_WORDS.noun == "audit trail"
