"""Staying signed in: the token changes at each use, a copy is noticed, and two tabs are no thief."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.team.factors.models import RememberedBrowser
from dashboard.team.login.remember_me import GRACE, LIFETIME
from dashboard.team.members import members
from dashboard.team.models import Member, SignIn
from tests.factories.team import make_member
from tests.unit.team.signed_in import copy_of, is_signed_in, knock, type_code

pytestmark = pytest.mark.both_engines

KEEP = "desk_keep"
CONFIRMATION = "/account/confirmation"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(utc_now(), tick=False) as clock:
        yield clock


@pytest.fixture
def kept(client: FlaskClient, database: Database, clock: time_machine.Traveller) -> FlaskClient:
    """Ben's browser, which stays signed in; it was closed, so the cookie of the sign-in is gone."""
    make_member(database, "ben")
    assert knock(client, "ben", keep="y").status_code == 303
    client.delete_cookie("desk")
    return client


def token(client: FlaskClient) -> str:
    cookie = client.get_cookie(KEEP)
    return cookie.value if cookie else ""


def test_browser_that_is_remembered_comes_in_by_itself(kept: FlaskClient, session: Session):
    first = token(kept)

    answer = kept.get("/account")

    assert answer.status_code == 200
    assert token(kept) != first
    assert kept.get_cookie("desk") is not None
    assert is_signed_in(kept)
    last = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence).desc())).first()
    assert last is not None
    assert (last.action, last.details) == ("member.signed_in", {"by": "remembered browser"})


def test_browser_without_the_tick_is_asked_again(client: FlaskClient, database: Database):
    make_member(database, "ben")
    knock(client, "ben")
    client.delete_cookie("desk")

    assert client.get_cookie(KEEP) is None
    assert not is_signed_in(client)


def test_the_tick_holds_over_the_second_step(client: FlaskClient, database: Database):
    make_member(database, "ada")
    knock(client, "ada", keep="y")
    assert client.get_cookie(KEEP) is None  # nothing is remembered before the second factor

    type_code(client)
    client.delete_cookie("desk")

    assert is_signed_in(client)


def test_the_door_lets_a_remembered_browser_on_to_where_it_was_going(kept: FlaskClient):
    answer = kept.get("/sign-in?next=/account")

    assert (answer.status_code, answer.location) == (303, "/account")


def test_only_digests_are_kept(kept: FlaskClient, session: Session):
    selector, _, secret = token(kept).partition(".")

    row = session.exec(select(RememberedBrowser)).one()

    assert row.selector == selector
    assert secret not in row.model_dump_json()


def test_remembered_sign_in_is_no_fresh_proof(kept: FlaskClient, database: Database):
    kept.get("/account")

    answer = kept.post("/account/second-factors/app/new")

    assert answer.location.startswith(CONFIRMATION)


def test_copy_that_comes_second_ends_the_whole_family(
    app: Flask, kept: FlaskClient, session: Session, clock: time_machine.Traveller
):
    thief = copy_of(app, kept, KEEP)
    assert is_signed_in(thief)
    clock.shift(GRACE + timedelta(seconds=1))

    answer = kept.get("/account")

    assert answer.status_code == 303
    assert not is_signed_in(thief)
    assert token(kept) == ""
    assert "another one used the same cookie" in kept.get("/sign-in").text
    assert "member.cookie_copied" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    row = session.exec(select(RememberedBrowser)).one()
    assert row.ended_at == row.copied_at == utc_now()


def test_member_is_told_of_the_copy_once_when_they_sign_in(
    app: Flask, kept: FlaskClient, clock: time_machine.Traveller
):
    is_signed_in(copy_of(app, kept, KEEP))
    clock.shift(timedelta(minutes=1))
    kept.get("/account")
    kept.get("/sign-in")  # what the door has to say is said

    knock(kept, "ben")
    first = kept.get("/account").text
    knock(kept, "ben")

    assert "was used in another browser" in first
    assert "was used in another browser" not in kept.get("/account").text


def test_replayed_token_is_never_accepted(app: Flask, kept: FlaskClient, clock: time_machine.Traveller):
    old = []
    for _ in range(5):
        old.append(token(kept))
        kept.delete_cookie("desk")
        assert is_signed_in(kept)
        clock.shift(timedelta(minutes=1))

    accepted = 0
    for value in old:
        thief = app.test_client()
        thief.set_cookie(KEEP, value)
        accepted += is_signed_in(thief)

    print(f"5 replayed tokens of a remembered browser: accepted {accepted}")
    assert accepted == 0
    assert not is_signed_in(kept)


