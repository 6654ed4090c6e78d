"""What a browser holds for us: only what we signed, with our key and for its own purpose, counts."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.team.login.sign_ins import LIFETIME, TOKEN
from tests.conftest import SECRET_KEY, make_settings, pass_the_door
from tests.factories.team import PASSWORD, make_member
from tests.unit.team.signed_in import is_signed_in


@pytest.fixture
def ben(client: FlaskClient, database: Database) -> FlaskClient:
    pass_the_door(client, make_member(database, "ben").email)
    return client


def with_cookie(app: Flask, value: str) -> FlaskClient:
    browser = app.test_client()
    browser.set_cookie("desk", value)
    return browser


def value_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("desk")
    assert cookie is not None
    return cookie.value


def test_a_session_that_was_changed_or_signed_elsewhere_is_nobodys(app: Flask, ben: FlaskClient, tmp_path: Path):
    good = value_of(ben)
    payload, moment, signature = good.rsplit(".", 2)
    with ben.session_transaction() as session:
        content = dict(session)
    other = create_app(make_settings(tmp_path, secret_key="another-key-" * 4))
    elsewhere = other.session_interface.get_signing_serializer(other).dumps(content)
    forgeries = {
        "changed": f"{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}.{moment}.{signature}",
        "no signature": f"{payload}.{moment}.",
        "shortened": good[:-4],
        "another key": elsewhere,
    }
    context_of(other).database.dispose()

    assert is_signed_in(with_cookie(app, good))
    assert [name for name, value in forgeries.items() if is_signed_in(with_cookie(app, value))] == []


@pytest.mark.parametrize("algorithm", ["none", "md5", "sha1", "sha512"])
def test_only_one_algorithm_counts(app: Flask, ben: FlaskClient, algorithm: str):
    payload_and_moment = value_of(ben).rpartition(".")[0].encode()
    if algorithm == "none":
        forged = f"{payload_and_moment.decode()}."
    else:
        digest = getattr(hashlib, algorithm)
        key = hmac.new(SECRET_KEY.encode(), b"cookie-session", digest).digest()
        signature = urlsafe_b64encode(hmac.new(key, payload_and_moment, digest).digest()).rstrip(b"=")
        forged = f"{payload_and_moment.decode()}.{signature.decode()}"

    assert not is_signed_in(with_cookie(app, forged))


def test_the_algorithm_is_sha_256_for_sessions_forms_and_known_browsers(app: Flask, ben: FlaskClient):
    for name in ("desk", "desk_browser"):
        cookie = ben.get_cookie(name)
        assert cookie is not None
        assert len(cookie.value.rpartition(".")[2]) == 43, name  # 256 bits in base64
    app.config["WTF_CSRF_ENABLED"] = True
    token = ben.get("/account").text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    assert len(token.rpartition(".")[2]) == 43


def test_what_was_signed_for_something_else_signs_nobody_in(app: Flask, ben: FlaskClient):
    with ben.session_transaction() as session:
        content = {TOKEN: session[TOKEN]}
    assert isinstance(app.session_interface, SecureCookieSessionInterface)
    of_a_browser = URLSafeTimedSerializer(
        SECRET_KEY,
        salt="a browser that is known",
        serializer=app.session_interface.serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    ).dumps(content)

    assert not is_signed_in(with_cookie(app, str(of_a_browser)))
    known = ben.get_cookie("desk_browser")
    assert known is not None
    assert not is_signed_in(with_cookie(app, known.value))


def test_a_session_that_is_too_old_counts_as_none(app: Flask, ben: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    """Whatever its sign-in says: its own time is looked at too."""
    old = value_of(ben)
    signed_at = TimestampSigner.get_timestamp

    monkeypatch.setattr(
        TimestampSigner, "get_timestamp", lambda self: signed_at(self) + int(LIFETIME.total_seconds()) + 60
    )

    assert not is_signed_in(with_cookie(app, old))


def test_a_token_of_a_form_is_over_after_twelve_hours(app: Flask, client: FlaskClient, database: Database):
    app.config["WTF_CSRF_ENABLED"] = True
    typed = {"email": make_member(database, "ben").email, "password": PASSWORD}
    page = client.get("/sign-in").text
    typed["csrf_token"] = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]

    with time_machine.travel(utc_now() + timedelta(hours=12, minutes=1), tick=False):
        late = client.post("/sign-in", data=typed)

    assert late.status_code == 400
    assert client.post("/sign-in", data=typed).status_code == 303
