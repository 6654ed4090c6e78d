"""A connection to PostgreSQL that breaks within a request: what is read is read again, what is pressed is not."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.context import reading
from dashboard.db import Database
from dashboard.web.access import open_to_everybody

pytestmark = pytest.mark.both_engines

END_OWN_CONNECTION = text("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def break_connections(app: Flask, database: Database) -> Callable[[int], list[str]]:
    """The view at /fragile ends its own connection so many times; the list grows with each call."""
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")

    def set_up(times: int) -> list[str]:
        calls: list[str] = []

        @open_to_everybody
        def view() -> str:
            calls.append("called")
            with reading() as session:
                if len(calls) <= times:
                    session.connection().execute(END_OWN_CONNECTION)
            return "read"

        app.add_url_rule("/fragile", "fragile", view, methods=["GET", "POST"])
        return calls

    return set_up


def test_what_is_read_is_read_again_once(client: FlaskClient, break_connections: Callable[[int], list[str]]):
    calls = break_connections(1)

    answer = client.get("/fragile")

    assert (answer.status_code, answer.text, len(calls)) == (200, "read", 2)


def test_a_second_break_is_503(client: FlaskClient, break_connections: Callable[[int], list[str]]):
    calls = break_connections(2)

    answer = client.get("/fragile")

    assert (answer.status_code, len(calls)) == (503, 2)
    assert "The database does not answer." in answer.text


def test_what_is_pressed_is_not_done_again(client: FlaskClient, break_connections: Callable[[int], list[str]]):
    calls = break_connections(1)

    answer = client.post("/fragile")

    assert (answer.status_code, len(calls)) == (503, 1)
