"""One member as an owner sees and changes them: role, access, a way to a new password."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database
from dashboard.permissions import Role
from dashboard.team.models import Member
from tests.factories.team import make_member
from tests.unit.team.conftest import BrowserOf, handed_link, invite

NOBODY = "/team/01890000-0000-7000-8000-000000000000"
WRITES = ("role", "suspension", "suspension/end", "password-resets")


def page_of(database: Database, name: str) -> str:
    return f"/team/{make_member(database, name).id}"


def role_of(session: Session, name: str) -> Role:
    return session.exec(select(Member.role).where(Member.email == f"{name}@example.com")).one()


def test_an_owner_sees_what_is_known_and_the_twin_says_the_same(browser_of: BrowserOf, database: Database):
    browser_of("cleo")
    ada, page = browser_of("ada"), page_of(database, "cleo")

    text, twin = ada.get(page).text, ada.get(f"{page}.json").get_json()

    assert "/audit?who=cleo@example.com" in text
    for words in ("cleo@example.com", "Viewer. Looks only", "Change role", "Make a link", "Disable Cleo"):
        assert words in text
    assert (twin["email"], twin["role"], twin["has_second_factor"]) == ("cleo@example.com", "viewer", False)
    assert twin["last_seen_at"] is not None
    assert (twin["disabled_at"], twin["reset_link"], twin["reset_mail"]) == (None, None, None)
    assert "password_hash" not in twin


def test_a_member_who_never_came_was_never_seen(browser_of: BrowserOf, database: Database):
    page = page_of(database, "ben")
    ada = browser_of("ada")

    assert "Never signed in" in ada.get(page).text
    assert ada.get(f"{page}.json").get_json()["last_seen_at"] is None
    assert "Never<span" in ada.get("/team").text


def test_a_new_role_counts_at_once_and_ends_what_was_open(browser_of: BrowserOf, database: Database, session: Session):
    ben, ada = browser_of("ben"), browser_of("ada")
    assert ben.get("/jobs/new").status_code == 200

    answer = ada.post(f"{page_of(database, 'ben')}/role", data={"role": "viewer"})

    assert answer.status_code == 303
    assert ben.get("/jobs/new").status_code == 303
    assert role_of(session, "ben") == Role.VIEWER
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "member.role_changed")).one()
    assert (line.who, line.details) == ("ada@example.com", {"from": "operator", "to": "viewer"})


def test_the_same_role_again_changes_nothing(browser_of: BrowserOf, database: Database, session: Session):
    ben, ada = browser_of("ben"), browser_of("ada")

    ada.post(f"{page_of(database, 'ben')}/role", data={"role": "operator"})

    assert ben.get("/account").status_code == 200
    assert "member.role_changed" not in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()


@pytest.mark.parametrize("role", ["", "admin", "OWNER"])
def test_a_role_that_there_is_not_is_refused(browser_of: BrowserOf, database: Database, session: Session, role: str):
    answer = browser_of("ada").post(f"{page_of(database, 'ben')}/role", data={"role": role})

    assert answer.status_code == 422
    assert "Choose one from the list." in answer.text
    assert 'id="role-error"' in answer.text
    assert role_of(session, "ben") == Role.OPERATOR


def test_a_disabled_member_is_out_at_once_and_may_come_back(
    client: FlaskClient, browser_of: BrowserOf, database: Database
):
    ben, ada, page = browser_of("ben"), browser_of("ada"), page_of(database, "ben")

    assert ada.post(f"{page}/suspension").status_code == 303
    assert ben.get("/account").status_code == 303
    assert "Enable again" in ada.get(page).text
    assert "No, disabled" in ada.get("/team").text

    assert ada.post(f"{page}/suspension/end").status_code == 303
    assert ben.get("/account").status_code == 303  # what ended stays ended
    assert browser_of("ben").get("/account").status_code == 200


def test_what_a_member_of_less_had_open_stops_working(app: Flask, browser_of: BrowserOf, database: Database):
    ada = browser_of("ada")
    ada.post(f"{page_of(database, 'ben')}/role", data={"role": "owner"})
    ben = browser_of("ben")
    _, link = invite(ben)
    page = page_of(database, "ben")
    ada.post(f"{page}/password-resets")
    reset = handed_link(ada, page)

    ada.post(f"{page}/role", data={"role": "operator"})

    stranger = app.test_client()
    assert [stranger.get(path).status_code for path in (link, reset)] == [404, 404]


@pytest.mark.parametrize("what", ["role", "suspension", "password-resets"])
def test_nobody_changes_their_own_role_or_access(
    browser_of: BrowserOf, database: Database, session: Session, what: str
):
    ada, page = browser_of("ada"), page_of(database, "ada")
    ada.post(f"{page_of(database, 'ben')}/role", data={"role": "owner"})

    answer = ada.post(f"{page}/{what}", data={"role": "viewer"}, follow_redirects=True)

    assert 'class="flash flash-caution"' in answer.text
    assert role_of(session, "ada") == Role.OWNER
    assert ada.get("/team").status_code == 200
    assert "This is you." in ada.get(page).text


def test_a_disabled_member_is_enabled_before_anything_else(browser_of: BrowserOf, database: Database):
    ada, page = browser_of("ada"), page_of(database, "dan")

    answers = [
        ada.post(f"{page}/{what}", data={"role": "viewer"}, follow_redirects=True)
        for what in ("role", "password-resets")
    ]

    assert all("This member is disabled. Enable them first." in answer.text for answer in answers)


def test_only_you_is_said_with_what_to_do(browser_of: BrowserOf, database: Database):
    ada = browser_of("ada")
    assert "Only you." in ada.get("/team").text

    page = page_of(database, "ben")
    assert "One owner." in ada.get("/team").text

    ada.post(f"{page}/role", data={"role": "owner"})
    assert "One owner." not in ada.get("/team").text


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_other_roles_and_strangers_neither_see_nor_change_members(
    browser_of: BrowserOf, client: FlaskClient, database: Database, session: Session, name: str
):
    other, page = browser_of(name), page_of(database, "dan")

    assert {other.get(path).status_code for path in (page, f"{page}.json")} == {403}
    assert {other.post(f"{page}/{what}", data={"role": "owner"}).status_code for what in WRITES} == {403}
    assert [client.get(page).status_code, client.get(f"{page}.json").status_code] == [303, 401]
    assert {client.post(f"{page}/{what}").status_code for what in WRITES} == {303}
    assert role_of(session, "dan") == Role.OPERATOR


def test_a_member_that_there_is_not_is_not_found(sign_in: Callable[[str], FlaskClient]):
    ada = sign_in("ada")

    assert [ada.get(NOBODY).status_code, ada.get(f"{NOBODY}.json").status_code] == [404, 404]
    assert {ada.post(f"{NOBODY}/{what}", data={"role": "viewer"}).status_code for what in WRITES} == {404}
