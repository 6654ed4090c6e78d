"""Errors that speak: what, what now, and a request id; nothing of the inside."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug import exceptions

from dashboard.context import context_of
from dashboard.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from dashboard.web.access import open_to_everybody

SignInAs = Callable[[str], FlaskClient]


def raise_at(app: Flask, path: str, error: Exception) -> None:
    @open_to_everybody
    def view() -> str:
        raise error

    app.add_url_rule(path, path, view)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False


class Second(Conflict):
    """Of a kind that has its status."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (NotAllowed("No."), 403),
        (Conflict("Late."), 409),
        (Second("Too late."), 409),
        (Invalid({"name": "Bad."}), 422),
        (Unavailable("Away."), 503),
    ],
)
def test_each_error_has_its_status_and_words(app: Flask, client: FlaskClient, error: Exception, status: int):
    raise_at(app, "/trouble", error)

    page = client.get("/trouble")

    assert page.status_code == status
    assert str(error) in page.text
    assert "Request id" in page.text


def test_a_failure_of_ours_shows_nothing_of_the_inside(app: Flask, client: FlaskClient):
    raise_at(app, "/trouble", RuntimeError("Amina Bello 12345678901"))

    page = client.get("/trouble")

    assert page.status_code == 500
    assert "Something went wrong on our side." in page.text
    assert "Amina" not in page.text
    assert "RuntimeError" not in page.text


def test_a_failure_is_told_even_when_the_database_is_what_failed(app: Flask, sign_in: SignInAs):
    client = sign_in("ada")
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    context_of(app).database.reading = None

    page = client.get("/account")

    assert page.status_code == 500
    assert "Something went wrong on our side." in page.text


def test_a_program_gets_json(client: FlaskClient):
    assert client.get("/nothing.json").get_json().keys() == {"error"}


def test_what_an_address_allows_is_told(client: FlaskClient):
    refused = client.post("/healthz")

    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert refused.headers["Content-Type"].startswith("text/html")


def test_htmx_gets_the_message_without_a_page_around_it(client: FlaskClient):
    answer = client.get("/nothing", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert 'class="error-message"' in answer.text
    assert "<html" not in answer.text


def test_who_is_signed_in_keeps_the_menu(sign_in: SignInAs):
    page = sign_in("ben").get("/nothing")

    assert page.status_code == 404
    assert 'href="/callbacks"' in page.text


def test_an_address_in_the_query_stays_text(client: FlaskClient, sign_in: SignInAs):
    page = sign_in("ben").get("/nothing?q=%22%3E%3Cscript%3E")

    assert '"><script>' not in page.text


@pytest.mark.parametrize(
    ("method", "path", "title", "words"),
    [
        ("GET", "/nothing", "Page not found", "There is nothing at this address."),
        ("POST", "/healthz", "Nothing was done", "This address cannot be used in this way."),
    ],
)
def test_words_of_the_framework_are_not_shown(client: FlaskClient, method: str, path: str, title: str, words: str):
    page = client.open(path, method=method).text

    assert f"<title>{title} - Partner Desk</title>" in page
    assert f"<h1>{title}</h1>" in page
    assert words in page
    assert not any(word in page for word in ("Not Found", "Method Not Allowed", "requested URL"))


@pytest.mark.parametrize("status", sorted(exceptions.default_exceptions))
def test_every_status_has_a_title_of_our_own(app: Flask, client: FlaskClient, status: int):
    error = exceptions.default_exceptions[status]()
    raise_at(app, "/trouble", error)

    page = client.get("/trouble").text

    assert HTTPStatus(status).phrase not in page
    assert "None" not in page
    assert error.description not in page


def test_words_of_a_view_are_kept(app: Flask, client: FlaskClient):
    raise_at(app, "/trouble", exceptions.TooManyRequests("You asked ten times."))

    assert "You asked ten times." in client.get("/trouble").text
