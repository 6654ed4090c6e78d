"""A web token by hand: shown once with what it says, and kept nowhere; that it was issued is kept."""

import base64
import json
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database
from dashboard.links.models import WebToken
from dashboard.links.tokens.tokens import read_claims
from dashboard.smile import Refused, TransportFailed
from dashboard.smile.constants import WEB_PRODUCTS
from tests.factories.clients import replace_clients
from tests.factories.links import FakeTokens

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
HOUR = 3600
FIELDS = {"product": "biometric_kyc", "user_id": "user-1", "job_id": "job-1", "callback_url": ""}


def jwt(claims: Any) -> str:
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims))
    return f"{head}.{body}.c2lnbmF0dXJl"


TOKEN = jwt({"partner_params": {"user_id": "user-1", "job_id": "job-1"}, "exp": int(time.time()) + HOUR})


@pytest.fixture
def smile(app: Flask) -> FakeTokens:
    return give_tokens(app, TOKEN)


def give_tokens(app: Flask, *answers: Any) -> FakeTokens:
    fake = FakeTokens(answers)
    replace_clients(app, tokens=fake)
    return fake


def test_token_is_shown_with_its_claims_a_countdown_and_a_snippet(sign_in: SignInAs, smile: FakeTokens):
    answer = sign_in("ben").post("/tokens", data=FIELDS)

    page = unescape(answer.text)
    assert answer.status_code == 200
    assert f'data-copy="{TOKEN}"' in page
    assert '"job_id": "job-1"' in page
    assert re.search(r"<time data-countdown datetime=", page)
    assert f'"token": "{TOKEN}"' in page
    assert "SmileIdentity({" in page
    assert "no-store" in answer.headers["Cache-Control"]


def test_who_issued_it_is_kept_and_the_token_is_not(
    sign_in: SignInAs, smile: FakeTokens, session: Session, database: Database
):
    ben = sign_in("ben")
    answer = ben.post("/tokens", data=FIELDS)

    kept = session.exec(select(WebToken)).one()
    entry = next(
        entry
        for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        if entry.action == "token.issued"
    )
    assert (kept.issued_by, kept.product, kept.user_id, kept.job_id) == (
        "ben@example.com",
        "biometric_kyc",
        "user-1",
        "job-1",
    )
    assert TOKEN not in f"{kept} {entry} {answer.headers}"
    assert TOKEN not in ben.get("/tokens/new").text
    assert ben.get("/tokens.json").json["items"][0]["job_id"] == "job-1"


def test_ids_are_made_up_and_results_come_here_unless_told_otherwise(sign_in: SignInAs, smile: FakeTokens):
    sign_in("ben").post("/tokens", data={"product": "smartselfie"})

    (asked,) = smile.asked
    assert asked["user_id"].startswith("user-")
    assert asked["job_id"].startswith("job-")
    assert asked["callback_url"] == "http://localhost/hooks/smile"


@pytest.mark.parametrize("product", WEB_PRODUCTS)
def test_every_name_of_a_product_is_taken_and_mapped_for_the_script(
    sign_in: SignInAs, smile: FakeTokens, session: Session, product: str
):
    page = unescape(sign_in("ben").post("/tokens", data=FIELDS | {"product": product}).text)

    assert f'"product": "{WEB_PRODUCTS[product]}"' in page
    assert session.exec(select(WebToken)).one().product == WEB_PRODUCTS[product]


def test_token_that_says_nothing_is_shown_all_the_same(sign_in: SignInAs, app: Flask):
    give_tokens(app, "opaque-token")

    page = sign_in("ben").post("/tokens", data=FIELDS).text

    assert "opaque-token" in page
    assert "data-countdown" not in page
    assert "content cannot be read here" in page


@pytest.mark.parametrize("expiry", [-1, 1e300, "soon", True, None])
def test_expiry_of_another_kind_is_no_countdown(sign_in: SignInAs, app: Flask, expiry: Any):
    give_tokens(app, jwt({"exp": expiry}))

    answer = sign_in("ben").post("/tokens", data=FIELDS)

    assert answer.status_code == 200
    assert "data-countdown" not in answer.text


@given(st.text() | st.binary().map(lambda body: f"a.{base64.urlsafe_b64encode(body).decode()}.c"))
def test_claims_of_anything_are_read_without_a_crash(token: str):
    assert isinstance(read_claims(token), dict)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": ""}, "product"),
        ({"product": "business_verification"}, "product"),
        ({"user_id": "two\x7fwords"}, "user_id"),
        ({"job_id": "x" * 201}, "job_id"),
        ({"product": "authentication", "user_id": ""}, "user_id"),
        ({"callback_url": "example.com"}, "callback_url"),
        ({"callback_url": "http://example.com/hook"}, "callback_url"),
        ({"callback_url": "https://user@example.com/"}, "callback_url"),
        ({"callback_url": "https://[::1"}, "callback_url"),
        ({"callback_url": "javascript:alert(1)"}, "callback_url"),
    ],
)
def test_bad_input_is_told_beside_its_field(sign_in: SignInAs, smile: FakeTokens, changes: dict[str, str], field: str):
    answer = sign_in("ben").post("/tokens", data=FIELDS | changes)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert all(value in unescape(answer.text) for name, value in changes.items() if name != "product")
    assert smile.asked == []


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(TransportFailed("no answer in time"), 503), (Refused(400, "2217", "Invalid product."), 422)],
)
def test_smile_that_gives_none_is_told_with_the_form_kept(
    sign_in: SignInAs, app: Flask, session: Session, trouble: Exception, status: int
):
    give_tokens(app, trouble)

    answer = sign_in("ben").post("/tokens", data=FIELDS)

    assert answer.status_code == status
    assert 'value="user-1"' in answer.text
    assert session.exec(select(WebToken)).all() == []


def test_company_name_cannot_end_the_script_of_the_snippet(sign_in: SignInAs, smile: FakeTokens, app: Flask):
    page = unescape(sign_in("ben").post("/tokens", data=FIELDS | {"callback_url": "https://x.example/</script>"}).text)

    assert "x.example/<\\/script>" in page


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 200), ("cleo", 403)])
def test_who_may_issue_tokens(sign_in: SignInAs, smile: FakeTokens, who: str, status: int):
    member = sign_in(who)

    answers = [member.get("/tokens/new"), member.get("/tokens.json"), member.post("/tokens", data=FIELDS)]

    assert {answer.status_code for answer in answers} == {status}


def test_signed_out_is_led_to_the_door(client: FlaskClient):
    assert client.get("/tokens/new").status_code == 303
    assert client.post("/tokens", data=FIELDS).status_code == 303
