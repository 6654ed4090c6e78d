"""What a copied cookie is worth on every route there is, once its sign-in should be over."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.db import Database, keyring_of, utc_now
from dashboard.permissions import Role
from dashboard.team.factors.models import AuthenticatorApp
from dashboard.team.members import members
from dashboard.team.models import Member
from dashboard.web.access import EVERYBODY
from tests.factories.features import REGISTERED
from tests.factories.team import APP_SECRET, PASSWORD, app_code, make_member
from tests.unit.team.signed_in import copy_of, knock
from tests.unit.web.test_permissions import permission_of, routes

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
NEW_PASSWORD = "another fine long one"


def sign_out(client: FlaskClient, database: Database) -> None:
    assert client.post("/sign-out").status_code == 303


def change_password(client: FlaskClient, database: Database) -> None:
    answer = client.post("/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD})
    assert answer.status_code == 303


def add_a_factor(client: FlaskClient, database: Database) -> None:
    with database.transaction() as session:
        make_pending_app(session, session.exec(select(Member).where(Member.email == "ben@example.com")).one())
    assert client.post("/account/second-factors/app", data={"code": app_code()}).status_code == 303


def make_pending_app(session: Session, member: Member) -> None:
    sealed = keyring_of(session).seal(APP_SECRET.encode(), f"member:{member.id}:authenticator")
    session.add(AuthenticatorApp(member_id=member.id, secret_sealed=sealed, created_at=utc_now()))


def disable(client: FlaskClient, database: Database) -> None:
    make_member(database, "ada")
    with database.transaction() as session:
        ben = session.exec(select(Member).where(Member.email == "ben@example.com")).one()
        members.disable_member(session, ben, utc_now())


def sign_in_again(client: FlaskClient, database: Database) -> None:
    assert knock(client, "ben").status_code == 303


def confirm(client: FlaskClient, database: Database) -> None:
    assert client.post("/account/confirmation", data={"password": PASSWORD}).status_code == 303


@pytest.mark.parametrize("end", [sign_out, change_password, add_a_factor, disable, sign_in_again, confirm])
def test_copied_cookie_is_refused_on_every_route_at_once(
    app: Flask, sign_in: SignInAs, database: Database, end: Callable[[FlaskClient, Database], None]
):
    client = sign_in("ben")
    thief = copy_of(app, client)

    end(client, database)

    tried, accepted = 0, []
    for rule, address in routes(app):
        if permission_of(app, rule) in (EVERYBODY, None):
            continue
        for method in rule.methods - {"OPTIONS"}:
            answer = thief.open(address, method=method)
            tried += 1
            if answer.status_code != 401 and not answer.headers.get("Location", "").startswith("/sign-in"):
                accepted.append((method, address, answer.status_code))
    print(f"cookie from before {end.__name__}: tried {tried} times, accepted {len(accepted)}")
    assert tried > 100
    assert accepted == []


def test_role_that_was_taken_away_is_worth_nothing_on_any_route(app: Flask, sign_in: SignInAs, database: Database):
    client = sign_in("ada")
    with database.transaction() as session:
        session.exec(select(Member)).one().role = Role.VIEWER

    accepted = []
    for rule, address in routes(app):
        permission = permission_of(app, rule)
        if permission in REGISTERED.permissions and not REGISTERED.may(Role.VIEWER, permission):
            for method in rule.methods - {"OPTIONS"}:
                answer = client.open(address, method=method)
                if answer.status_code != 403:
                    accepted.append((method, address, answer.status_code))
    assert accepted == []


def test_signing_out_asks_the_browser_to_forget_everything(sign_in: SignInAs):
    client = sign_in("ben")

    answer = client.post("/sign-out")

    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "You are signed out." in client.get(answer.location).text
    assert knock(client, "ben").status_code == 303
