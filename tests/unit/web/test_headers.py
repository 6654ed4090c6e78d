"""Headers on every answer, and the flags of the cookie."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database
from tests.conftest import make_settings
from tests.factories.team import PASSWORD, make_member
from tests.unit.web.test_permissions import routes

SignInAs = Callable[[str], FlaskClient]
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def test_every_answer_of_every_route_has_them(app: Flask, sign_in: SignInAs):
    client = sign_in("ada")

    for rule, address in routes(app):
        answer = client.get(address)
        is_preview = rule.endpoint.startswith("link_previews.")

        expected = ALWAYS | ({"X-Frame-Options": "SAMEORIGIN"} if is_preview and answer.status_code == 200 else {})
        assert {name: answer.headers.get(name) for name in ALWAYS} == expected, address
        assert ("script-src 'self'" in answer.headers["Content-Security-Policy"]) != (expected != ALWAYS), address
        assert "no-store" in answer.headers["Cache-Control"], address


@pytest.mark.parametrize("path", ["/nothing", "/sign-out", "/team", "/team.json"])
def test_refusals_have_them_too(client: FlaskClient, path: str):
    answer = client.get(path)

    assert answer.status_code >= 300
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_policy_allows_no_inline_script_style_or_eval(client: FlaskClient):
    policy = client.get("/sign-in").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/account", "/team", "/audit", "/nothing"])
def test_pages_have_nothing_that_the_policy_would_block(sign_in: SignInAs, path: str):
    page = sign_in("ada").get(path).text

    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=")


def test_a_page_says_that_htmx_gets_another_answer(client: FlaskClient):
    assert "HX-Request" in client.get("/sign-in").headers["Vary"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, database: Database):
    make_member(database, "ben")

    answer = client.post("/sign-in", data={"email": "ben@example.com", "password": PASSWORD, "keep": "y"})

    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"desk", "desk_keep", "desk_browser"}
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie for cookie in cookies)
    assert not any("Domain" in cookie for cookie in cookies)


def test_the_cookie_of_a_sign_in_ends_with_the_browser(client: FlaskClient, database: Database):
    make_member(database, "ben")

    answer = client.post("/sign-in", data={"email": "ben@example.com", "password": PASSWORD})

    [cookie] = [text for text in answer.headers.getlist("Set-Cookie") if text.startswith("desk=")]
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie


def test_under_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path, database_url: str):
    app = create_app(make_settings(tmp_path, database_url=database_url, public_url="https://desk.example.com"))

    app.config["WTF_CSRF_ENABLED"] = False
    make_member(context_of(app).database, "ben")
    typed = {"email": "ben@example.com", "password": PASSWORD, "keep": "y"}

    answer = app.test_client().post("/sign-in", data=typed, base_url="https://desk.example.com")

    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 3
    assert all(cookie.startswith("__Host-desk") and "Secure" in cookie and "Path=/" in cookie for cookie in cookies)
    for path in ("/sign-in", "/nothing", "/hooks/smile", "/static/img/kora-bank.svg"):
        with app.test_client().get(path, base_url="https://desk.example.com") as other:
            hsts = other.headers["Strict-Transport-Security"]
        assert hsts == "max-age=31536000; includeSubDomains", path
    context_of(app).database.dispose()


def test_a_page_that_changes_nothing_sends_no_cookie_again(sign_in: SignInAs):
    client = sign_in("ada")
    client.get("/account")  # The first page with a form makes the token.

    assert "Set-Cookie" not in client.get("/account").headers
