"""Search finds what is meant: by an index, on both engines, also among rows of before; no identity is ever folded."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlmodel import col, select

from dashboard.callbacks import tasks as callback_tasks
from dashboard.callbacks.models import Callback
from dashboard.callbacks.search_index import FILLED_UP_TO, count_unfilled_callbacks
from dashboard.config import Settings
from dashboard.db import Database, keyring_of, utc_now
from dashboard.jobs import search_index
from dashboard.jobs import tasks as job_tasks
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job
from dashboard.jobs.search_index import count_unfilled_jobs, fill_jobs, search_index_finding
from dashboard.links import tasks as link_tasks
from dashboard.links.filters import LinkFilter
from dashboard.links.models import Link
from dashboard.links.search_index import count_unfilled_links
from dashboard.privacy.finding import find_person
from dashboard.stored_settings import Setting
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import make_job, update_job
from tests.factories.links import make_link
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
IDS = {"user_id": "Amina@Example.com", "job_id": "find-me", "customer_reference": "José / Ọbí 7"}
SPELLINGS = (
    "FIND-ME",
    "find me",
    "FindM",
    "AMINA@example.COM",
    "jose / obi",
    "JOSÉ/",
    "115",
    "000-0000-0115",
    "find-me,",
)
NUMBER = "GHA-123456789-0"


@pytest.fixture
def job(app: Flask, database: Database, settings: Settings) -> Job:
    with app.app_context():
        make_job(database, settings)
        return make_job(database, settings, asks={**IDS, "id_number": NUMBER}, smile_job_id="0000000115")


def found(client: FlaskClient, page: str, typed: str) -> list[str]:
    address = client.post(f"/{page}/searches.json", data={"q": typed}).location
    return [item["id"] for item in client.get(address).get_json()["items"]]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_job_is_found_however_its_ids_are_typed(sign_in: SignInAs, job: Job, typed: str):
    assert found(sign_in("ben"), "jobs", typed) == [str(job.id)]


def test_a_number_is_found_in_every_spelling_with_its_leading_zeros(sign_in: SignInAs, job: Job, database: Database):
    with database.transaction() as session:
        session.get_one(Job, job.id).id_number_digest = keyring_of(session).digest_of_number("00000000000")

    ben = sign_in("ben")

    assert found(ben, "jobs", "000-0000-0000") == [str(job.id)]
    assert found(ben, "jobs", "0000000000") == []


@pytest.mark.parametrize("typed", ["JOSE / OBI", "jose", "amina@EXAMPLE.com"])
def test_a_link_is_found_however_its_reference_is_typed(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, typed: str
):
    with app.app_context():
        link, _ = make_link(database, settings)
        make_link(database, settings)
    with database.transaction() as session:
        row = session.get_one(Link, link.id)
        row.customer_reference, row.user_id = "José / Ọbí 7", "Amina@Example.com"

    assert found(sign_in("ben"), "links", typed) == [str(link.id)]


@pytest.mark.parametrize("typed", ["FIND-ME", "find me", "findme", "115", "0000000115", "000-0000-0115"])
def test_a_callback_is_found_however_its_ids_are_typed(sign_in: SignInAs, client: FlaskClient, typed: str):
    deliver(client, encode(make_payload(job_id="find-me", SmileJobID="0000000115")))
    deliver(client, encode(make_payload(job_id="another", SmileJobID="0000000991")))

    assert len(found(sign_in("ben"), "callbacks", typed)) == 1


def test_the_trail_is_found_however_a_reference_is_typed(sign_in: SignInAs, job: Job):
    ada = sign_in("ada")

    page = ada.post("/audit/searches", data={"q": "JOSE / OBI 7"}, follow_redirects=True).text

    assert f"/jobs/{job.id}" in page


def test_folding_takes_nobody_for_another(database: Database, job: Job):
    with database.reading() as session:
        assert find_person(session, "find me").named == []
        assert find_person(session, "amina@example.com").named == []
        assert [each.id for each in find_person(session, "Amina@Example.com\u200b").named] == [job.id]
        assert [each.id for each in find_person(session, "gha 123456789 0").named] == [job.id]


def test_each_search_is_a_stretch_of_an_index(database: Database):
    now = utc_now()

    def look() -> None:
        with database.reading() as session:
            page_of(Scope(session, "sandbox", now), JobFilter(q="find me"))
            page_of(Scope(session, "sandbox", now), LinkFilter(q="jose"))

    looks = plans_of(database, look, "job", "link")

    assert [look for look in looks if look.startswith("SCAN")] == []
    for name in ("user_id", "job_id", "smile_job_id", "customer_reference"):
        assert any(f"ix_job_environment_{name}_folded (environment=? AND {name}_folded>?" in look for look in looks), (
            name
        )
    for name in ("user_id", "customer_reference"):
        assert any(f"ix_link_environment_{name}_folded (environment=? AND {name}_folded>?" in look for look in looks), (
            name
        )


def forget(database: Database, job: Job) -> str:
    """As an older version left the rows."""
    with database.transaction() as session:
        old = keyring_of(session).digest_for_search(NUMBER)
        folded = ("user_id", "job_id", "smile_job_id", "customer_reference")
        session.connection().execute(update(Job).values({f"{name}_folded": None for name in folded}))
        session.connection().execute(update(Job).where(col(Job.id) == job.id).values(id_number_digest=old))
        session.connection().execute(update(Link).values(customer_reference_folded=None, user_id_folded=None))
        for callback in session.exec(select(Callback).order_by(Callback.id)).all():
            callback.search_text = callback.search_text.partition(" ~")[0]
            callback.id_number_digest = old
    return old


def test_rows_of_before_are_filled_and_found_meanwhile_as_they_are(
    app: Flask, sign_in: SignInAs, client: FlaskClient, database: Database, settings: Settings, job: Job
):
    with app.app_context():
        make_link(database, settings)
    deliver(client, encode(make_payload(job_id="find-me", IDNumber=NUMBER)))
    old, ben = forget(database, job), sign_in("ben")
    assert (found(ben, "jobs", "find-me"), found(ben, "jobs", "FIND ME")) == ([str(job.id)], [])
    assert (found(ben, "jobs", NUMBER), found(ben, "jobs", "gha 1234567890")) == ([str(job.id)], [])
    with database.reading() as session:
        assert (count_unfilled_jobs(session), count_unfilled_links(session), count_unfilled_callbacks(session)) == (
            2,
            1,
            1,
        )

    with app.app_context():
        for tasks in (job_tasks, link_tasks, callback_tasks):
            tasks.fill_searches(utc_now())

    with database.reading() as session:
        assert (count_unfilled_jobs(session), count_unfilled_links(session), count_unfilled_callbacks(session)) == (
            0,
            0,
            0,
        )
        row, callback = session.get_one(Job, job.id), session.exec(select(Callback)).one()
        assert row.id_number_digest == callback.id_number_digest == keyring_of(session).digest_of_number(NUMBER) != old
        assert session.get(Setting, FILLED_UP_TO) is not None
    assert found(ben, "jobs", "FIND ME") == found(ben, "jobs", "gha 1234567890") == [str(job.id)]
    assert len(found(ben, "callbacks", "FIND ME")) == len(found(ben, "callbacks", "gha 1234567890")) == 1

    deliver(client, encode(make_payload(job_id="find-me", ResultText="Again")))
    with database.reading() as session:
        assert len(session.exec(select(Callback)).all()) == 2
        assert count_unfilled_callbacks(session) == 0  # What arrives now needs no filling.


def test_filling_goes_on_where_it_broke_off(app: Flask, database: Database, settings: Settings, job: Job):
    forget(database, job)

    with database.transaction() as session:
        assert fill_jobs(session, 1) == 1
    with database.reading() as session:
        assert count_unfilled_jobs(session) == 1
    with database.transaction() as session:
        assert fill_jobs(session, 5) == 1
    with database.transaction() as session:
        assert fill_jobs(session, 5) == 0


def test_a_number_whose_key_is_gone_stops_nobody(app: Flask, database: Database, job: Job):
    forget(database, job)
    update_job(database, job, id_number_sealed=b"sealed by a key that is gone")

    with database.transaction() as session:
        assert fill_jobs(session, 5) == 2

    with database.reading() as session:
        assert session.get_one(Job, job.id).user_id_folded == "amina@example.com"


def test_the_health_page_says_how_many_are_left(
    app: Flask, sign_in: SignInAs, database: Database, job: Job, monkeypatch: pytest.MonkeyPatch
):
    ada = sign_in("ada")
    assert "All jobs are found, however a search is typed." in ada.get("/settings/health").text
    forget(database, job)

    assert (
        "2 jobs from before the last upgrade are still found only as they were originally written."
        in ada.get("/settings/health").text
    )
    assert search_index_finding(search_index.COUNT_CAP + 1, "links").sentence.startswith("More than 10,000 links")
