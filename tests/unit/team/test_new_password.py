"""A new password without the old one, by a link that an owner makes."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.team.email.outbox import OutgoingMail
from dashboard.team.factors.passwords import verify_password
from dashboard.team.models import Member
from dashboard.team.one_time import PasswordReset
from tests.factories.team import PASSWORD, SECOND_STEP, make_member
from tests.unit.team.conftest import BrowserOf, handed_link

pytestmark = pytest.mark.both_engines

NEW_PASSWORD = "another fine long one"
NOBODYS = "/new-password/" + "A" * 32


def reset_link(ada: FlaskClient, database: Database, name: str = "ben") -> str:
    page = f"/team/{make_member(database, name).id}"
    assert ada.post(f"{page}/password-resets").location == page
    return handed_link(ada, page)


def password_hash_of(session: Session, name: str) -> str:
    return session.exec(select(Member.password_hash).where(Member.email == f"{name}@example.com")).one()


def test_a_link_of_an_owner_sets_a_password_and_ends_every_sign_in(
    app: Flask, browser_of: BrowserOf, database: Database, session: Session
):
    ben, ada = browser_of("ben"), browser_of("ada")
    link = reset_link(ada, database)
    stranger = app.test_client()
    assert stranger.get(link).status_code == 200

    answer = stranger.post(link, data={"password": NEW_PASSWORD})

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert stranger.get("/account").status_code == 303  # through the door like everybody
    assert ben.get("/account").status_code == 303
    assert verify_password(password_hash_of(session, "ben"), NEW_PASSWORD)
    lines = session.exec(
        select(AuditEntry).where(col(AuditEntry.action).like("member.%")).order_by(AuditEntry.sequence)
    )
    assert [(line.action, line.who) for line in lines][-2:] == [
        ("member.reset_link_made", "ada@example.com"),
        ("member.password_set", "ben@example.com"),
    ]


def test_a_second_factor_is_still_asked_for(app: Flask, browser_of: BrowserOf, database: Database):
    """A mailbox, or an owner, opens no account by itself."""
    ada, ben = browser_of("ada"), make_member(database, "ben", has_app=True)
    link = reset_link(ada, database)
    ben_again = app.test_client()
    ben_again.post(link, data={"password": NEW_PASSWORD})

    answer = ben_again.post("/sign-in", data={"email": ben.email, "password": NEW_PASSWORD})

    assert (answer.status_code, answer.location) == (303, SECOND_STEP)
    assert ben_again.get("/account").status_code == 303


def test_the_address_is_shown_once(browser_of: BrowserOf, database: Database):
    ada = browser_of("ada")
    link = reset_link(ada, database)

    page = ada.get(f"/team/{make_member(database, 'ben').id}").text

    assert link not in page
    assert "A link is open until" in page


def test_used_expired_replaced_and_unknown_are_one_page(app: Flask, browser_of: BrowserOf, database: Database):
    ada = browser_of("ada")
    used, replaced, expired = (reset_link(ada, database, name) for name in ("ben", "cleo", "cleo"))
    app.test_client().post(used, data={"password": NEW_PASSWORD})

    with time_machine.travel(utc_now() + timedelta(hours=1, seconds=1)):
        stranger = app.test_client()
        answers = [
            stranger.open(link, method=method, data={"password": NEW_PASSWORD})
            for link in (used, replaced, expired, NOBODYS, NOBODYS.replace("new-password", "invitations"))
            for method in ("GET", "POST")
        ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


def test_a_password_that_is_set_otherwise_ends_an_open_link(app: Flask, browser_of: BrowserOf, database: Database):
    link = reset_link(browser_of("ada"), database)

    browser_of("ben").post("/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD})

    assert app.test_client().get(link).status_code == 404


def test_looking_changes_nothing_and_a_weak_password_spends_nothing(
    app: Flask, browser_of: BrowserOf, database: Database, session: Session
):
    link, stranger = reset_link(browser_of("ada"), database), app.test_client()
    assert {stranger.open(link, method=method).status_code for method in ("GET", "HEAD", "OPTIONS")} == {200}

    weak, empty = (stranger.post(link, data={"password": password}) for password in ("Password-1234", ""))

    assert (weak.status_code, empty.status_code) == (422, 422)
    assert "easy to guess" in weak.text
    assert "Password-1234" not in weak.text
    assert session.exec(select(PasswordReset.used_at)).one() is None
    assert stranger.post(link, data={"password": NEW_PASSWORD}).status_code == 303


def test_without_e_mail_the_door_says_whom_to_ask(client: FlaskClient, session: Session):
    page = client.get("/forgotten-password")
    sent = client.post("/forgotten-password", data={"email": "ben@example.com"})

    assert "/forgotten-password" in client.get("/sign-in").text
    assert page.status_code == 200
    assert "Ask an owner of your team." in page.text
    assert "<form" not in page.text
    assert (sent.status_code, sent.text) == (404, page.text)
    assert session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all() == []
