"""A poll that finds nothing new is answered without the app, but never for data that is not there any more."""

from collections.abc import Callable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from werkzeug.test import Client

from dashboard import data_version
from dashboard.db import Database
from dashboard.web import poll_cache
from dashboard.web.poll_cache import PollCache

pytestmark = pytest.mark.both_engines

HTMX = {"HX-Request": "true"}
NOTE = text("INSERT INTO setting (name, value, changed_at) VALUES (:name, :value, CURRENT_TIMESTAMP)")
CHANGE = text("UPDATE setting SET value = :value WHERE name = :name")


class Counted:
    """An app that answers 204 as long as the setting `watched` is what the address says, and counts its calls."""

    def __init__(self, database: Database) -> None:
        self.database, self.calls = database, 0
        self.also: Callable[[], Any] = lambda: None
        self.headers: list[tuple[str, str]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.calls += 1
        with self.database.reading() as session:
            found = session.connection().execute(text("SELECT value FROM setting WHERE name = 'watched'")).scalar()
        self.also()
        is_same = environ["QUERY_STRING"] == f"seen={found}"
        start_response("204 No Content" if is_same else "200 OK", self.headers)
        return []


@pytest.fixture
def counted(database: Database) -> Counted:
    write(database, NOTE, name="watched", value="1")
    write(database, NOTE, name="other", value="1")
    return Counted(database)


@pytest.fixture
def poll(counted: Counted, database: Database) -> Callable[..., int]:
    client = Client(PollCache(counted, database), use_cookies=False)

    def ask(seen: str = "1", **headers: str) -> int:
        return client.get(f"/?seen={seen}", headers=headers).status_code

    return ask


def write(database: Database, statement: Any, **values: str) -> None:
    with database.transaction_of_statements() as connection:
        connection.execute(statement, values)


def test_a_poll_is_answered_again_while_nothing_changed(poll: Callable[..., int], counted: Counted):
    assert [poll() for _ in range(5)] == [204] * 5
    assert counted.calls == 1


def test_a_change_of_something_else_does_not_wake_the_app(
    poll: Callable[..., int], counted: Counted, database: Database
):
    assert poll() == 204

    for value in "2345":
        write(database, CHANGE, name="other", value=value)
        assert poll() == 204

    assert counted.calls == 1


def test_a_change_of_what_it_read_wakes_the_app(poll: Callable[..., int], counted: Counted, database: Database):
    assert poll() == 204

    write(database, CHANGE, name="watched", value="2")

    assert (poll(), poll("2")) == (200, 204)
    assert counted.calls == 3


def test_a_change_of_another_process_counts_soon(
    poll: Callable[..., int], counted: Counted, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(data_version, "SECONDS_BETWEEN_QUESTIONS", 0.0)
    other = database.sibling(database_url)
    assert poll() == 204

    write(other, CHANGE, name="watched", value="2")
    other.dispose()

    assert poll() == 200


def test_a_change_while_the_app_answers_is_not_overlooked(
    poll: Callable[..., int], counted: Counted, database: Database
):
    def change() -> None:
        counted.also = lambda: None
        write(database, CHANGE, name="watched", value="2")

    counted.also = change
    assert poll() == 204  # The app had read before the change.

    assert poll() == 200


def test_time_alone_wakes_the_app(poll: Callable[..., int], counted: Counted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(poll_cache, "SECONDS_TRUSTED", 0.0)

    assert [poll(), poll()] == [204, 204]
    assert counted.calls == 2


def test_each_cookie_has_its_own_answer(poll: Callable[..., int], counted: Counted):
    assert [poll(Cookie="desk=ada"), poll(Cookie="desk=ben"), poll(Cookie="desk=ada")] == [204] * 3
    assert counted.calls == 2


def test_an_answer_that_wrote_something_is_not_kept(poll: Callable[..., int], counted: Counted, database: Database):
    counted.also = lambda: write(database, CHANGE, name="other", value="3")

    assert [poll(), poll()] == [204, 204]
    assert counted.calls == 2


def test_an_answer_with_a_cookie_is_not_kept(poll: Callable[..., int], counted: Counted):
    counted.headers = [("Set-Cookie", "desk=new")]

    assert [poll(), poll()] == [204, 204]
    assert counted.calls == 2


def test_what_was_read_is_kept_as_a_digest(database: Database, counted: Counted):
    cache = PollCache(counted, database)
    write(database, CHANGE, name="watched", value="73517351")

    Client(cache, use_cookies=False).get("/?seen=73517351")

    (answer,) = cache._answers.values()
    assert "73517351" not in repr(answer)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(["poll 1", "poll 2", "watched 1", "watched 2", "other 1", "other 2"]), max_size=12)
)
def test_the_cache_says_what_the_app_would_say(counted: Counted, database: Database, steps: list[str]):
    cached, direct = (Client(each, use_cookies=False) for each in (PollCache(counted, database), counted))

    for step in steps:
        what, _, value = step.partition(" ")
        if what == "poll":
            address = f"/?seen={value}"
            assert cached.get(address).status_code == direct.get(address).status_code
        else:
            write(database, CHANGE, name=what, value=value)


def test_signing_out_ends_the_polls_of_that_browser(
    app: Flask, client: FlaskClient, sign_in: Callable[[str], FlaskClient], database: Database
):
    app.wsgi_app = PollCache(app.wsgi_app, database)  # type: ignore[method-assign]
    ben = sign_in("ben")
    address = ben.get("/jobs", headers=HTMX).text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert ben.get(address, headers=HTMX).status_code == 204

    ben.post("/sign-out")

    assert ben.get(address, headers=HTMX).status_code == 401
