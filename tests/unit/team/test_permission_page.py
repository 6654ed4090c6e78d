"""The page that says who may do what: the table that is enforced, in words."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from dashboard.permissions import ROLES, Role
from tests.factories.features import REGISTERED

SignInAs = Callable[[str], FlaskClient]


def test_every_permission_and_every_role_has_words():
    assert all(permission.words for permission in REGISTERED.permissions.values())
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_everybody_may_see_it_and_the_twin_says_what_is_enforced(sign_in: SignInAs, name: str):
    client = sign_in(name)

    page, twin = client.get("/account/permissions"), client.get("/account/permissions.json").get_json()

    assert page.status_code == 200
    assert all(permission.words in page.text for permission in REGISTERED.permissions.values())
    assert page.text.count(">yes<") == sum(len(permission.roles) for permission in REGISTERED.permissions.values())
    told = {item["permission"]: set(item["roles"]) for item in twin["items"]}
    assert told == {permission.name: permission.roles for permission in REGISTERED.permissions.values()}


def test_the_way_there_is_on_the_account_and_on_the_team_page(sign_in: SignInAs):
    client = sign_in("ada")

    assert 'href="/account/permissions"' in client.get("/account").text
    assert 'href="/account/permissions"' in client.get("/team").text


def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient):
    assert client.get("/account/permissions").status_code == 303
