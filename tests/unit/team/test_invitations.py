"""Invitations: made by an owner, opened by anybody, accepted once."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.permissions import Role
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation, digest_of_code
from dashboard.web.pages.handover import cookie_of
from tests.factories.team import PASSWORD, make_member
from tests.unit.team.conftest import BrowserOf, handed_link, invite

JOINING = {"name": "Eve", "password": PASSWORD}
NOBODYS = "/invitations/" + "A" * 32


def test_an_invited_person_joins_with_the_role_they_were_given(app: Flask, browser_of: BrowserOf, session: Session):
    _, link = invite(browser_of("ada"), "Eve@Example.com ", "operator")
    eve = app.test_client()

    answer = eve.post(link, data=JOINING)

    assert (answer.status_code, answer.location) == (303, "/")
    assert "eve@example.com" in eve.get("/account").text
    assert eve.get("/team").status_code == 403
    member = session.exec(select(Member).where(Member.email == "eve@example.com")).one()
    assert (member.name, member.role) == ("Eve", Role.OPERATOR)
    lines = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()[-4:]
    assert [(line.action, line.who) for line in lines] == [
        ("invitation.created", "ada@example.com"),
        ("member.added", "eve@example.com"),
        ("invitation.accepted", "eve@example.com"),
        ("member.signed_in", "eve@example.com"),
    ]


def test_the_code_is_long_shown_once_and_kept_only_as_a_digest(browser_of: BrowserOf, session: Session):
    ada = browser_of("ada")

    page, link = invite(ada)

    code = link.rpartition("/")[2]
    assert len(code) >= 22
    assert code not in ada.get(page).text
    assert session.exec(select(Invitation.code_digest)).one() == digest_of_code(code)
    assert code not in str(session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all())


def test_a_handed_code_opens_on_no_other_page(browser_of: BrowserOf):
    ada = browser_of("ada")
    first = ada.post("/team/invitations", data={"email": "eve@example.com", "role": "viewer"}).location
    cookie = ada.get_cookie(f"desk_{cookie_of(first)}")
    other, _ = invite(ada, "finn@example.com")
    assert cookie is not None

    ada.set_cookie(f"desk_{cookie_of(other)}", cookie.value)

    assert "This address is shown only once" not in ada.get(other).text


def test_looking_changes_nothing(app: Flask, browser_of: BrowserOf):
    _, link = invite(browser_of("ada"))
    scanner = app.test_client()

    for method in ("GET", "HEAD", "OPTIONS") * 3:
        assert scanner.open(link, method=method).status_code == 200

    assert scanner.post(link, data=JOINING).status_code == 303


def test_used_expired_withdrawn_replaced_and_unknown_are_one_page(app: Flask, browser_of: BrowserOf, session: Session):
    ada = browser_of("ada")
    dead = [NOBODYS]
    for number, spoil in enumerate(("use", "withdraw", "replace", "expire")):
        page, link = invite(ada, f"eve{number}@example.com")
        dead.append(link)
        if spoil == "use":
            assert app.test_client().post(link, data=JOINING).status_code == 303
        elif spoil == "withdraw":
            assert ada.post(f"{page}/withdrawal").status_code == 303
        elif spoil == "replace":
            assert ada.post(f"{page}/codes").status_code == 303
    with time_machine.travel(utc_now() + timedelta(hours=72, seconds=1)):
        stranger = app.test_client()
        answers = [stranger.open(link, method=method, data=JOINING) for link in dead for method in ("GET", "POST")]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert "This link does not work" in answers[0].text
    assert len(session.exec(select(Member).order_by(Member.id)).all()) == 2


def test_an_invitation_works_for_72_hours(app: Flask, browser_of: BrowserOf):
    ada = browser_of("ada")
    now = utc_now()
    with time_machine.travel(now, tick=False):
        _, link = invite(ada)

    with time_machine.travel(now + timedelta(hours=72, seconds=-1), tick=False):
        assert app.test_client().get(link).status_code == 200
    with time_machine.travel(now + timedelta(hours=72), tick=False):
        assert app.test_client().get(link).status_code == 404


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"name": " ", "password": PASSWORD}, "name", "Type a name of"),
        ({"name": "x" * 101, "password": PASSWORD}, "name", "100 characters or fewer"),
        ({"name": "Eve", "password": ""}, "password", "Type a password"),
        ({"name": "Eve", "password": "Password-1234"}, "password", "easy to guess"),
        ({"name": "Eve", "password": "eve@example.com"}, "password", "easy to guess"),
    ],
)
def test_what_will_not_do_is_refused_beside_its_field_and_spends_nothing(
    app: Flask, browser_of: BrowserOf, given: dict[str, str], field: str, words: str
):
    _, link = invite(browser_of("ada"))
    eve = app.test_client()

    answer = eve.post(link, data=given)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    assert "Password-1234" not in answer.text
    assert eve.post(link, data=JOINING).status_code == 303


def test_fields_that_nobody_asked_for_change_nothing(app: Flask, browser_of: BrowserOf, session: Session):
    _, link = invite(browser_of("ada"), role="viewer")

    app.test_client().post(link, data=JOINING | {"role": "owner", "email": "ada@example.com", "disabled_at": "now"})

    member = session.exec(select(Member).where(Member.name == "Eve")).one()
    assert (member.email, member.role) == ("eve@example.com", Role.VIEWER)


def test_who_is_signed_in_already_becomes_the_new_member_in_that_browser(
    app: Flask, browser_of: BrowserOf, session: Session
):
    ada = browser_of("ada")
    _, link = invite(ada)
    assert "You are signed in as ada@example.com" in ada.get(link).text
    old = ada.get_cookie("desk")
    assert old is not None

    ada.post(link, data=JOINING)

    assert "eve@example.com" in ada.get("/account").text
    copy = app.test_client()
    copy.set_cookie("desk", old.value)
    assert copy.get("/account").status_code == 303
    joined = session.exec(select(AuditEntry).where(AuditEntry.action == "invitation.accepted")).one()
    assert (joined.who, joined.member_id) == ("eve@example.com", None)


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Type the e-mail address"),
        ("eve", "such as ada@example.com"),
        ("eve@example.com,finn@example.com", "such as ada@example.com"),
        ("eve\0@example.com", "such as ada@example.com"),
        ("a" * 250 + "@b.de", "such as ada@example.com"),
        ("BEN@example.com", "is a member already"),
        ("first@example.com", "has an open invitation already"),
    ],
)
def test_an_address_that_will_not_do_is_refused_and_kept_in_the_form(
    browser_of: BrowserOf, database: Database, session: Session, email: str, words: str
):
    make_member(database, "ben")
    ada = browser_of("ada")
    invite(ada, "first@example.com")

    answer = ada.post("/team/invitations", data={"email": email, "role": "owner"})

    assert answer.status_code == 422
    assert words in answer.text
    assert '<option selected value="owner">' in answer.text
    assert len(session.exec(select(Invitation).order_by(Invitation.id)).all()) == 1


def test_a_role_that_there_is_not_is_refused(browser_of: BrowserOf):
    answer = browser_of("ada").post("/team/invitations", data={"email": "eve@example.com", "role": "admin"})

    assert answer.status_code == 422
    assert "Choose one from the list." in answer.text


def test_the_list_and_its_twins_tell_how_each_invitation_stands(browser_of: BrowserOf):
    ada = browser_of("ada")
    page, _ = invite(ada, role="viewer")

    text, twin = ada.get("/team").text, ada.get("/team/invitations.json").get_json()
    one = ada.get(f"{page}.json").get_json()

    assert "eve@example.com" in text
    assert "2 d" in text
    assert (twin["count"], twin["items"]) == (1, [one])
    assert (one["email"], one["role"], one["is_open"], one["mail"]) == ("eve@example.com", "viewer", True, None)
    assert "digest" not in str(twin)


def test_sent_again_it_has_a_new_code_and_all_of_its_time(app: Flask, browser_of: BrowserOf):
    ada = browser_of("ada")
    page, old = invite(ada)
    with time_machine.travel(utc_now() + timedelta(hours=80)):
        ada = browser_of("ada")
        assert ada.post(f"{page}/codes").location == page
        new = handed_link(ada, page)

        assert new != old
        assert app.test_client().get(old).status_code == 404
        assert app.test_client().get(new).status_code == 200


def test_what_is_over_can_neither_be_withdrawn_nor_sent_again(app: Flask, browser_of: BrowserOf):
    ada = browser_of("ada")
    accepted, link = invite(ada)
    app.test_client().post(link, data=JOINING)
    withdrawn, _ = invite(ada, "finn@example.com")
    ada.post(f"{withdrawn}/withdrawal")

    for page in (accepted, withdrawn):
        for what in ("codes", "withdrawal"):
            answer = ada.post(f"{page}/{what}", follow_redirects=True)
            assert answer.request.path in (page, "/team")
            assert "flash-caution" in answer.text
    assert "Accepted" in ada.get(accepted).text
    assert "Withdrawn" in ada.get(withdrawn).text


def test_whoever_became_a_member_meanwhile_is_not_made_one_twice(app: Flask, browser_of: BrowserOf, session: Session):
    ada = browser_of("ada")
    page, link = invite(ada, "cleo@example.com")
    browser_of("cleo")

    joined, renewed = app.test_client().post(link, data=JOINING), ada.post(f"{page}/codes", follow_redirects=True)

    assert (joined.status_code, "flash-caution" in renewed.text) == (409, True)
    assert session.exec(select(Invitation.used_at)).one() is None


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_other_roles_and_strangers_neither_see_nor_make_invitations(
    app: Flask, browser_of: BrowserOf, client: FlaskClient, name: str
):
    page, _ = invite(browser_of("ada"))
    other = browser_of(name)
    writes = ("/team/invitations", f"{page}/codes", f"{page}/withdrawal")
    reads = (page, f"{page}.json", "/team/invitations.json")

    assert {other.get(path).status_code for path in reads} == {403}
    assert {other.post(path).status_code for path in writes} == {403}
    assert [client.get(path).status_code for path in reads] == [303, 401, 401]
    assert {client.post(path).status_code for path in writes} == {303}


def test_an_invitation_that_there_is_not_is_not_found(browser_of: BrowserOf):
    ada = browser_of("ada")
    page = "/team/invitations/01890000-0000-7000-8000-000000000000"

    assert [ada.get(page).status_code, ada.get(f"{page}.json").status_code] == [404, 404]
    assert [ada.post(f"{page}/codes").status_code, ada.post(f"{page}/withdrawal").status_code] == [404, 404]


def test_opening_links_without_end_is_slowed_down_by_address(app: Flask, client: FlaskClient):
    tries = [client.get(NOBODYS).status_code for _ in range(61)]

    assert tries == [404] * 60 + [429]
    assert app.test_client().get(NOBODYS, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
