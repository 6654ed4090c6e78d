"""500 ways to wrap a number, typed into each search box: found where it is, and in no address, log line or page."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import BVN, make_job
from tests.factories.links import make_link
from tests.factories.typed import wrappings

SignInAs = Callable[[str], FlaskClient]
PAGES = ("jobs", "links", "callbacks")
#: All boxes read what is typed in one place, so one of them takes all the ways, and the others each fifth.
FEWER = 5
#: What a wrapped number must not be found by in an address: itself, and any four digits of it in a row.
PIECES = [BVN[at : at + 4] for at in range(len(BVN) - 3)]
CANARIES = (
    "Amina Canary-Bello",
    "amina.canary@example.com",
    "ref/canary/2026",
    "o'canary@example.com",
    "canary|5f7c8ec7",
)


@pytest.fixture
def here(app: Flask, client: FlaskClient, database: Database, settings: Settings) -> None:
    """One job, its link and a callback, all with the number."""
    with app.app_context():
        link, _ = make_link(database, settings)
        make_job(database, settings, link_id=link.id)
    deliver(client, encode(make_payload(IDNumber=BVN)))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("page", PAGES)
def test_a_wrapped_number_is_found_and_stands_in_no_address(
    sign_in: SignInAs, page: str, keyring: KeyRing, capfd: pytest.CaptureFixture[str]
):
    cleo = sign_in("cleo")
    capfd.readouterr()

    ways = list(dict.fromkeys(wrappings(BVN)))[:: 1 if page == "jobs" else FEWER]
    locations = {typed: cleo.post(f"/{page}/searches", data={"q": typed}).location for typed in ways}

    assert len(locations) > (490 if page == "jobs" else 98)  # some of the 500 are equal by chance
    digest = keyring.digest_of_number(BVN)
    for typed, location in locations.items():
        assert f"number={digest}" in location, ascii(typed)
        assert "q=" not in location, ascii(typed)
    addresses = {
        location: cleo.get(location.replace(f"/{page}?", f"/{page}.json?")) for location in set(locations.values())
    }
    assert {answer.get_json()["count"] for answer in addresses.values()} == {1}
    shown = cleo.get(next(iter(addresses))).text
    assert BVN not in shown
    logged = "".join(capfd.readouterr())
    assert BVN not in logged
    assert not any(f" {piece}" in logged for piece in PIECES)


@pytest.mark.usefixtures("here")
def test_a_wrapped_number_is_no_search_of_the_trail(sign_in: SignInAs):
    ada = sign_in("ada")

    locations = {ada.post("/audit/searches", data={"q": typed}).location for typed in list(wrappings(BVN))[::FEWER]}

    assert locations == {"/audit"}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("typed", CANARIES)
@pytest.mark.parametrize("page", [*PAGES, "audit"])
def test_what_is_typed_stands_in_no_address(sign_in: SignInAs, page: str, typed: str):
    ada = sign_in("ada")

    by_form = ada.post(f"/{page}/searches", data={"q": typed}).location
    by_hand = ada.get(f"/{page}", query_string={"q": typed, "after": "nonsense"})

    assert by_hand.status_code == 303
    for location in (by_form, by_hand.location):
        assert location.startswith(f"/{page}?")
        assert "canary" not in unquote(location).lower()
    answer = ada.get(by_form)
    assert answer.status_code == 200
    assert not [part for part in answer.text.split('"') if part.startswith("/") and "canary" in unquote(part).lower()]


@pytest.mark.parametrize("page", [*PAGES, "audit"])
def test_what_is_typed_is_in_no_address_of_the_sign_in(client: FlaskClient, page: str):
    answer = client.get(f"/{page}?q=canary&state=queued")

    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=/{page}?state%3Dqueued"


@pytest.mark.parametrize("page", ["jobs", "links", "callbacks", "audit"])
@pytest.mark.parametrize("sealed", ["~", "~nonsense", "~" + "A" * 80, "~é", "~" + "A" * 5000])
def test_a_search_that_does_not_open_finds_nothing_and_says_so(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, page: str, sealed: str
):
    with app.app_context():
        make_job(database, settings)
        make_link(database, settings)
    ada = sign_in("ada")

    answer = ada.get(f"/{page}", query_string={"q": sealed})

    assert answer.status_code == 200
    assert "The search in this address can no longer be read, so nothing is found." in answer.text
    assert ada.get(f"/{page}.json", query_string={"q": sealed}).get_json()["items"] == []


def test_what_is_sealed_for_one_list_opens_in_no_other(sign_in: SignInAs, keyring: KeyRing):
    sealed = keyring.seal_for_address("cust-1", "links")

    assert "can no longer be read" in sign_in("ben").get(f"/jobs?q=~{sealed}").text
    assert keyring.open_from_address(sealed, "links") == "cust-1"


def test_a_search_is_still_read_after_a_new_key_came(keyring: KeyRing):
    old, new = b"o" * 32, b"n" * 32
    sealed = KeyRing([old]).seal_for_address("Ọbí", "jobs")

    assert KeyRing([new, old]).open_from_address(sealed, "jobs") == "Ọbí"
    assert KeyRing([new]).open_from_address(sealed, "jobs") is None


@pytest.mark.parametrize("page", [*PAGES, "audit"])
def test_a_search_without_end_is_refused_in_a_sentence(sign_in: SignInAs, page: str):
    ada = sign_in("ada")

    answer = ada.post(f"/{page}/searches", data={"q": "x" * 300_000})

    assert answer.status_code == 422
    assert "A search can have at most 200 characters." in answer.text
    assert ada.post(f"/{page}/searches", data={"q": "x" * 200}).status_code == 303


def test_a_program_may_search_in_clear_and_is_given_a_sealed_address(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    with app.app_context():
        for number in range(51):
            make_job(database, settings, asks={"customer_reference": f"canary-{number}"})
    ben = sign_in("ben")

    first = ben.get("/jobs.json?q=CANARY").get_json()
    assert first["count"] == 51
    second = ben.get(first["next"]).get_json()

    assert (first["count"], len(first["items"]), len(second["items"])) == (51, 50, 1)
    assert "canary" not in first["next"].lower()


def test_a_text_that_begins_as_a_sealed_one_is_just_typed(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings
):
    with app.app_context():
        job = make_job(database, settings, asks={"customer_reference": "~odd"})
    ben = sign_in("ben")

    location = ben.post("/jobs/searches.json", data={"q": "~odd"}).location

    assert [item["id"] for item in ben.get(location).get_json()["items"]] == [str(job.id)]
