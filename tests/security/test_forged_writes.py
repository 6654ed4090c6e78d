"""Forged requests: every unsafe method, without a token, from elsewhere, and by a mere link. None is accepted."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import func, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback
from dashboard.db import Database
from dashboard.web.access import EVERYBODY
from dashboard.web.security.csrf import SAFE_METHODS
from tests.conftest import pass_the_door
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.team import PASSWORD, make_member
from tests.security.walk import Route, World, routes

TOKEN = re.compile('name="csrf_token" value="([^"]+)"')
ELSEWHERE = "https://evil.example"
#: What is sent beside the token: (headers, whether it may carry a token that is right).
FORGERIES: dict[str, tuple[dict[str, str], bool]] = {
    "without a token": ({}, False),
    "from another site with a token": ({"Origin": ELSEWHERE}, True),
    "from a page without an origin": ({"Origin": "null"}, True),
    "from a framed page of another site": ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, True),
    "from a neighbour's host": ({"Origin": "http://localhost:81", "Sec-Fetch-Site": "same-site"}, True),
    "from another site that hides it": ({"Sec-Fetch-Site": "cross-site"}, True),
    "with a token of another browser": ({"Origin": "http://localhost"}, False),
}


@pytest.fixture(scope="module")
def browser(walked_app: Flask, walked_database: Database) -> FlaskClient:
    """Ada, signed in as a browser does it: with the tokens of the forms."""
    client = walked_app.test_client()
    pass_the_door(client, make_member(walked_database, "ada").email, lambda page: token_in(client.get(page).text))
    return client


def token_in(page: str) -> str:
    found = TOKEN.search(page)
    assert found
    return found[1]


def unsafe(app: Flask) -> list[Route]:
    return [route for route in routes(app) if route.method not in SAFE_METHODS]


def lines(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(AuditEntry)).one()


def test_every_unsafe_method_refuses_every_forgery(
    walked_app: Flask, walked_database: Database, world: World, browser: FlaskClient
):
    right = token_in(browser.get("/account").text)
    foreign = token_in(walked_app.test_client().get("/sign-in").text)
    accepted: list[Any] = []
    tried, before = 0, lines(walked_database)

    for route in unsafe(walked_app):
        for name, (headers, has_token) in FORGERIES.items():
            data = {"csrf_token": right} if has_token else {"csrf_token": foreign} if "another browser" in name else {}
            answer = browser.open(route.address(world.own), method=route.method, headers=headers, data=data)
            tried += 1
            if answer.status_code not in (400, 403):
                accepted.append((route.name, name, answer.status_code))

    print(f"unsafe routes: {len(unsafe(walked_app))}, forgeries: {tried}, accepted: {len(accepted)}")
    assert len(unsafe(walked_app)) > 30
    assert accepted == []
    assert lines(walked_database) == before
    assert browser.get("/account").status_code == 200  # Nobody was signed out by any of them.


def test_what_writes_does_nothing_by_a_link(
    walked_app: Flask, walked_database: Database, world: World, browser: FlaskClient
):
    """A picture or a link on another page sends GET, whatever it says about methods."""
    token = token_in(browser.get("/account").text)
    readable = {route.rule.rule for route in routes(walked_app) if route.method == "GET"}
    accepted: list[Any] = []
    tried, before = 0, lines(walked_database)

    for route in unsafe(walked_app):
        for method in ("GET", "HEAD"):
            address = f"{route.address(world.own)}?_method=POST&csrf_token={token}"
            answer = browser.open(address, method=method, headers={"X-HTTP-Method-Override": "POST"})
            tried += 1
            if answer.status_code < 400 and route.rule.rule not in readable:
                accepted.append((route.name, method, answer.status_code))

    print(f"by GET and HEAD: {tried}, accepted: {len(accepted)}, lines written: {lines(walked_database) - before}")
    assert accepted == []
    assert lines(walked_database) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_methods_that_no_route_names_are_refused(walked_app: Flask, world: World, browser: FlaskClient, method: str):
    token = token_in(browser.get("/account").text)
    named = {route.rule.rule for route in routes(walked_app) if route.method == method}

    answers = {
        browser.open(route.address(world.own), method=method, headers={"X-CSRFToken": token}).status_code
        for route in routes(walked_app)
        if route.rule.rule not in named
    }

    assert answers == {405}


def test_a_sign_in_cannot_be_forged_either(walked_app: Flask, walked_database: Database):
    """Else a stranger signs somebody in under an account of his own, and reads what is typed there."""
    make_member(walked_database, "ben")
    data = {"email": "ben@example.com", "password": PASSWORD}
    victim = walked_app.test_client()

    answers = [
        victim.post("/sign-in", data=data),
        victim.post("/sign-in", data=data, headers={"Origin": ELSEWHERE}),
        victim.post("/sign-in", data=data | {"csrf_token": token_in(walked_app.test_client().get("/sign-in").text)}),
    ]

    assert [answer.status_code for answer in answers] == [400, 403, 400]
    assert victim.get("/account").status_code == 303


def callbacks_kept(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(Callback)).one()


def test_the_door_for_callbacks_takes_a_signature_and_no_cookie(
    walked_app: Flask, walked_database: Database, browser: FlaskClient
):
    """It has rules of its own: whoever signs is let in from wherever, and being signed in is worth nothing."""
    before = callbacks_kept(walked_database)

    forged = [
        deliver(browser, encode(make_payload(signature=None))),
        deliver(browser, encode(make_payload(signature="d3Jvbmc="))),
        browser.post("/hooks/smile", data={"ResultCode": "0810"}),
        browser.post("/hooks/smile", data=encode(make_payload()), content_type="text/plain"),
        browser.get("/hooks/smile"),
        browser.put("/hooks/smile"),
    ]

    assert [answer.status_code for answer in forged] == [401, 401, 415, 415, 405, 405]
    assert not any("Set-Cookie" in answer.headers for answer in forged)
    with walked_database.reading() as session:
        verdicts = session.exec(select(Callback.verdict).order_by(Callback.received_at.desc()).limit(2)).all()  # type: ignore[attr-defined]
    assert callbacks_kept(walked_database) - before == 2  # kept for inspection, believed by nobody
    assert {str(verdict) for verdict in verdicts} == {"missing", "wrong"}


def test_routes_for_everybody_that_write_are_only_those_with_rules_of_their_own(walked_app: Flask):
    """The door, one-time links, and the customer's Start: forms that carry a token as every form does. What a browser
    reports of the policy carries none: its type is one that no form has."""
    opened = {route.rule.endpoint.partition(".")[0] for route in unsafe(walked_app) if route.permission == EVERYBODY}

    assert opened <= {"team", "door", "customer", "policy_reports"}


def test_a_customers_start_is_pressed_on_our_page_alone(walked_app: Flask, world: World, walked_database: Database):
    phone = walked_app.test_client()
    address = f"/v/{world.own['code']}"
    token = token_in(phone.get(address).text)
    consent = {"consent": "yes"}

    answers = [
        phone.post(f"{address}/start", data=consent),
        phone.post(f"{address}/start", data=consent | {"csrf_token": token}, headers={"Origin": ELSEWHERE}),
        phone.post(f"{address}/start", data=consent | {"csrf_token": token}, headers={"Origin": "null"}),
    ]

    assert [answer.status_code for answer in answers] == [400, 403, 403]
    with walked_database.reading() as session:
        started = session.exec(
            select(AuditEntry.sequence).where(AuditEntry.action == "link.started").order_by(AuditEntry.sequence)
        ).all()
    assert list(started) == []
