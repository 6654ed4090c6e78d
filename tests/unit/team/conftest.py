"""Several people at once, and what they hand each other."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.db import Database, utc_now
from dashboard.team import tasks
from dashboard.team.email.outbox import mails_due
from tests.factories.mail import Post, mail_server

BrowserOf = Callable[[str], FlaskClient]
Deliver = Callable[[], None]
COOKIE = "desk"


@pytest.fixture
def browser_of(app: Flask, client: FlaskClient, sign_in: Callable[[str], FlaskClient]) -> BrowserOf:
    """`browser_of("ada")` is a new browser with Ada signed in; those that were opened before stay signed in."""

    def open_browser(name: str) -> FlaskClient:
        client.delete_cookie(COOKIE)
        cookie = sign_in(name).get_cookie(COOKIE)
        assert cookie is not None
        client.delete_cookie(COOKIE)
        browser = app.test_client()
        browser.set_cookie(COOKIE, cookie.value)
        return browser

    return open_browser


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A mail server; a test names it in its settings."""
    with mail_server(tmp_path) as post:
        yield post


@pytest.fixture
def deliver(app: Flask, database: Database) -> Deliver:
    """Sends what waits, as the worker does; until then it stays where it is."""

    def send_what_is_due() -> None:
        with database.reading() as session:
            due = mails_due(session, "sandbox", utc_now(), 100)
        with app.app_context():
            for mail_id in due:
                tasks.send(mail_id)

    return send_what_is_due


def handed_link(browser: FlaskClient, page: str) -> str:
    """The path of the one-time link that this page shows, this one time."""
    found = re.search(r"http://localhost(/(?:invitations|new-password)/[\w-]+)", browser.get(page).text)
    assert found, page
    return found[1]


def invite(owner: FlaskClient, email: str = "eve@example.com", role: str = "operator") -> tuple[str, str]:
    """The page of a new invitation, and the path of its link."""
    answer = owner.post("/team/invitations", data={"email": email, "role": role})
    assert answer.status_code == 303, answer.text
    return answer.location, handed_link(owner, answer.location)
