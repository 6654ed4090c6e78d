"""Guessing is slowed down and the right person is not: many addresses on one account, one address on many accounts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select
from werkzeug.exceptions import TooManyRequests

from dashboard.app import create_app
from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.team.login.throttle import LIMITS, WINDOW, GuessKind, count_hit, count_try
from dashboard.web.security.tries import LONGEST_WINDOW, Tries, forget_old_tries
from tests.factories.team import make_member
from tests.unit.team.guesses import guess_for_ten_minutes
from tests.unit.team.signed_in import is_signed_in, knock, type_code

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
LIMIT = LIMITS[GuessKind.PASSWORD]
NOW = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@pytest.fixture
def sign_in(sign_in_at_door: SignInAs) -> SignInAs:
    """These tests are about the door itself."""
    return sign_in_at_door


def is_let_through(email: str, address: str) -> bool:
    try:
        count_try(email, address)
    except TooManyRequests:
        return False
    return True


@pytest.mark.usefixtures("in_app")
def test_many_networks_on_one_account_get_no_more_than_its_limit():
    looked_at = guess_for_ten_minutes(200, lambda number: ("ada@example.com", f"198.51.{number % 100}.{number % 250}"))

    print(f"200 guesses from many networks on one account: looked at {looked_at}, limit {LIMIT.account}")
    assert looked_at == LIMIT.account


@pytest.mark.usefixtures("in_app")
def test_one_network_on_many_accounts_gets_no_more_than_its_limit():
    looked_at = guess_for_ten_minutes(200, lambda number: (f"member-{number}@example.com", "192.0.2.66"))

    print(f"200 guesses from one network on many accounts: looked at {looked_at}, limit {LIMIT.network}")
    assert looked_at == LIMIT.network


@pytest.mark.usefixtures("in_app")
def test_addresses_of_one_ipv6_network_count_together():
    looked_at = guess_for_ten_minutes(60, lambda number: ("ada@example.com", f"2001:db8::{number:x}"))

    assert looked_at == LIMIT.here


@pytest.mark.usefixtures("in_app")
def test_many_tries_at_once_are_not_let_through_together(app: Flask):
    def knock_at_once(_: int) -> bool:
        with app.app_context():
            return is_let_through("ada@example.com", "192.0.2.66")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(knock_at_once, range(80))) == LIMIT.here


def test_processes_count_together(settings: Settings, app: Flask, client: FlaskClient, database: Database):
    """Two that share a database, as any number of web processes do."""
    make_member(database, "ben")
    other = create_app(settings)
    other.config["WTF_CSRF_ENABLED"] = False
    clients = [client, other.test_client()]

    answers = [knock(clients[number % 2], "ben", "wrong").status_code for number in range(14)]

    assert answers == [422] * 10 + [429] * 4
    context_of(other).database.dispose()


def attack(database: Database) -> None:
    """As after wrong passwords for Ada from so many networks that her account takes no more from strangers."""
    with database.transaction() as session:
        for _ in range(LIMIT.account + 1):
            count_hit(session, "password account", "ada@example.com", utc_now())


def test_stranger_is_refused_while_an_account_is_attacked(app: Flask, client: FlaskClient, database: Database):
    make_member(database, "ada")
    for number in range(LIMIT.account):
        assert knock(client, "ada", "wrong", address=f"198.51.100.{number}").status_code == 422

    answer = knock(app.test_client(), "ada", address="203.0.113.7")

    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.text


def test_owner_comes_in_with_a_browser_that_is_known(app: Flask, sign_in: SignInAs, database: Database):
    """From another network than ever before: on a journey, say."""
    client = sign_in("ada")
    client.delete_cookie("desk")
    attack(database)
    make_member(database, "ada")

    answers = [knock(client, "ada", address="203.0.113.7"), type_code(client)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert is_signed_in(client)


def test_owner_comes_in_from_a_network_that_is_known(app: Flask, sign_in: SignInAs, database: Database):
    sign_in("ada")
    attack(database)
    make_member(database, "ada")
    other_browser = app.test_client()

    answers = [knock(other_browser, "ada"), type_code(other_browser)]

    assert [answer.status_code for answer in answers] == [303, 303]


def test_owner_comes_in_from_another_network_than_the_one_that_guesses(
    client: FlaskClient, app: Flask, database: Database
):
    make_member(database, "ada")
    for _ in range(60):
        knock(client, "ada", "wrong", address="198.51.100.1")

    assert knock(app.test_client(), "ada", address="203.0.113.7").status_code == 303


def test_stolen_mark_of_a_known_browser_is_worth_ten_guesses(app: Flask, sign_in: SignInAs):
    client = sign_in("ben")
    client.delete_cookie("desk")

    answers = [knock(client, "ben", "wrong", address=f"198.51.100.{number}").status_code for number in range(12)]

    assert answers == [422] * 10 + [429] * 2


@pytest.mark.parametrize("mark", ["", "made-up", "eyJicm93c2VyIjoieCJ9.x.y"])
def test_made_up_mark_makes_no_browser_known(client: FlaskClient, database: Database, mark: str):
    make_member(database, "ada")
    client.set_cookie("desk_browser", mark)
    attack(database)

    assert knock(client, "ada", address="203.0.113.7").status_code == 429


def test_right_password_gives_back_what_it_counted(app: Flask, client: FlaskClient, database: Database):
    """A whole office that comes to work behind one address is no attack."""
    make_member(database, "ben")

    for _ in range(3):
        assert knock(app.test_client(), "ben").status_code == 303

    with database.reading() as session:
        assert sum(row.count for row in session.exec(select(Tries)).all()) == 0


def test_attack_is_written_down_once(client: FlaskClient, database: Database, session: Session):
    make_member(database, "ada")
    for _ in range(15):
        knock(client, "ada", "wrong")

    lines = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()

    assert [line.action for line in lines].count("guessing.slowed_down") == 1
    assert [line.action for line in lines].count("member.sign_in_refused") == 10


def test_refused_guess_is_a_read_and_no_write(client: FlaskClient, database: Database):
    for _ in range(12):
        knock(client, "nobody", "wrong")
    commits = database.commits

    for _ in range(5):
        assert knock(client, "nobody", "wrong").status_code == 429

    assert database.commits == commits


def test_nobody_reads_in_the_table_whose_tries_they_were(client: FlaskClient, database: Database, session: Session):
    knock(client, "ada", "wrong", address="198.51.100.9")

    kept = "".join(row.model_dump_json() for row in session.exec(select(Tries)).all())

    assert kept
    assert "ada" not in kept
    assert "198.51" not in kept


def test_counting_begins_anew_after_ten_minutes_and_old_rows_go(database: Database):
    with database.transaction() as session:
        counts = [count_hit(session, "kind", "key", NOW + timedelta(minutes=minutes)) for minutes in (0, 5, 9)]
        counts.append(count_hit(session, "kind", "key", NOW + WINDOW))
        count_hit(session, "kind", "another", NOW)
        forget_old_tries(session, NOW + LONGEST_WINDOW)

    with database.reading() as session:
        assert counts == [1, 2, 3, 1]
        assert len(session.exec(select(Tries)).all()) == 1


def test_account_that_does_not_exist_is_slowed_down_alike(client: FlaskClient, database: Database):
    make_member(database, "ben")

    answers = [[knock(client, name, "wrong").status_code for _ in range(12)] for name in ("ben", "nobody")]

    assert answers[0] == answers[1] == [422] * 10 + [429] * 2


def test_window_is_the_one_of_the_first_guess(client: FlaskClient, database: Database):
    make_member(database, "ben")
    with time_machine.travel(NOW, tick=False):
        for _ in range(11):
            knock(client, "ben", "wrong")

    with time_machine.travel(NOW + WINDOW, tick=False):
        assert knock(client, "ben").status_code == 303
