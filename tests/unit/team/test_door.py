"""Sign-in and sign-out: who comes in, what the refused learn, and what a copied cookie is worth afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.db import Database, utc_now
from dashboard.team.factors.passwords import needs_rehash
from dashboard.team.login import sign_ins
from dashboard.team.login.forms import local_path
from dashboard.team.members import members
from dashboard.team.models import Member, SignIn
from tests.factories.team import PASSWORD, make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def sign_in(sign_in_at_door: SignInAs) -> SignInAs:
    """These tests are about the door itself."""
    return sign_in_at_door


def knock(client: FlaskClient, email: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser with a stolen copy of the cookie."""
    cookie = client.get_cookie("desk")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("desk", cookie.value)
    return thief


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_the_door_shows_its_two_fields(client: FlaskClient):
    page = client.get("/sign-in")

    assert page.status_code == 200
    assert 'name="email"' in page.text
    assert 'name="password"' in page.text


def test_a_member_comes_in_and_lands_on_the_jobs(client: FlaskClient, database: Database):
    make_member(database, "ben")

    answer = knock(client, " BEN@example.com ")

    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)


def test_only_the_digest_of_the_token_is_kept(sign_in: SignInAs, session: Session):
    client = sign_in("ben")

    with client.session_transaction() as cookie:
        token = cookie[sign_ins.TOKEN]

    row = session.exec(select(SignIn)).one()
    assert token not in row.model_dump_json()
    assert row.from_address == "127.0.0.1"


def test_who_was_sent_to_the_door_returns_to_where_they_were(client: FlaskClient, database: Database):
    make_member(database, "ben")
    sent = client.get("/account?tab=1")

    answer = knock(client, "ben@example.com", next="/account?tab=1")

    assert sent.status_code == 303
    assert sent.location == "/sign-in?next=/account?tab%3D1"
    assert answer.location == "/account?tab=1"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\/evil",
        "javascript:x",
        "",
        None,
    ],
)
def test_nobody_is_sent_to_another_site(client: FlaskClient, database: Database, address: str | None):
    make_member(database, "ben")

    answer = knock(client, "ben@example.com", next=address or "")

    assert local_path(address) is None
    assert answer.location == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [("ben@example.com", "not the password"), ("nobody@example.com", PASSWORD), ("dan@example.com", PASSWORD)],
)
def test_whoever_is_refused_reads_the_same_words(client: FlaskClient, database: Database, email: str, password: str):
    make_member(database, "ben")
    make_member(database, "dan")

    answer = knock(client, email, password)

    assert answer.status_code == 422
    assert answer.text.count("The e-mail address and password do not match.") == 2
    assert "<title>Error: Sign in" in answer.text
    assert f'value="{email}"' in answer.text
    assert password not in answer.text
    assert not is_signed_in(client)


def test_an_unknown_address_costs_one_verification_too(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
):
    verified = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: verified.append(1) or verify(*given))
    make_member(database, "dan")

    for email in ("nobody@example.com", "dan@example.com"):
        knock(client, email)

    assert len(verified) == 2


def test_empty_fields_are_named(client: FlaskClient):
    answer = knock(client, "", "")

    assert answer.status_code == 422
    assert 'href="#email">Type your e-mail address.' in answer.text
    assert 'aria-describedby="password-error"' in answer.text


def test_an_address_that_no_database_takes_is_just_wrong(client: FlaskClient):
    assert knock(client, "ben\0@example.com").status_code == 422


def test_the_eleventh_wrong_try_in_ten_minutes_waits(client: FlaskClient, database: Database):
    make_member(database, "ben")
    for _ in range(10):
        knock(client, "ben@example.com", "wrong")

    answer = knock(client, "ben@example.com")

    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.text
    assert 'value="ben@example.com"' in answer.text


def test_another_address_is_not_locked_out_by_it(client: FlaskClient, database: Database):
    make_member(database, "ben")
    for _ in range(11):
        knock(client, "ben@example.com", "wrong")

    answer = client.post(
        "/sign-in",
        data={"email": "ben@example.com", "password": PASSWORD},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )

    assert answer.status_code == 303


def test_a_right_password_forgives_the_wrong_ones(client: FlaskClient, database: Database):
    make_member(database, "ben")
    for _ in range(2):
        for _ in range(9):
            knock(client, "ben@example.com", "wrong")
        assert knock(client, "ben@example.com").status_code == 303


def test_each_sign_in_has_a_new_token_and_an_empty_session(sign_in: SignInAs, session: Session):
    client = sign_in("ben")
    with client.session_transaction() as cookie:
        first = cookie[sign_ins.TOKEN]
        cookie["planted"] = "by somebody"

    sign_in("ben")

    with client.session_transaction() as cookie:
        assert cookie[sign_ins.TOKEN] != first
        assert "planted" not in cookie
    assert [row.ended_at is None for row in session.exec(select(SignIn).order_by(SignIn.created_at)).all()] == [
        False,
        True,
    ]


