"""What a member is told of their own account by e-mail, so that they notice when it was somebody else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.team.email import emails
from dashboard.team.factors.models import Passkey
from dashboard.team.factors.second_factors import remove_second_factors
from dashboard.team.login.sign_in_anomalies import MANY_WRONG
from dashboard.team.models import Member
from tests.conftest import change_settings, make_settings
from tests.factories.mail import Post
from tests.factories.team import app_code, make_member
from tests.unit.team.conftest import Deliver
from tests.unit.team.signed_in import knock, type_code
from tests.unit.team.test_second_factors import codes_on, set_up_app

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGE = "/account/second-factors"
MORNING = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
ELSEWHERE = "203.0.113.7"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def sign_in(sign_in_at_door: SignInAs) -> SignInAs:
    """These tests are about the door itself."""
    return sign_in_at_door


@pytest.fixture
def settings(tmp_path: Path, database_url: str, post: Post) -> Settings:
    return make_settings(tmp_path, database_url=database_url, **post.settings())


def told(post: Post) -> list[tuple[str, str]]:
    """To whom the letters went, and what they say; each is read once."""
    read = [(str(letter["To"]), letter.get_content()) for letter in post.letters]
    post.letters.clear()
    return read


def in_lagos(database: Database, member: Member) -> None:
    with database.transaction() as session:
        session.get_one(Member, member.id).time_zone = "Africa/Lagos"


def test_a_member_is_told_of_a_changed_second_factor(
    app: Flask, sign_in: SignInAs, database: Database, post: Post, deliver: Deliver
):
    ben = make_member(database, "ben")
    in_lagos(database, ben)
    with time_machine.travel(MORNING, tick=False):
        client = sign_in("ben")
        codes = codes_on(set_up_app(client))
        deliver()
        added = told(post)
        client.post(f"{PAGE}/recovery-codes")
        deliver()
        codes_made = told(post)
        client.post(f"{PAGE}/app/removal")
        deliver()
        removed = told(post)

    assert [to for to, _ in added + codes_made + removed] == ["ben@example.com"] * 3
    assert "An authenticator app was added, with new recovery codes." in added[0][1]
    assert "on 2 Mar 2026, 10:00:00 WAT" in added[0][1]
    assert "New recovery codes were made." in codes_made[0][1]
    assert "The authenticator app was removed." in removed[0][1]
    for _, letter in added + codes_made + removed:
        assert (
            "If it was not, tell an owner of your team, and open this address to choose another password at once:"
            in letter
        )
        assert not any(code in letter for code in codes)


def test_a_member_is_told_of_a_removed_passkey(sign_in: SignInAs, database: Database, post: Post, deliver: Deliver):
    client, ben = sign_in("ben"), make_member(database, "ben")
    with database.transaction() as session:
        key = Passkey(
            id=uuid4(),
            member_id=ben.id,
            name="Laptop",
            credential_id="x",
            public_key=b"x",
            sign_count=0,
            created_at=utc_now(),
        )
        session.add(key)

    client.post(f"/account/passkeys/{key.id}/removal")
    deliver()

    assert ["A passkey was removed." in letter for _, letter in told(post)] == [True]


def test_a_member_is_told_of_what_the_command_line_removed(
    in_app: Flask, database: Database, post: Post, deliver: Deliver
):
    ada = make_member(database, "ada")
    with database.transaction() as session:
        remove_second_factors(session, ada)
        emails.email_about_second_factor(session, ada, emails.ALL_REMOVED, utc_now())

    deliver()

    [(to, letter)] = told(post)
    assert to == "ada@example.com"
    assert "Your administrator removed the authenticator app, all passkeys and all recovery codes." in letter


def guess(app: Flask, times: int, name: str = "ben") -> None:
    for _ in range(times):
        assert knock(app.test_client(), name, "not the password", address="198.51.100.9").status_code == 422


def test_a_member_is_told_of_a_sign_in_after_many_wrong_ones(
    app: Flask, sign_in: SignInAs, database: Database, post: Post, deliver: Deliver
):
    in_lagos(database, make_member(database, "ben"))
    with time_machine.travel(MORNING - timedelta(days=1), tick=False):
        client = sign_in("ben")
        deliver()
    assert told(post) == []  # The very first sign-in is from nowhere new.

    with time_machine.travel(MORNING, tick=False):
        guess(app, MANY_WRONG + 1)
        knock(client, "ben")
        deliver()
        after_many = told(post)
        page = client.get("/account").text
        guess(app, MANY_WRONG - 1)
        knock(client, "ben")
        deliver()

    [(to, letter)] = after_many
    assert to == "ben@example.com"
    assert "on 2 Mar 2026, 10:00:00 WAT, with" in letter
    assert "from the network address 127.0.0.1." in letter
    assert "a wrong password or code was typed 6 times." in letter
    assert "before.\n" not in letter  # It is the browser and the network of yesterday.
    assert "open this address to choose another password at once" in letter
    assert "A wrong password or code was typed 6 times for your account" in page
    assert told(post) == []


def test_wrong_tries_of_an_hour_ago_are_no_news(
    app: Flask, sign_in: SignInAs, database: Database, post: Post, deliver: Deliver
):
    with time_machine.travel(MORNING, tick=False):
        client = sign_in("ben")
        guess(app, MANY_WRONG)
    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        knock(client, "ben")
        deliver()

    assert told(post) == []


def test_wrong_codes_count_like_wrong_passwords(
    app: Flask, sign_in: SignInAs, database: Database, post: Post, deliver: Deliver
):
    with time_machine.travel(MORNING, tick=False):
        client = sign_in("ada")
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        guess(app, 2, "ada")
        knock(client, "ada")
        for _ in range(3):
            assert type_code(client, "000000").status_code == 422
        assert type_code(client, app_code()).status_code == 303
        deliver()

    [(_, letter)] = told(post)
    assert "typed 5 times" in letter


def test_a_member_is_told_of_a_sign_in_from_a_place_never_seen(
    app: Flask, sign_in: SignInAs, post: Post, deliver: Deliver
):
    known, phone = sign_in("ben"), app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = PHONE

    knock(known, "ben", address=ELSEWHERE)  # A browser that is known, wherever it is.
    knock(app.test_client(), "ben")  # A network that is known, with whatever browser.
    deliver()
    assert told(post) == []
    knock(phone, "ben", address="192.0.2.44")
    knock(phone, "ben", address="192.0.2.45")
    deliver()

    [(to, letter)] = told(post)
    assert to == "ben@example.com"
    assert "with Safari on iPhone, from the network address 192.0.2.44." in letter
    assert "Nobody has signed in to your account with this browser, or from this network, before." in letter
    assert "wrong password" not in letter


def test_without_e_mail_the_wrong_tries_are_told_on_the_page(
    app: Flask, sign_in: SignInAs, database: Database, tmp_path: Path, deliver: Deliver, post: Post
):
    change_settings(app, make_settings(tmp_path, database_url=context_of(app).settings.database_url))
    client = sign_in("ben")
    guess(app, MANY_WRONG)

    knock(client, "ben")

    assert "A wrong password or code was typed 5 times for your account" in client.get("/account").text
    deliver()
    assert told(post) == []
