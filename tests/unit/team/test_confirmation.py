"""Proving again who one is: before keys, factors and passwords change, and only when the last proof is old."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import utc_now
from dashboard.web.access import CONFIRMED_FOR, open_to_everybody, recent_confirmation_required, sign_in_required
from tests.factories.team import PASSWORD
from tests.unit.team.signed_in import copy_of, is_signed_in
from tests.unit.web.test_permissions import SOME_ID

SignInAs = Callable[[str], FlaskClient]
CONFIRMATION = "/account/confirmation"
KEYS = "/settings/callbacks"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(utc_now(), tick=False) as clock:
        yield clock


@pytest.fixture
def stale(sign_in: SignInAs, clock: time_machine.Traveller) -> FlaskClient:
    """Ada, who signed in more than ten minutes ago."""
    client = sign_in("ada")
    clock.shift(CONFIRMED_FOR)
    return client


def confirm(client: FlaskClient, password: str = PASSWORD, next_page: str = KEYS):
    return client.post(CONFIRMATION, data={"password": password, "next": next_page})


@pytest.mark.parametrize(
    ("method", "path", "back_to"),
    [
        ("get", f"{KEYS}?tab=keys", f"{KEYS}?tab%3Dkeys"),
        ("post", f"{KEYS}/keys", KEYS),
        ("post", f"{KEYS}/keys/{SOME_ID}/signing", KEYS),
        ("post", f"{KEYS}/keys/{SOME_ID}/retirement", KEYS),
        ("post", "/account/password", "/account"),
        ("post", "/account/sign-ins/end-others", "/account"),
        ("post", f"/account/sign-ins/{SOME_ID}/end", "/account"),
        ("post", "/account/second-factors/app/new", "/account/second-factors"),
        ("get", "/account/second-factors/app", "/account/second-factors/app"),
        ("post", "/account/second-factors/app", "/account/second-factors"),
        ("post", "/account/second-factors/app/removal", "/account/second-factors"),
        ("post", "/account/second-factors/recovery-codes", "/account/second-factors"),
        ("get", "/account/passkeys/new", "/account/passkeys/new"),
        ("post", "/account/passkeys", "/account/second-factors"),
        ("post", f"/account/passkeys/{SOME_ID}/removal", "/account/second-factors"),
    ],
)
def test_what_matters_asks_again_after_ten_minutes(stale: FlaskClient, method: str, path: str, back_to: str):
    answer = getattr(stale, method)(path)

    assert (answer.status_code, answer.location) == (303, f"{CONFIRMATION}?next={back_to}")


def test_fresh_sign_in_counts_as_a_proof(sign_in: SignInAs, clock: time_machine.Traveller):
    client = sign_in("ada")
    clock.shift(CONFIRMED_FOR - timedelta(seconds=1))

    assert client.get(KEYS).status_code == 200


def test_what_is_read_every_day_does_not_ask(stale: FlaskClient):
    assert [stale.get(path).status_code for path in ("/account", "/account/second-factors", "/jobs")] == [200] * 3


def test_password_opens_it_for_ten_minutes_more(stale: FlaskClient, clock: time_machine.Traveller, session: Session):
    answer = confirm(stale)

    assert (answer.status_code, answer.location) == (303, KEYS)
    assert stale.get(KEYS).status_code == 200
    assert "member.confirmed" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    clock.shift(CONFIRMED_FOR)
    assert stale.get(KEYS).status_code == 303


@pytest.mark.parametrize("password", ["", "wrong", "x" * 1001])
def test_wrong_password_opens_nothing(stale: FlaskClient, password: str):
    answer = confirm(stale, password)

    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert f'value="{KEYS}"' in answer.text
    assert stale.get(KEYS).status_code == 303


def test_guessing_is_slowed_down_as_at_the_door(stale: FlaskClient):
    for _ in range(10):
        confirm(stale, "wrong")

    answer = confirm(stale)

    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.text


def test_proof_makes_a_new_token_and_a_copy_is_out(app: Flask, stale: FlaskClient):
    thief = copy_of(app, stale)

    confirm(stale)

    assert is_signed_in(stale)
    assert not is_signed_in(thief)


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "/\\evil", ""])
def test_nobody_is_sent_to_another_site(stale: FlaskClient, address: str):
    assert confirm(stale, next_page=address).location == "/account"


def test_program_and_htmx_are_told_in_their_own_way(stale: FlaskClient):
    twin = stale.get(f"{KEYS}.json")
    press = stale.post(f"{KEYS}/keys", headers={"HX-Request": "true"})

    assert (twin.status_code, list(twin.get_json())) == (403, ["error"])
    assert (press.status_code, press.text) == (403, "")
    assert press.headers["HX-Redirect"] == f"{CONFIRMATION}?next={KEYS}"


def test_way_back_keeps_the_row_that_the_form_was_about(app: Flask, sign_in: SignInAs, clock: time_machine.Traveller):
    app.add_url_rule("/rows/<row_id>", "row", open_to_everybody(lambda row_id: row_id))
    act = sign_in_required(recent_confirmation_required("row")(lambda row_id, act: "done"))
    app.add_url_rule("/rows/<row_id>/<act>", "act", act, methods=["POST"])
    client = sign_in("ada")
    clock.shift(CONFIRMED_FOR)

    assert client.post("/rows/7/erasure").location == f"{CONFIRMATION}?next=/rows/7"
    confirm(client)
    assert client.post("/rows/7/erasure").text == "done"


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient, method: str):
    assert getattr(client, method)(CONFIRMATION).location.startswith("/sign-in")


def test_role_that_may_not_is_refused_before_it_is_asked(sign_in: SignInAs, clock: time_machine.Traveller):
    client = sign_in("cleo")
    clock.shift(CONFIRMED_FOR)

    assert client.get(KEYS).status_code == 403