def test_two_tabs_that_open_at_once_both_come_in(app: Flask, kept: FlaskClient, clock: time_machine.Traveller):
    tab = copy_of(app, kept, KEEP)
    assert is_signed_in(kept)
    clock.shift(timedelta(seconds=3))

    answer = tab.get("/account")

    assert answer.status_code == 200
    assert KEEP not in "".join(answer.headers.getlist("Set-Cookie"))  # the first tab's token stays the one
    assert is_signed_in(kept)


def test_another_browser_in_that_moment_is_a_thief(app: Flask, kept: FlaskClient):
    thief = copy_of(app, kept, KEEP)
    kept.get("/account")

    thief.get("/account", headers={"User-Agent": "another one"})

    assert not is_signed_in(kept)


@pytest.mark.parametrize("value", ["", ".", "made-up", "made-up.token", "x" * 4000, "\u00e9.\u00e9"])
def test_made_up_cookie_is_nobody_and_is_taken_away(client: FlaskClient, value: str):
    client.set_cookie(KEEP, value)

    assert not is_signed_in(client)
    assert token(client) == "" or value == ""


def test_selector_with_a_wrong_token_counts_as_a_copy(app: Flask, kept: FlaskClient):
    guess = app.test_client()
    guess.set_cookie(KEEP, token(kept).partition(".")[0] + ".guess")

    assert not is_signed_in(guess)
    assert not is_signed_in(kept)


def test_signing_out_forgets_this_browser(app: Flask, kept: FlaskClient):
    kept.get("/account")
    copy = copy_of(app, kept, KEEP)

    kept.post("/sign-out")

    assert kept.get_cookie(KEEP) is None
    assert not is_signed_in(copy)
    assert not is_signed_in(kept)


def test_browser_whose_sign_in_was_ended_from_a_list_does_not_come_back(kept: FlaskClient, database: Database):
    assert is_signed_in(kept)
    with database.transaction() as session:
        session.exec(select(SignIn).order_by(col(SignIn.id).desc())).first().ended_at = utc_now()

    assert not is_signed_in(kept)
    assert token(kept) == ""


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_change_of_the_member_forgets_their_browsers(kept: FlaskClient, database: Database, change: str):
    make_member(database, "ada")
    with database.transaction() as session:
        ben = session.exec(select(Member).where(Member.email == "ben@example.com")).one()
        if change == "password":
            members.set_password(session, ben, "another fine long one", utc_now())
        else:
            members.disable_member(session, ben, utc_now())

    assert not is_signed_in(kept)


def test_a_month_is_the_end_however_often_it_was_used(kept: FlaskClient, clock: time_machine.Traveller):
    for _ in range(5):
        clock.shift(timedelta(days=5, hours=20))
        kept.delete_cookie("desk")
        assert is_signed_in(kept)

    clock.move_to(utc_now() + LIFETIME - 5 * timedelta(days=5, hours=20))
    kept.delete_cookie("desk")

    assert not is_signed_in(kept)


def test_twelve_hours_unseen_end_a_sign_in_but_not_what_is_remembered(
    client: FlaskClient, app: Flask, database: Database, session: Session, clock: time_machine.Traveller
):
    make_member(database, "ben")
    knock(client, "ben", keep="y")
    forgotten = app.test_client()
    knock(forgotten, "ben")
    clock.shift(timedelta(hours=11, minutes=59))
    assert is_signed_in(forgotten)

    clock.shift(timedelta(hours=12, seconds=1))

    assert not is_signed_in(forgotten)
    assert is_signed_in(client)
    assert len(session.exec(select(SignIn).order_by(SignIn.id)).all()) == 3


def test_form_of_a_remembered_browser_is_not_sent_in_a_new_name(kept: FlaskClient):
    answer = kept.post("/account", data={"name": "Somebody"})

    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/account&pressed=1")
    assert token(kept)


def test_poll_of_a_remembered_browser_goes_on(kept: FlaskClient):
    answer = kept.get("/jobs", headers={"HX-Request": "true"})

    assert answer.status_code == 200
