"""Search boxes: what is typed goes on as filters in the address, but an ID number never stands in one."""

import base64
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.app import create_app
from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import ProcessingRun
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.jobs.models import Job
from tests.conftest import ENCRYPTION_KEY, let_in
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import BVN, make_job
from tests.factories.links import make_link
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGES = ("jobs", "links", "callbacks")
#: As they are printed on documents; nobody here is known by them.
NUMBERS_OF_NOBODY = ("22299988877", "A00123456", "GHA-123456789-0", "AAA00000AA00", "1234/5678/901", "19 0085 1234567")


@pytest.fixture
def job(app: Flask, database: Database, settings: Settings) -> Job:
    with app.app_context():
        return make_job(database, settings, asks={"customer_reference": "cust-4411"}, smile_job_id="0000000046")


def search(client: FlaskClient, address: str, **typed: str) -> str:
    """Where a search leads."""
    answer = client.post(address, data=typed)
    assert answer.status_code == 303, answer.text
    return answer.location


def found(client: FlaskClient, address: str) -> list[str]:
    path, _, query = address.partition("?")
    items = client.get(f"{path}.json?{query}").get_json()["items"]
    return [item["id"] for item in items]


def test_an_id_number_never_stands_in_an_address(sign_in: SignInAs, job: Job, keyring: KeyRing):
    ben = sign_in("ben")

    leads = {
        typed: [search(ben, f"/{page}/searches", q=typed) for page in PAGES] for typed in (BVN, *NUMBERS_OF_NOBODY)
    }

    for typed, addresses in leads.items():
        number = ".".join(keyring.digests_of_number(typed))
        assert addresses == [f"/{page}?number={number}" for page in PAGES]
        assert number.startswith(keyring.digest_of_number(typed))
    assert found(ben, leads[BVN][0]) == [str(job.id)]
    assert found(ben, leads[NUMBERS_OF_NOBODY[0]][0]) == []


def test_no_page_of_the_search_repeats_the_number(sign_in: SignInAs, job: Job):
    ben = sign_in("ben")

    pages = [ben.post(f"/{page}/searches", data={"q": BVN}, follow_redirects=True) for page in PAGES]

    for page in pages:
        assert page.status_code == 200
        assert BVN not in page.text + page.request.url
        assert "Shows only entries with the ID number that you searched for." in page.text


@pytest.mark.parametrize("typed", ["cust-4411", "cust", "0000000046", "00000000", "810", "Amina Bello", "a&b=c#d"])
def test_everything_else_goes_on_sealed_and_comes_back_as_it_was_typed(
    sign_in: SignInAs, job: Job, keyring: KeyRing, typed: str
):
    ben = sign_in("ben")

    address = search(ben, "/jobs/searches", q=f" {typed} ")

    (sealed,) = parse_qs(urlsplit(address).query)["q"]
    assert keyring.open_from_address(sealed.removeprefix("~"), "jobs") == typed
    assert f'value="{escape(typed)}"' in ben.get(address).text


def test_an_id_of_ours_that_looks_like_a_number_stays_an_id(sign_in: SignInAs, client: FlaskClient, job: Job):
    deliver(client, encode(make_payload(job_id="20261124-778899")))
    ben = sign_in("ben")

    addresses = [
        search(ben, "/jobs/searches", q=str(job.id)),
        search(ben, "/jobs/searches", q="0000000046"),
        search(ben, "/callbacks/searches", q="20261124-778"),
    ]

    assert not any("number=" in address for address in addresses)
    assert found(ben, addresses[0]) == found(ben, addresses[1]) == [str(job.id)]
    assert len(found(ben, addresses[2])) == 1


def test_a_number_is_found_whole_only_and_however_it_is_written(sign_in: SignInAs, job: Job):
    ben = sign_in("ben")

    assert found(ben, search(ben, "/jobs/searches", q=f"  {BVN} ")) == [str(job.id)]
    assert found(ben, search(ben, "/jobs/searches", q=BVN[:-1])) == []


def test_the_other_filters_are_kept_and_the_number_with_them(sign_in: SignInAs, job: Job):
    ben = sign_in("ben")
    first = search(ben, "/jobs/searches", q=BVN, state="queued", country="NG", outcome="")
    number = parse_qs(urlsplit(first).query)["number"][0]

    again = search(ben, "/jobs/searches", number=number, state="done")

    assert parse_qs(urlsplit(first).query) == {"number": [number], "state": ["queued"], "country": ["NG"]}
    assert parse_qs(urlsplit(again).query) == {"number": [number], "state": ["done"]}
    assert f'name="number" value="{number}"' in ben.get(first).text
    assert '<a href="/jobs?state=queued&amp;country=NG">Remove this filter</a>' in ben.get(first).text


