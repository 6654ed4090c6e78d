"""Who may call what: every route there is, as every role and as nobody, with every kind of object.

The expectations are keyed by permission, not by route: a new route is covered without a change here, and a new
permission has to be thought about once.
"""

import re
from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.permissions import Role
from dashboard.web.access import EVERYBODY, SIGNED_IN
from tests.factories.features import REGISTERED
from tests.security.conftest import SignInAgain
from tests.security.walk import FOREIGN, KINDS, MISSING, OWN, Route, World, routes

#: o owner, p operator, v viewer.
EXPECTED = {
    "jobs.read": "opv",
    "jobs.create": "op",
    "jobs.cancel": "op",
    "jobs.check": "op",
    "jobs.reveal": "op",
    "jobs.export": "op",
    "callbacks.read": "opv",
    "callbacks.replay": "op",
    "callbacks.download": "o",
    "links.read": "opv",
    "links.create": "op",
    "links.change": "op",
    "tokens.create": "op",
    "jobs.report_fraud": "op",
    "review.decide": "op",
    "overview.read": "opv",
    "team.manage": "o",
    "views.share": "op",
    "views.remove_shared": "o",
    "privacy.manage": "o",
    "audit.read": "o",
    "audit.export": "o",
    "settings.manage": "o",
    "reports.read": "opv",
}
LETTERS = {Role.OWNER: "o", Role.OPERATOR: "p", Role.VIEWER: "v"}
PEOPLE = {"": "", "cleo": "v", "ben": "p", "ada": "o"}

DOOR, FORBIDDEN, NOT_FOUND, LET_IN, BROKEN = "door", "forbidden", "not found", "let in", "broken"
UNAVAILABLE = "unavailable"


def test_the_table_of_permissions_is_what_was_decided():
    granted = {
        permission: "".join(letter for role, letter in LETTERS.items() if REGISTERED.may(role, permission))
        for permission in REGISTERED.permissions
    }

    assert granted == EXPECTED


def test_every_permission_guards_something(walked_app: Flask):
    assert set(REGISTERED.permissions) <= {route.permission for route in routes(walked_app)}


def test_every_route_states_a_rule(walked_app: Flask):
    stated = {EVERYBODY, SIGNED_IN, *REGISTERED.permissions}

    without = [route.name for route in routes(walked_app) if route.permission not in stated]

    print(f"routes: {len(routes(walked_app))}, without a rule: {len(without)}")
    assert without == []


@pytest.mark.timeout(300)
def test_every_decision_is_right(walked_app: Flask, world: World, sign_in_again: SignInAgain):
    decided: Counter[str] = Counter()
    wrong = []
    for name, letter in PEOPLE.items():
        client = sign_in_again(name)
        for route in routes(walked_app):
            for kind in KINDS if route.rule.arguments else (OWN,):
                decision, right = ask(client, route, kind, world), expected(route, letter, kind, world)
                if decision == DOOR and letter and decide(client.get("/account")) == DOOR:
                    decision = LET_IN  # It ended the sign-in, as signing out does.
                decided[decision] += 1
                if decision not in right:
                    wrong.append((name or "nobody", route.name, kind, decision, f"not {'/'.join(right)}"))
                client = after(route, kind, decision, client, name, world, sign_in_again)

    print(f"decisions: {decided.total()} ({dict(decided)}), wrong: {len(wrong)}")
    assert not wrong, "\n".join(map(str, wrong))


def ask(client: FlaskClient, route: Route, kind: str, world: World) -> str:
    """Where a row of one kind is not what the route is about, one of another kind may be."""
    decision = decide(client.open(route.address(world.values(kind)), method=route.method))
    if decision == NOT_FOUND and kind == OWN:
        for other in world.of_other_kinds:
            decision = decide(client.open(route.address(world.own | other), method=route.method))
    return decision


def decide(answer: TestResponse) -> str:
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in"):
        return DOOR
    if answer.status_code >= 500:
        return UNAVAILABLE if answer.status_code == 503 else BROKEN
    return {403: FORBIDDEN, 404: NOT_FOUND}.get(answer.status_code, LET_IN)


def expected(route: Route, letter: str, kind: str, world: World) -> set[str]:
    """Who may not is told so before anything is looked up, so that a refusal tells nothing about what there is."""
    if route.permission == EVERYBODY:
        # The customer's Start says 503 where Smile gives no token, and no Smile is here. The second step of a sign-in
        # leads back to the first.
        return {LET_IN, NOT_FOUND, UNAVAILABLE, DOOR}
    if not letter:
        return {DOOR}
    if route.permission == SIGNED_IN:
        return {LET_IN} if not route.rule.arguments else {LET_IN, NOT_FOUND}
    if letter not in EXPECTED[route.permission or ""]:
        return {FORBIDDEN}
    if not route.rule.arguments or (kind == OWN and world.knows(route)):
        return {LET_IN}
    return {NOT_FOUND} if world.knows(route) else {LET_IN, NOT_FOUND}


def after(
    route: Route, kind: str, decision: str, client: FlaskClient, name: str, world: World, sign_in_again: SignInAgain
) -> FlaskClient:
    """What was let in to write may have spoiled the rows, or ended the sign-in."""
    if decision != LET_IN or route.method in ("GET", "HEAD"):
        return client
    if kind == OWN and route.rule.arguments:
        world.renew()
    return sign_in_again(name) if route.permission in (SIGNED_IN, EVERYBODY) else client


def test_what_is_elsewhere_answers_just_as_what_is_not_there(
    walked_app: Flask, world: World, sign_in_again: SignInAgain
):
    ada = sign_in_again("ada")
    differing = []
    compared = 0

    for route in routes(walked_app):
        if route.rule.arguments and world.knows(route):
            answers = [ada.open(route.address(world.values(kind)), method=route.method) for kind in (MISSING, FOREIGN)]
            compared += 1
            if len({(answer.status_code, without_names(answer.data, route, world)) for answer in answers}) != 1:
                differing.append(route.name)

    print(f"compared: {compared}, differing: {len(differing)}")
    assert compared > 20
    assert differing == []


def without_names(page: bytes, route: Route, world: World) -> bytes:
    """A page of an error names its request, a form has a token with its time, a key and the way back to its page, a
    redirect says what was asked."""
    for kind in (MISSING, FOREIGN):
        address = route.address(world.values(kind))
        page = page.replace(address.encode(), b"").replace(address.rpartition("/")[0].encode(), b"")
    page = re.sub(rb'name="(csrf_token|form_key)" value="[^"]*"', b"", page)
    return page.partition(b"<code>")[0].partition(b'class="error-id"')[0]
