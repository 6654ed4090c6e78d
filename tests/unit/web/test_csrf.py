"""Forged forms: the token in every form, and where a form was sent from."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.db import Database
from dashboard.web.security.csrf import SAFE_METHODS
from tests.factories.team import PASSWORD, SECOND_STEP, app_code, make_member
from tests.unit.web.test_permissions import routes

SignInAs = Callable[[str], FlaskClient]
TOKEN_FIELD = 'name="csrf_token" value="'


def token_in(page: str) -> str:
    return page.split(TOKEN_FIELD)[1].split('"')[0]


@pytest.fixture
def browser(app: Flask, database: Database) -> FlaskClient:
    """Ada, signed in as a browser does it: with the tokens of the forms."""
    make_member(database, "ada")
    browser = app.test_client()
    for path, typed in (
        ("/sign-in", {"email": "ada@example.com", "password": PASSWORD}),
        (SECOND_STEP, {"code": app_code()}),
    ):
        answer = browser.post(path, data=typed | {"csrf_token": token_in(browser.get(path).text)})
        assert answer.status_code == 303
    return browser


def unsafe_routes(app: Flask) -> list[tuple[str, str]]:
    return [(method, address) for rule, address in routes(app) for method in rule.methods - SAFE_METHODS]


def test_every_write_without_a_token_is_refused(app: Flask, browser: FlaskClient):
    answers = {address: browser.open(address, method=method).status_code for method, address in unsafe_routes(app)}

    assert {"/sign-in", "/sign-out", "/account", "/account/password"} <= set(answers)
    assert set(answers.values()) == {400}


def test_every_write_from_another_site_is_refused_even_with_a_token(app: Flask, browser: FlaskClient):
    token = token_in(browser.get("/account").text)

    answers = {
        address: browser.open(
            address, method=method, data={"csrf_token": token}, headers={"Origin": "https://evil.example"}
        ).status_code
        for method, address in unsafe_routes(app)
    }

    assert set(answers.values()) == {403}


def rename(browser: FlaskClient, **headers: str) -> int:
    token = token_in(browser.get("/account").text)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post("/account", data={"name": "Ada B.", "csrf_token": token}, headers=sent).status_code


def test_our_own_form_is_accepted(browser: FlaskClient):
    assert rename(browser, Origin="http://localhost") == 303


def test_a_client_that_names_no_origin_is_accepted_with_a_token(browser: FlaskClient):
    assert rename(browser) == 303


def test_the_null_origin_is_accepted_only_from_the_same_origin(browser: FlaskClient):
    assert rename(browser, Origin="null", Sec_Fetch_Site="same-origin") == 303
    assert rename(browser, Origin="null", Sec_Fetch_Site="cross-site") == 403
    assert rename(browser, Origin="null") == 403


@pytest.mark.parametrize("origin", ["https://localhost", "http://localhost:81", "http://localhost.evil.example", ""])
def test_an_origin_that_only_resembles_ours_is_refused(browser: FlaskClient, origin: str):
    assert rename(browser, Origin=origin) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_that_hides_its_origin_is_refused(browser: FlaskClient, site: str):
    assert rename(browser, Sec_Fetch_Site=site) == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_form_without_an_origin_is_accepted_where_the_browser_says_that_it_is_ours(browser: FlaskClient, site: str):
    assert rename(browser, **{"Sec-Fetch-Site": site}) == 303


@pytest.mark.parametrize("method", sorted(SAFE_METHODS - {"TRACE"}))
def test_looking_is_allowed_wherever_one_comes_from(browser: FlaskClient, method: str):
    """A link on a foreign page, and what tools of the browser ask for, change nothing."""
    answer = browser.open("/account", method=method, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 200


def test_the_token_of_another_person_is_refused(app: Flask, browser: FlaskClient):
    foreign = token_in(app.test_client().get("/sign-in").text)

    answer = browser.post("/account", data={"name": "Ada B.", "csrf_token": foreign})

    assert answer.status_code == 400


def test_a_token_from_before_the_sign_in_is_worthless_after_it(app: Flask, database: Database):
    make_member(database, "ben")
    browser = app.test_client()
    token = token_in(browser.get("/sign-in").text)
    browser.post("/sign-in", data={"email": "ben@example.com", "password": PASSWORD, "csrf_token": token})

    answer = browser.post("/account", data={"name": "Ben B.", "csrf_token": token})

    assert answer.status_code == 400


def test_every_form_that_writes_carries_a_token(browser: FlaskClient):
    for path in ("/account", "/team", "/audit"):
        page = browser.get(path).text

        assert page.count('method="post"') == page.count(TOKEN_FIELD) >= 1