@pytest.mark.parametrize("page", PAGES)
def test_a_number_that_somebody_wrote_into_an_address_does_not_stay_there(
    sign_in: SignInAs, job: Job, keyring: KeyRing, page: str
):
    ben = sign_in("ben")

    answer = ben.get(f"/{page}?q={BVN}&state=queued")

    assert (answer.status_code, answer.location) == (
        303,
        f"/{page}?state=queued&number={keyring.digest_of_number(BVN)}",
    )
    assert found(ben, f"/{page}?number={BVN}") == []
    assert search(ben, f"/{page}/searches", number=BVN) == f"/{page}"


def test_a_link_is_found_by_the_number_of_the_job_it_led_to(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    with app.app_context():
        link, _ = make_link(database, settings)
        make_link(database, settings)
        make_job(database, settings, link_id=link.id)
    ben = sign_in("ben")

    assert found(ben, search(ben, "/links/searches", q=BVN)) == [str(link.id)]


def test_a_number_is_still_found_after_a_new_key_came(
    job: Job, database: Database, database_url: str, settings: Settings
):
    rotated = Database(database_url, KeyRing([b"n" * 32, base64.b64decode(ENCRYPTION_KEY)]))
    app = create_app(settings, database=rotated)
    app.config["WTF_CSRF_ENABLED"] = False
    ben = app.test_client()
    let_in(ben, make_member(database, "ben"))

    assert found(ben, search(ben, "/jobs/searches", q=BVN)) == [str(job.id)]

    with app.app_context():
        newer = make_job(rotated, settings)

    assert found(ben, search(ben, "/jobs/searches", q=BVN)) == [str(newer.id), str(job.id)]
    rotated.dispose()


def test_a_program_searches_the_twins_in_the_same_way(sign_in: SignInAs, job: Job):
    ben = sign_in("ben")

    twin = ben.post("/jobs/searches.json", data={"q": BVN}, follow_redirects=True)

    assert [item["id"] for item in twin.get_json()["items"]] == [str(job.id)]
    assert BVN not in twin.request.url


def test_the_searches_need_what_their_lists_need(app: Flask, client: FlaskClient, sign_in: SignInAs):
    for page in (*PAGES, "audit"):
        assert client.post(f"/{page}/searches").location == f"/sign-in?next=/{page}&pressed=1"

    cleo = sign_in("cleo")

    assert [cleo.post(f"/{page}/searches").status_code for page in PAGES] == [303] * 3
    assert cleo.post("/audit/searches").status_code == 403


def test_an_export_and_a_run_leave_no_trace_of_a_number_in_the_trail(
    sign_in: SignInAs, client: FlaskClient, job: Job, session: Session, keyring: KeyRing
):
    deliver(client, encode(make_payload(IDNumber=BVN)))
    ben, digest = sign_in("ben"), keyring.digest_for_search(BVN)

    table = ben.get(f"/jobs.csv?number={digest}").text
    run = ben.post("/callbacks/processing-runs", data={"q": BVN})

    assert len(table.splitlines()) == 2
    assert run.location == f"/callbacks?number={digest}"
    assert BVN not in str(session.exec(select(ProcessingRun.filters)).one())
    lines = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    kept = {line.action: line.details for line in lines}
    assert kept["jobs.exported"] == {"number": "a search", "jobs": "1"}
    assert kept["callback.run_started"] == {"number": "a search", "count": "1"}


def test_the_trail_is_searched_by_post_too_and_knows_no_numbers(sign_in: SignInAs, job: Job):
    ada = sign_in("ada")

    by_number = ada.post("/audit/searches", data={"q": BVN, "what": "job"})
    by_reference = ada.post("/audit/searches", data={"q": "cust-4411", "what": "job"})

    assert by_number.location == "/audit?what=job"
    assert "not by an ID number" in ada.get(by_number.location).text
    assert "cust-4411" not in by_reference.location
    assert 'value="cust-4411"' in ada.get(by_reference.location).text


@pytest.mark.parametrize("page", [*PAGES, "audit"])
def test_a_filter_is_no_longer_than_what_stands_well_in_an_address(sign_in: SignInAs, page: str):
    ada = sign_in("ada")
    name = "what" if page == "audit" else "country" if page != "links" else "stage"

    answers = [ada.post(f"/{page}/searches", data={field: "x" * 300_000}) for field in ("q", "number", name)]

    assert {answer.status_code for answer in answers if answer.status_code != 303} == {422}
    assert all(len(answer.headers.get("Location", "")) < 100 for answer in answers)
