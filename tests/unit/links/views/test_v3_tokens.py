"""A token of v3 by hand: what it binds, shown once with references in place of personal data, and kept nowhere."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.db import Database, utc_now
from dashboard.links.models import WebToken
from dashboard.smile import InvalidRequest, Refused, TransportFailed
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding, write_branding
from tests.factories.clients import replace_clients
from tests.factories.links import FakeV3Tokens

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PERSON = {
    "id_number": "22200000001",
    "given_names": "Amina Fatou",
    "last_name": "Clearwater",
    "email": "amina.clearwater@example.com",
    "phone_number": "+2348012345678",
}
FIELDS = {"product": "biometric_kyc", "user_id": "user-1", "country": "NG", "id_type": "BVN", "callback_url": ""}


@pytest.fixture
def smile(app: Flask) -> FakeV3Tokens:
    return give_tokens(app)


def give_tokens(app: Flask, *answers: Any) -> FakeV3Tokens:
    fake = FakeV3Tokens(answers or (None,))
    replace_clients(app, v3_pages=fake)
    return fake


def test_token_binds_what_was_entered_and_is_shown_once_with_references(
    sign_in: SignInAs, smile: FakeV3Tokens, session: Session
):
    ben = sign_in("ben")
    answer = ben.post("/tokens/v3", data=FIELDS | PERSON)

    page = unescape(answer.text)
    (asked,) = smile.asked
    assert (asked["product"], asked["user_id"]) == ("biometric_kyc", "user-1")
    assert asked["payload"] == PERSON | {
        "country": "NG", "id_type": "BVN", "callback_url": "http://localhost/hooks/smile",
    }  # fmt: skip
    assert answer.status_code == 200
    assert 'data-copy="a.v3.token"' in page
    assert re.search(r"<time data-countdown datetime=", page)
    assert "pii_id_number" in page
    assert not [value for value in PERSON.values() if value in page]
    assert "Issued by ben@example.com" in page
    assert "/inline/v12/js/script.min.js" in page
    assert "no-store" in answer.headers["Cache-Control"]
    kept = session.exec(select(WebToken)).one()
    assert (kept.api, kept.issued_by, kept.product, kept.user_id, kept.job_id) == (
        SmileApi.V3, "ben@example.com", "biometric_kyc", "user-1", "",
    )  # fmt: skip
    assert not [value for value in (*PERSON.values(), "a.v3.token") if value in f"{kept}"]
    assert "a.v3.token" not in ben.get("/tokens/v3/new").text
    assert ben.get("/tokens.json").json["items"][0]["api"] == "v3"


def test_token_of_nothing_is_for_any_product_and_customer(sign_in: SignInAs, smile: FakeV3Tokens):
    page = unescape(sign_in("ben").post("/tokens/v3", data={"product": "any"}).text)

    (asked,) = smile.asked
    assert (asked["product"], asked["user_id"]) == (None, None)
    assert asked["payload"] == {"callback_url": "http://localhost/hooks/smile"}
    assert "SmileIdentity({" not in page
    assert "SmileID-Token" in page


def test_consent_that_was_given_elsewhere_is_recorded_with_the_policy(
    sign_in: SignInAs, smile: FakeV3Tokens, database: Database
):
    before = sign_in("ben").post("/tokens/v3", data=FIELDS | {"consent": "yes"})
    with database.transaction() as session:
        write_branding(session, Branding(policy_url="https://kora.example/privacy"), utc_now())
    sign_in("ben").post("/tokens/v3", data=FIELDS | {"consent": "yes", "notice_language": "FR"})

    assert before.status_code == 422
    assert 'id="consent-error"' in before.text
    consent = smile.asked[0]["payload"]["consent"]
    assert (consent["granted"], consent["notice_language"], consent["notice_privacy_policy_url"]) == (
        True, "FR", "https://kora.example/privacy",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": ""}, "product"),
        ({"product": "nothing"}, "product"),
        ({"product": "smart_selfie_authentication", "user_id": ""}, "user_id"),
        ({"user_id": "two\x7fwords"}, "user_id"),
        ({"country": "XX"}, "country"),
        ({"country": ""}, "country"),
        ({"id_type": "", "id_number": "1"}, "id_type"),
        ({"email": "nobody"}, "email"),
        ({"phone_number": "12"}, "phone_number"),
        ({"last_name": "x" * 201}, "last_name"),
        ({"callback_url": "http://example.com/hook"}, "callback_url"),
    ],
)
def test_bad_input_is_told_beside_its_field(
    sign_in: SignInAs, smile: FakeV3Tokens, changes: dict[str, str], field: str
):
    answer = sign_in("ben").post("/tokens/v3", data=FIELDS | PERSON | changes)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert smile.asked == []


@pytest.mark.parametrize(
    ("trouble", "status", "field"),
    [
        (TransportFailed("no answer in time"), 503, "product"),
        (Refused(400, "invalid", "Required field 'consent.granted_at' is missing or invalid."), 422, "product"),
        (Refused(400, "invalid", "Required field 'id_type' is missing or invalid."), 422, "id_type"),
        (Refused(400, "wrong_number", "Invalid ID number format for the ID type."), 422, "id_number"),
        (InvalidRequest({"payload.callback_url": "has to begin with https"}), 422, "callback_url"),
    ],
)
def test_what_smile_refuses_is_told_beside_its_field_with_the_form_kept(
    sign_in: SignInAs, app: Flask, session: Session, trouble: Exception, status: int, field: str
):
    give_tokens(app, trouble)

    answer = sign_in("ben").post("/tokens/v3", data=FIELDS | PERSON)

    assert answer.status_code == status
    assert f'id="{field}-error"' in answer.text
    assert 'value="Clearwater"' in answer.text
    assert session.exec(select(WebToken)).all() == []


@pytest.mark.parametrize(("who", "status"), [("ben", 200), ("cleo", 403)])
def test_who_may_issue_tokens(sign_in: SignInAs, smile: FakeV3Tokens, who: str, status: int):
    member = sign_in(who)

    answers = [member.get("/tokens/v3/new"), member.post("/tokens/v3", data=FIELDS)]

    assert {answer.status_code for answer in answers} == {status}
