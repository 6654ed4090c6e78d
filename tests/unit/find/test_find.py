"""The box answers in groups, by id, number, name and words, to each role what it may see, and opens an exact match."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.callbacks.models import Callback
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job
from dashboard.jobs.name_search.switch import turn_switch
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import make_job, update_job
from tests.factories.links import make_link
from tests.factories.plans import plans_of
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
Make = Callable[..., Job]
TYPING = {"HX-Request": "true"}
NUMBER, PHONE = "22299988877", "+234 801 555 7788"
ZURI = {"first_name": "Zuri", "last_name": "Wanjikũ", "phone_number": PHONE}


@pytest.fixture
def make(app: Flask, database: Database, settings: Settings) -> Make:
    return lambda **asks: make_job(database, settings, asks=asks)


def typed(client: FlaskClient, text: str) -> dict[str, list[str]]:
    """The addresses of the answers while typing, by the label of their group."""
    answer = client.post("/find", data={"q": text}, headers=TYPING)
    assert answer.status_code == 200
    parts = re.split(r'<p class="find-group"[^>]*>', answer.text)[1:]
    return {part.partition("</p>")[0].strip(): re.findall(r'role="option"[^>]*href="([^"]+)"', part) for part in parts}


def opened(client: FlaskClient, text: str) -> str | None:
    """Where Enter leads to."""
    return client.post("/find", data={"q": text}).location


def test_a_job_is_found_by_any_of_its_ids(sign_in: SignInAs, make: Make, database: Database):
    make(user_id="other", job_id="find-me-no", customer_reference="other")
    job = make(user_id="Amina@Example.com", job_id="find-me-7", customer_reference="cust/ọbí")
    update_job(database, job, smile_job_id="0000000115")
    cleo, address = sign_in("cleo"), f"/jobs/{job.id}"

    for spelled in ("find-me-7", "FIND ME 7", "Amina@Example.com", "cust/ọbí", "CUST / OBI", "0000000115", "115"):
        assert typed(cleo, spelled) == {"Jobs": [address]}, spelled
        assert opened(cleo, spelled) == address


def test_our_own_id_is_found_also_inside_an_address(sign_in: SignInAs, make: Make):
    job = make()
    ben = sign_in("ben")

    assert opened(ben, str(job.id)) == f"/jobs/{job.id}"
    assert opened(ben, f"https://desk.example.com/jobs/{job.id}?x=1") == f"/jobs/{job.id}"


def test_a_beginning_finds_some_and_opens_none(sign_in: SignInAs, make: Make):
    jobs = [make(job_id=f"begin-{number}") for number in range(7)]
    ben = sign_in("ben")

    found = typed(ben, "begin")["Jobs"]
    page = ben.post("/find", data={"q": "begin"})

    assert len(found) == 6
    assert found[5].startswith("/jobs?q=~")
    assert page.status_code == 200
    assert all(f"/jobs/{job.id}" in page.text for job in jobs)


def test_of_many_jobs_of_one_user_the_newest_are_named_and_the_list_shows_all(sign_in: SignInAs, make: Make):
    jobs = [make(user_id="same-user") for _ in range(7)]
    ben = sign_in("ben")

    found = typed(ben, "same-user")["Jobs"]

    assert found[:5] == [f"/jobs/{job.id}" for job in jobs[:1:-1]]
    assert len(ben.get(found[5].replace("/jobs?", "/jobs.json?")).get_json()["items"]) == 7


def test_a_number_is_found_in_every_spelling(sign_in: SignInAs, make: Make):
    job = make(id_number=NUMBER)
    make(id_number="22200000001")
    ben = sign_in("ben")

    for spelled in (NUMBER, "222 9998 8877", "BVN: 222-999-888-77"):
        assert typed(ben, spelled) == {"With this ID number": [f"/jobs/{job.id}"]}
        assert opened(ben, spelled) == f"/jobs/{job.id}"


def test_of_a_number_that_many_share_the_list_shows_all(sign_in: SignInAs, make: Make):
    for _ in range(6):
        make(id_number=NUMBER)

    found = typed(sign_in("ben"), NUMBER)["With this ID number"]

    assert parse_qs(urlsplit(found[5]).query).keys() == {"number"}
    assert NUMBER not in found[5]


def test_a_phone_number_is_found(sign_in: SignInAs, make: Make):
    job = make(person=ZURI)

    assert typed(sign_in("ben"), "0801 555 7788") == {"With this phone number": [f"/jobs/{job.id}"]}


def test_a_callback_that_no_job_has_is_found_by_what_it_says(
    sign_in: SignInAs, client: FlaskClient, database: Database
):
    deliver(client, encode(make_payload(job_id="of-another-system")))
    with database.reading() as session:
        callback = session.exec(select(Callback)).one()
    ben, address = sign_in("ben"), f"/callbacks/{callback.id}"

    assert typed(ben, "of-another-system") == {"Callbacks": [address]}
    assert typed(ben, callback.body_sha256).get("Callbacks", [address]) == [address]
    assert typed(ben, str(callback.id)[:13]) == {"Callbacks": [address]}
    assert opened(ben, str(callback.id)) == address


def test_a_link_is_found_by_its_reference_and_its_address(
    sign_in: SignInAs, app: Flask, database: Database, settings: Settings
):
    with app.app_context():
        link, code = make_link(database, settings, customer_reference="kora-77")
    ben = sign_in("ben")

    assert opened(ben, "KORA 77") == f"/links/{link.id}"
    assert opened(ben, f"http://localhost/v/{code}") == f"/links/{link.id}"
    assert opened(ben, f"http://localhost/v/{code[:-1]}x") is None


def test_owners_and_operators_find_a_person_by_name(sign_in: SignInAs, make: Make):
    job = make(person=ZURI)

    for name in ("ada", "ben"):
        member = sign_in(name)
        assert typed(member, "wanjiku zuri") == {"People with this name": [f"/jobs/{job.id}"]}
        assert opened(member, "wanjiku zuri") is None, "two may have the same name"


def test_a_viewer_finds_no_person_by_name(sign_in: SignInAs, make: Make):
    make(person=ZURI)
    cleo = sign_in("cleo")

    assert typed(cleo, "zuri") == {}
    assert ", a name" not in cleo.get("/find").text


def test_nobody_is_found_by_name_while_that_is_switched_off(sign_in: SignInAs, make: Make, database: Database):
    make(person=ZURI)
    with database.transaction() as session:
        turn_switch(session, is_on=False, now=utc_now())
    ben = sign_in("ben")

    assert typed(ben, "zuri") == {}
    assert ", a name" not in ben.get("/find").text


def test_only_an_owner_finds_members(sign_in: SignInAs, database: Database):
    dan = make_member(database, "dan")

    assert opened(sign_in("ada"), dan.email) == f"/team/{dan.id}"
    assert typed(sign_in("ada"), "DAN") == {"Members": [f"/team/{dan.id}"]}
    assert typed(sign_in("ben"), "dan") == {}


def test_another_environment_is_not_searched(sign_in: SignInAs, make: Make, database: Database):
    job = make(job_id="elsewhere-1", id_number=NUMBER, person=ZURI)
    update_job(database, job, environment="production")
    ben = sign_in("ben")

    assert [typed(ben, text) for text in ("elsewhere-1", NUMBER, str(job.id))] == [{}, {}, {}]


def test_words_lead_to_the_list_with_just_these_filters(sign_in: SignInAs):
    ben = sign_in("ben")

    assert opened(ben, "rejected document kenya") == "/jobs?outcome=rejected&product=document_verification&country=KE"
    assert typed(ben, "expired links") == {"As a filter": ["/links?stage=expired"]}


def test_words_that_are_not_understood_are_said(sign_in: SignInAs):
    ben = sign_in("ben")

    page = ben.post("/find", data={"q": "rejected purple"})

    assert page.status_code == 200
    assert "Not understood as a filter: <q>purple</q>." in page.text
    assert "/jobs?outcome=rejected" in page.text


def test_one_answer_of_two_kinds_is_not_opened_by_itself(
    sign_in: SignInAs, app: Flask, database: Database, settings: Settings, make: Make
):
    with app.app_context():
        make_link(database, settings, customer_reference="both")
    make(customer_reference="both")
    ben = sign_in("ben")

    assert opened(ben, "both") is None
    assert list(typed(ben, "both")) == ["Jobs", "Links"]


def test_any_text_is_answered(sign_in: SignInAs, make: Make):
    make()
    ben = sign_in("ben")

    for text in ("", " ", "x", "\0", "%", "~", "' OR 1=1", "\u202e", "😀😀", "zz" * 100):
        assert typed(ben, text) == {}, text
        assert ben.post("/find", data={"q": text}).status_code == 200


def test_a_text_that_is_too_long_is_refused(sign_in: SignInAs):
    ben = sign_in("ben")

    answers = [ben.post("/find", data={"q": "x" * 201}, headers=headers) for headers in ({}, TYPING)]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("at most 200 characters" in answer.text for answer in answers)


def test_what_is_typed_stands_in_no_address(sign_in: SignInAs, make: Make):
    job = make(id_number=NUMBER, customer_reference="Zuri Wanjiku")
    for _ in range(6):
        make(id_number=NUMBER, customer_reference="Zuri Wanjiku")

    answers = [sign_in("ben").post("/find", data={"q": text}) for text in (NUMBER, "Zuri Wanjiku", "zuri")]

    addresses = re.findall(r'(?:href|action|hx-post)="([^"]*)"', "".join(answer.text for answer in answers))
    assert f"/jobs/{job.id}" in addresses
    assert not [address for address in addresses if NUMBER in address or "uri" in address]


def test_a_program_gets_the_same_answers(sign_in: SignInAs, make: Make):
    job = make(id_number=NUMBER, customer_reference="cust-1")
    cleo = sign_in("cleo")

    by_id = cleo.post("/find.json", data={"q": str(job.id)}).get_json()
    by_words = cleo.post("/find.json", data={"q": "rejected kenya"}).get_json()
    too_long = cleo.post("/find.json", data={"q": "x" * 201})

    assert (by_id["count"], by_id["exact"]) == (1, f"/jobs/{job.id}")
    ((group,), (answer,)) = by_id["groups"], by_id["groups"][0]["answers"]
    assert (group["label"], answer["label"], answer["state"]) == ("Jobs", "cust-1", "queued")
    assert "/jobs?outcome=rejected&country=KE" in [
        answer["address"] for group in by_words["groups"] for answer in group["answers"]
    ]
    assert NUMBER not in cleo.post("/find.json", data={"q": NUMBER}).text
    assert (too_long.status_code, "at most 200" in too_long.text) == (422, True)


def test_the_box_is_on_every_page_and_once_on_its_own(sign_in: SignInAs):
    cleo = sign_in("cleo")

    for address in ("/account", "/jobs", "/find"):
        page = cleo.get(address).text
        form = page.partition('<form class="find" action="/find" method="post"')[2].partition("</form>")[0]
        assert 'name="csrf_token"' in form
        assert page.count('id="find-anything"') == 1


def test_nobody_finds_anything_signed_out(client: FlaskClient):
    assert client.post("/find", data={"q": "x"}).location == "/sign-in?next=/find&pressed=1"
    assert client.get("/find").location == "/sign-in?next=/find"


def test_every_look_is_a_stretch_of_an_index(sign_in: SignInAs, make: Make, database: Database):
    make(id_number=NUMBER, person=ZURI)
    ben, texts = sign_in("ben"), (NUMBER, "zuri wanjiku", "019f0a", "cust", f"https://x/v/{'a' * 32}", "a" * 64)

    plans = plans_of(database, lambda: [typed(ben, text) for text in texts], "job", "link", "callback", "name_part")

    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN") or plan.endswith("(environment=?)")]
