"""Deny by default: a walk over every route there is."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.permissions import Role
from dashboard.web.access import EVERYBODY, SIGNED_IN, required_permission
from tests.factories.features import REGISTERED

SignInAs = Callable[[str], FlaskClient]
STATED = {EVERYBODY, SIGNED_IN, *REGISTERED.permissions}
SOME_ID = "01890000-0000-7000-8000-000000000000"


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """Every route with an address that it answers to."""
    with app.test_request_context():
        return [
            (rule, rule.build(dict.fromkeys(rule.arguments, SOME_ID), append_unknown=False)[1])
            for rule in app.url_map.iter_rules()
        ]


def permission_of(app: Flask, rule: Rule) -> str | None:
    with app.app_context():
        return required_permission(rule.endpoint)


def test_every_route_states_a_permission_that_exists(app: Flask):
    silent = [rule.rule for rule, _ in routes(app) if permission_of(app, rule) not in STATED]

    assert routes(app)
    assert silent == []


def test_only_these_slices_are_open_to_everybody(app: Flask):
    """A new open route belongs here only after somebody thought about it."""
    opened = {rule.endpoint.split(".")[0] for rule, _ in routes(app) if permission_of(app, rule) == EVERYBODY}

    assert opened - {"callbacks"} == {"customer", "door", "health", "logo", "policy_reports", "team"}


def test_a_route_that_states_nothing_is_refused_even_to_an_owner(app: Flask, sign_in: SignInAs):
    app.add_url_rule("/forgotten", "forgotten", lambda: "secrets")

    answer = sign_in("ada").get("/forgotten")

    assert answer.status_code == 404


def test_somebody_signed_out_gets_nowhere(app: Flask, client: FlaskClient):
    let_in = []
    for rule, address in routes(app):
        if permission_of(app, rule) == EVERYBODY:
            continue
        for method in rule.methods - {"OPTIONS"}:
            answer = client.open(address, method=method)
            if not (answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in")):
                let_in.append((method, address, answer.status_code))

    assert let_in == []


def test_somebody_signed_out_is_told_in_the_form_that_was_asked_for(client: FlaskClient):
    page, twin = client.get("/jobs?state=done"), client.get("/jobs.json")
    piece = client.get("/jobs", headers={"HX-Request": "true"})

    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/jobs?state%3Ddone")
    assert (twin.status_code, twin.json) == (401, {"error": "Sign in first."})
    assert (piece.status_code, piece.headers["HX-Redirect"], piece.data) == (401, "/sign-in", b"")


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_every_route_beyond_a_role_is_forbidden(app: Flask, sign_in: SignInAs, name: str):
    client = sign_in(name)
    role = {"ben": Role.OPERATOR, "cleo": Role.VIEWER}[name]

    let_in = []
    for rule, address in routes(app):
        permission = permission_of(app, rule)
        if permission in REGISTERED.permissions and not REGISTERED.may(role, permission):
            for method in rule.methods - {"OPTIONS"}:
                answer = client.open(address, method=method)
                if answer.status_code != 403:
                    let_in.append((method, address, answer.status_code))

    assert let_in == []
