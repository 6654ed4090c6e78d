"""One's own account: name and password."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.team.factors.passwords import verify_password
from dashboard.team.models import Member
from tests.factories.team import PASSWORD

SignInAs = Callable[[str], FlaskClient]
NEW_PASSWORD = "another fine long one"


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_everybody_has_an_account_page(sign_in: SignInAs, name: str):
    page = sign_in(name).get("/account")

    assert page.status_code == 200
    assert f"{name}@example.com" in page.text


@pytest.mark.parametrize(("method", "path"), [("get", "/account"), ("post", "/account"), ("post", "/account/password")])
def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient, method: str, path: str):
    answer = getattr(client, method)(path)

    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


def test_a_new_name_is_kept_and_written_down(sign_in: SignInAs, session: Session):
    client = sign_in("cleo")

    answer = client.post("/account", data={"name": " Cleo B. "})

    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Your name was changed." in client.get("/account").text
    assert session.exec(select(Member.name)).one() == "Cleo B."
    assert "member.renamed" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "C\0leo", "C\nleo"])
def test_a_name_that_will_not_do_is_refused_beside_its_field(sign_in: SignInAs, session: Session, name: str):
    answer = sign_in("cleo").post("/account", data={"name": name})

    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert "<title>Error: Your account" in answer.text
    assert session.exec(select(Member.name)).one() == "Cleo"


def test_markup_in_a_name_stays_text(sign_in: SignInAs):
    client = sign_in("cleo")

    client.post("/account", data={"name": "<b>Cleo</b>"})

    assert "<b>Cleo" not in client.get("/account").text


def test_a_new_password_keeps_this_browser_and_ends_every_copy(app: Flask, sign_in: SignInAs, session: Session):
    client = sign_in("ben")
    cookie = client.get_cookie("desk")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("desk", cookie.value)

    answer = client.post("/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD})

    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert thief.get("/account").status_code == 303
    assert verify_password(session.exec(select(Member.password_hash)).one(), NEW_PASSWORD)


def test_the_current_password_is_asked_for(sign_in: SignInAs, session: Session):
    answer = sign_in("ben").post("/account/password", data={"current": "wrong", "password": NEW_PASSWORD})

    assert answer.status_code == 422
    assert "This is not your current password." in answer.text
    assert 'value="Ben"' in answer.text
    assert verify_password(session.exec(select(Member.password_hash)).one(), PASSWORD)


def test_a_weak_new_password_is_refused_and_not_shown(sign_in: SignInAs):
    answer = sign_in("ben").post("/account/password", data={"current": PASSWORD, "password": "Password-1234"})

    assert answer.status_code == 422
    assert "easy to guess" in answer.text
    assert "Password-1234" not in answer.text


def test_guessing_the_current_password_is_slowed_down(sign_in: SignInAs):
    client = sign_in("ben")
    for _ in range(10):
        client.post("/account/password", data={"current": "wrong", "password": NEW_PASSWORD})

    answer = client.post("/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD})

    assert answer.status_code == 429


def test_the_key_that_leads_to_the_search_can_be_switched_off(sign_in: SignInAs):
    cleo = sign_in("cleo")
    assert "data-slash" in cleo.get("/jobs").text

    for ticked, is_on in (({}, False), ({"slash_focuses_search": "yes"}, True)):
        assert cleo.post("/account/keyboard", data=ticked).location == "/account"
        assert ("data-slash" in cleo.get("/jobs").text) is is_on
        assert ('value="yes" checked' in cleo.get("/account").text) is is_on
