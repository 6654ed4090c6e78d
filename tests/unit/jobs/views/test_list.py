"""The list of jobs: filters, search, pages by key, polling, and its JSON twin."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.products import Product
from tests.factories.jobs import BVN, update_job
from tests.unit.jobs.views.test_one_job import LIST_FIELDS

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]


def ids(client: FlaskClient, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return [item["id"] for item in answer.json["items"]]


def make_many(database: Database, count: int) -> None:
    now = utc_now()
    with database.transaction() as session:
        for number in range(count):
            session.add(
                Job(
                    id=new_id(),
                    environment="sandbox",
                    product=Product.ENHANCED_KYC,
                    job_type=5,
                    user_id=f"user-{number}",
                    job_id=f"job-{number}",
                    state=JobState.WAITING,
                    step=SendingStep.SENT,
                    created_by="ben@example.com",
                    created_at=now,
                    changed_at=now,
                )
            )
            session.flush()


def test_home_leads_to_a_page_that_answers(sign_in: SignInAs, client: FlaskClient):
    assert client.get("/").status_code == 303

    answer = sign_in("cleo").get("/", follow_redirects=True)

    assert answer.status_code == 200


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_everybody_on_the_team_reads_the_list(sign_in: SignInAs, make_job: MakeJob, who: str):
    make_job(asks={"customer_reference": "cust-4401"})

    page = sign_in(who).get("/jobs").text

    assert "cust-4401" in page
    assert BVN not in page
    assert "Amina" not in page


def test_list_needs_a_sign_in(client: FlaskClient):
    assert client.get("/jobs").status_code == 303
    assert client.get("/jobs.json").status_code == 401


def test_twin_has_the_documented_fields(sign_in: SignInAs, make_job: MakeJob):
    job = make_job()

    twin = sign_in("cleo").get("/jobs.json").json

    assert twin is not None
    assert set(twin) == {"items", "next", "count", "count_is_exact"}
    assert (twin["next"], twin["count"], twin["count_is_exact"]) == (None, 1, True)
    assert twin["items"][0].keys() >= LIST_FIELDS
    assert twin["items"][0]["id"] == str(job.id)


def test_other_environment_stays_out_of_sight(sign_in: SignInAs, make_job: MakeJob):
    make_job(environment="production", asks={"customer_reference": "live-one"})

    ben = sign_in("ben")

    assert ids(ben, "/jobs.json") == []
    assert ids(ben, f"/jobs.json?q={BVN}") == []
    assert "live-one" not in ben.get("/jobs").text


@pytest.fixture
def story(make_job: MakeJob) -> dict[str, Job]:
    late = utc_now() - timedelta(hours=1)
    return {
        "queued": make_job(Product.ENHANCED_KYC),
        "approved": make_job(state=JobState.DONE, outcome="approved"),
        "unknown": make_job(state=JobState.DONE, outcome="unknown"),
        "failed": make_job(Product.DOCUMENT_VERIFICATION, state=JobState.FAILED, asks={"country": "GH"}),
        "overdue": make_job(state=JobState.WAITING, callback_due_at=late),
        "disagreeing": make_job(state=JobState.DONE, outcome="approved", disagreement="They differ."),
    }


def test_filters_find_what_they_say(sign_in: SignInAs, story: dict[str, Job]):
    ben = sign_in("ben")
    expected = {
        "state=failed": ["failed"],
        "state=done": ["disagreeing", "unknown", "approved"],
        "outcome=approved&needs=disagreement": ["disagreeing"],
        "product=document_verification": ["failed"],
        "country=gh": ["failed"],
        "needs=overdue": ["overdue"],
        "needs=unknown": ["unknown"],
        "needs=failed": ["failed"],
        "state=queued&outcome=approved": [],
    }

    for query, names in expected.items():
        assert ids(ben, f"/jobs.json?{query}") == [str(story[name].id) for name in names], query
        assert ben.get(f"/jobs?{query}", follow_redirects=True).status_code == 200, query


@pytest.mark.parametrize("name", ["state", "outcome", "product", "country", "needs", "q", "number", "phone"])
def test_nonsense_finds_nothing_and_breaks_nothing(sign_in: SignInAs, make_job: MakeJob, name: str):
    make_job()
    ben = sign_in("ben")

    for nonsense in ("nonsense", "%00", "a%00b", "%F0%9F%A6%9C", "%ED%A0%80", "%27%20OR%201=1", "%25"):
        assert ids(ben, f"/jobs.json?{name}={nonsense}") == [], nonsense
        assert "Nothing matches" in ben.get(f"/jobs?{name}={nonsense}", follow_redirects=True).text


def test_search_finds_every_id_by_its_beginning(sign_in: SignInAs, make_job: MakeJob):
    asks = {"user_id": "Customer-77", "job_id": "jid_88.x", "customer_reference": "ref:99"}
    job = make_job(asks=asks, smile_job_id="0000000046")
    ben = sign_in("ben")

    for found in ("Customer-77", "customer 77", "Customer", "jid_", "jid_88.x", "ref:", "00000000", str(job.id)):
        assert ids(ben, f"/jobs.json?q={quote(found)}") == [str(job.id)], found
    for missed in ("ustomer", BVN[:-1], "jid%", "_"):
        assert ids(ben, f"/jobs.json?q={quote(missed)}") == [], missed


def test_pages_follow_each_other_by_key_without_gap_or_repetition(sign_in: SignInAs, database: Database):
    make_many(database, 120)
    ben, found, address = sign_in("ben"), [], "/jobs.json?state=waiting"

    sizes = []
    while address:
        twin = ben.get(address).json
        assert twin is not None
        sizes.append(len(twin["items"]))
        found += [item["job_id"] for item in twin["items"]]
        address = twin["next"]

    assert sizes == [50, 50, 20]
    assert found == [f"job-{number}" for number in reversed(range(120))]
    assert "120 jobs" in ben.get("/jobs").text


@pytest.mark.parametrize("after", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_page_after_nonsense_is_harmless(sign_in: SignInAs, make_job: MakeJob, after: str):
    make_job()

    assert len(ids(sign_in("ben"), f"/jobs.json?after={after}")) == (0 if after.startswith("0000") else 1)


def test_names_that_flask_uses_itself_do_no_harm_in_an_address(sign_in: SignInAs, database: Database):
    make_many(database, 51)
    ben = sign_in("ben")
    query = "endpoint=x&_external=1&_scheme=ftp&_anchor=a&_method=POST&values=x&self=x"

    page, twin = ben.get(f"/jobs?{query}"), ben.get(f"/jobs.json?{query}").json

    assert page.status_code == 200
    assert twin is not None
    assert twin["next"].startswith("/jobs.json?")
    assert len(ids(ben, twin["next"])) == 1


def test_open_list_hears_only_of_changes(sign_in: SignInAs, database: Database, make_job: MakeJob):
    job, ben = make_job(), sign_in("ben")
    page = ben.get("/jobs").text
    address = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

    quiet = ben.get(address, headers={"HX-Request": "true"})
    update_job(database, job, changed_at=utc_now(), state=JobState.CANCELLED)
    newer = make_job(asks={"customer_reference": "newer-one"})
    changed = ben.get(address, headers={"HX-Request": "true"})

    assert (quiet.status_code, quiet.data) == (204, b"")
    assert changed.status_code == 200
    assert f"job-{job.id}" in changed.text
    assert f"job-{newer.id}" not in changed.text
    assert "1 new job" in changed.text
    assert "<html" not in changed.text


def test_strip_counts_what_needs_somebody(sign_in: SignInAs, story: dict[str, Job], settings: Settings):
    page = sign_in("ben").get("/jobs").text

    assert "1 overdue callback" in page
    assert "1 disagreement" in page
    assert "1 unknown code" in page
    assert "1 failed" in page
    assert "provisional</a>" not in page.partition("needs-you")[2].partition("</p>")[0]
