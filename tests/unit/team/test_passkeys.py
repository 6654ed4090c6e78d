"""What a made-up, old or foreign answer of a passkey is worth. Right ones come from a browser: tests/browser/team."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cbor2
import pytest
import time_machine
from flask import Flask
from flask import session as cookie
from flask.testing import FlaskClient
from sqlmodel import Session, select
from webauthn.helpers import bytes_to_base64url

from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.team.factors.models import Passkey
from dashboard.team.factors.passkeys import host_of
from dashboard.team.login.challenges import ANSWERED_WITHIN, KEPT_FOR, offer_challenge, spend_challenge
from tests.conftest import make_settings
from tests.factories.team import make_member
from tests.unit.team.signed_in import copy_of, is_signed_in

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
BYTES = "AAAA"
ANSWER = {
    "id": BYTES,
    "rawId": BYTES,
    "type": "public-key",
    "response": {"clientDataJSON": BYTES, "authenticatorData": BYTES, "signature": BYTES, "userHandle": BYTES},
}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://desk.example.com", "desk.example.com"),
        ("https://desk.example.com:8443", "desk.example.com"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", ""),
        ("https://192.0.2.1", ""),
        ("http://[::1]:8000", ""),
        ("http://desk.example.com", ""),
    ],
)
def test_passkeys_are_offered_where_browsers_have_them(tmp_path: Path, address: str, host: str):
    assert host_of(make_settings(tmp_path, public_url=address)) == host


@pytest.mark.parametrize(
    "credential",
    ["", "nonsense", "[]", "{}", "\0", json.dumps(ANSWER), json.dumps({**ANSWER, "id": 7}), "[" * 30_000],
)
def test_made_up_answer_signs_nobody_in(client: FlaskClient, database: Database, credential: str):
    make_member(database, "ben")
    client.get("/sign-in")

    answer = client.post("/sign-in/passkey", data={"credential": credential})

    assert answer.status_code == 422
    assert "This passkey was not accepted." in answer.text
    assert not is_signed_in(client)


@pytest.mark.parametrize("credential", ["nonsense", "{}", json.dumps(ANSWER)])
def test_made_up_registration_is_refused_beside_the_form(sign_in: SignInAs, session: Session, credential: str):
    client = sign_in("ben")
    client.get("/account/passkeys/new")

    answer = client.post("/account/passkeys", data={"name": "Phone", "credential": credential})

    assert answer.status_code == 422
    assert 'value="Phone"' in answer.text
    assert "could not be added" in answer.text
    assert session.exec(select(Passkey)).all() == []


@pytest.mark.parametrize(
    "key", [{}, {1: 2}, {1: 2, 3: -7, -1: 1, -2: b"x"}, {1: 1, 3: -8, -1: "x"}, [1, 2], 7, "x", {1: 3, 3: -257, -1: 1}]
)
def test_key_that_is_not_shaped_like_one_is_refused_and_no_error(app: Flask, sign_in: SignInAs, key: object):
    client = sign_in("ben")
    client.get("/account/passkeys/new")
    with client.session_transaction() as cookie:
        challenge = cookie["challenge"][2]

    answer = client.post("/account/passkeys", data={"name": "Phone", "credential": registration_of(key, challenge)})

    assert answer.status_code == 422
    assert "could not be added" in answer.text


def registration_of(key: object, challenge: str) -> str:
    """Right in everything but the public key."""
    told = json.dumps({"type": "webauthn.create", "challenge": challenge, "origin": "http://localhost"}).encode()
    user_present_verified_and_a_key, some_id = b"\x45", b"x" * 16
    data = hashlib.sha256(b"localhost").digest() + user_present_verified_and_a_key + bytes(4 + 16)
    data += len(some_id).to_bytes(2, "big") + some_id + cbor2.dumps(key)
    attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
    answer = {"clientDataJSON": bytes_to_base64url(told), "attestationObject": bytes_to_base64url(attestation)}
    name = bytes_to_base64url(some_id)
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": answer})


def test_registration_without_an_offered_challenge_is_refused(sign_in: SignInAs):
    answer = sign_in("ben").post("/account/passkeys", data={"name": "Phone", "credential": json.dumps(ANSWER)})

    assert answer.status_code == 422
    assert "open for too long" in answer.text


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb"])
def test_name_that_will_not_do_is_told(sign_in: SignInAs, name: str):
    client = sign_in("ben")
    client.get("/account/passkeys/new")

    answer = client.post("/account/passkeys", data={"name": name, "credential": json.dumps(ANSWER)})

    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text


def test_challenge_is_answered_once_even_with_the_cookie_of_before(app: Flask, database: Database):
    """A browser can send an old cookie again; the database remembers which challenges were answered."""
    now = utc_now()
    with app.test_request_context(), database.transaction() as session:
        challenge = offer_challenge("sign in", now)
        first = spend_challenge(session, "sign in", now)
        cookie["challenge"] = ["sign in", now.timestamp(), challenge]
        second = spend_challenge(session, "sign in", now)

    assert (first, second) == (challenge, None)


@pytest.mark.parametrize(
    ("purpose", "later", "is_good"),
    [
        ("sign in", ANSWERED_WITHIN, True),
        ("sign in", ANSWERED_WITHIN + timedelta(seconds=1), False),
        ("confirmation", timedelta(0), False),
        ("sign in", timedelta(seconds=-1), False),
    ],
)
def test_challenge_is_for_one_purpose_and_a_few_minutes(
    app: Flask, database: Database, purpose: str, later: timedelta, is_good: bool
):
    now = utc_now()
    with app.test_request_context(), database.transaction() as session:
        offered = offer_challenge("sign in", now)

        assert spend_challenge(session, purpose, now + later) == (offered if is_good else None)


def test_two_tabs_share_a_challenge_until_it_is_old(app: Flask):
    now = utc_now()
    with app.test_request_context():
        offered = [offer_challenge("sign in", now + later) for later in (timedelta(0), KEPT_FOR, KEPT_FOR * 1.1)]

    assert offered[0] == offered[1] != offered[2]


def test_without_a_name_the_pages_say_why_there_are_none(tmp_path: Path, database_url: str):
    app = create_app(make_settings(tmp_path, database_url=database_url, public_url="http://127.0.0.1:8000"))
    app.config["WTF_CSRF_ENABLED"] = False
    make_member(context_of(app).database, "ben")
    client = app.test_client()
    door = client.get("/sign-in").text
    client.post("/sign-in", data={"email": "ben@example.com", "password": "correct horse battery staple"})

    pages = [client.get(path).text for path in ("/account/second-factors", "/account/passkeys/new")]

    assert "data-passkey" not in door
    assert all("only on https and on localhost" in page for page in pages)
    context_of(app).database.dispose()


def test_half_sign_in_stays_when_its_passkey_is_wrong(client: FlaskClient, database: Database):
    ada = make_member(database, "ada")
    client.post("/sign-in", data={"email": ada.email, "password": "correct horse battery staple"})

    answer = client.post("/sign-in/passkey", data={"credential": "nonsense"})

    assert answer.status_code == 422
    assert "Second step" in answer.text
    assert "This passkey was not accepted." in answer.text


def test_confirmation_by_a_made_up_passkey_confirms_nothing(sign_in: SignInAs):
    client = sign_in("ada")
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        answer = client.post("/account/confirmation/passkey", data={"credential": "nonsense", "next": "/team"})

        assert answer.status_code == 422
        assert 'value="/team"' in answer.text
        assert client.get("/settings/callbacks").status_code == 303


def test_page_of_a_new_passkey_offers_a_challenge_of_the_session(app: Flask, sign_in_at_door: SignInAs):
    client = sign_in_at_door("ben")
    first = client.get("/account/passkeys/new").text
    other = copy_of(app, sign_in_at_door("ben")).get("/account/passkeys/new").text

    challenges = [page.partition("challenge&#34;: &#34;")[2].partition("&#34;")[0] for page in (first, other)]

    assert len(set(challenges)) == 2
    assert all(len(challenge) == 43 for challenge in challenges)