def test_a_copied_cookie_is_dead_after_sign_out(app: Flask, sign_in: SignInAs):
    client = sign_in("ben")
    thief = copy_of(app, client)
    assert is_signed_in(thief)

    answer = client.post("/sign-out")

    assert (answer.status_code, answer.location) == (303, "/sign-in?left=1")
    assert "You are signed out." in client.get(answer.location).text
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_a_member_who_is_disabled_is_out_at_once(sign_in: SignInAs, database: Database):
    client = sign_in("ben")
    make_member(database, "ada")

    with database.transaction() as session:
        ben = session.exec(select(Member).where(Member.email == "ben@example.com")).one()
        members.disable_member(session, ben, utc_now())

    assert not is_signed_in(client)


def test_a_role_counts_from_the_next_request_on(sign_in: SignInAs, database: Database):
    client = sign_in("ada")
    assert client.get("/team").status_code == 200

    with database.transaction() as session:
        session.exec(select(Member)).one().role = members.Role.VIEWER

    assert client.get("/team").status_code == 403


def test_a_made_up_token_is_nobody(client: FlaskClient):
    with client.session_transaction() as cookie:
        cookie[sign_ins.TOKEN] = "made up"

    assert not is_signed_in(client)


def test_a_sign_in_ends_after_thirty_days(sign_in: SignInAs, session: Session, database: Database):
    client = sign_in("ben")

    with database.transaction() as writing:
        writing.exec(select(SignIn)).one().created_at = utc_now() - sign_ins.LIFETIME - timedelta(seconds=1)

    assert not is_signed_in(client)


def test_being_seen_is_noted_every_five_minutes_only(sign_in: SignInAs, database: Database):
    client = sign_in("ben")

    def seen_at():
        with database.reading() as session:
            return session.exec(select(SignIn.seen_at)).one()

    first = seen_at()

    with time_machine.travel(first + timedelta(minutes=4), tick=False):
        client.get("/account")
        assert seen_at() == first
    with time_machine.travel(first + timedelta(minutes=6), tick=False):
        client.get("/account")
        assert seen_at() == first + timedelta(minutes=6)


def test_an_old_hash_is_made_new_at_sign_in(client: FlaskClient, database: Database):
    make_member(database, "ben")
    with database.transaction() as session:
        session.exec(select(Member)).one().password_hash = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)

    answer = knock(client, "ben@example.com")

    assert answer.status_code == 303
    with database.reading() as session:
        assert not needs_rehash(session.exec(select(Member)).one().password_hash)


def test_the_door_is_skipped_by_who_is_inside(sign_in: SignInAs):
    assert sign_in("ben").get("/sign-in").location == "/"


def test_a_poll_by_somebody_signed_out_is_sent_to_the_door(client: FlaskClient):
    answer = client.get("/account", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_sign_out_needs_a_post(sign_in: SignInAs):
    client = sign_in("ben")

    assert client.get("/sign-out").status_code == 405
    assert is_signed_in(client)


def end_sign_ins(database: Database) -> None:
    with database.transaction() as session:
        session.exec(select(SignIn)).one().ended_at = utc_now()


def test_who_was_signed_out_elsewhere_is_told_once_and_comes_back_to_the_page(sign_in: SignInAs, database: Database):
    client = sign_in("ben")
    end_sign_ins(database)

    door = client.get("/links?language=fr", follow_redirects=True)

    assert "This browser was signed out: from another browser" in door.text
    assert 'name="next" type="hidden" value="/links?language=fr"' in door.text
    assert "was signed out" not in client.get("/sign-in").text
    assert knock(client, "ben@example.com", next="/links?language=fr").location == "/links?language=fr"


def test_who_stayed_away_is_told_that(sign_in: SignInAs, database: Database):
    client = sign_in("ben")
    with database.transaction() as session:
        session.exec(select(SignIn)).one().seen_at = utc_now() - sign_ins.UNSEEN_FOR

    assert "You were away for a long time" in client.get("/jobs", follow_redirects=True).text


def test_press_after_the_end_was_not_done_and_leads_back_to_its_page(sign_in: SignInAs, database: Database):
    client = sign_in("ben")
    end_sign_ins(database)

    door = client.post("/account/formats", data={"language": "fr", "time_zone": "UTC"}, follow_redirects=True)

    assert "Your last action was not carried out." in door.text
    assert 'name="next" type="hidden" value="/account"' in door.text


def test_poll_after_the_end_leads_back_to_the_page_around_it(client: FlaskClient):
    around = {"HX-Request": "true", "HX-Current-URL": "http://localhost/jobs?outcome=approved"}

    answer = client.get("/account", headers=around)

    assert answer.headers["HX-Redirect"] == "/sign-in?next=/jobs?outcome%3Dapproved"


def test_stranger_at_the_door_is_told_nothing(client: FlaskClient):
    assert 'class="flash"' not in client.get("/jobs", follow_redirects=True).text
