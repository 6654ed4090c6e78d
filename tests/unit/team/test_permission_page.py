"""The page that says who may do what: the table that is enforced, in words."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from dashboard.team.permission_words import ROLES, WORDS
from dashboard.team.permissions import PERMISSIONS, Role

SignInAs = Callable[[str], FlaskClient]


def test_every_permission_and_every_role_has_words():
    assert set(WORDS) == set(PERMISSIONS)
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_everybody_may_see_it_and_the_twin_says_what_is_enforced(sign_in: SignInAs, name: str):
    client = sign_in(name)

    page, twin = client.get("/account/permissions"), client.get("/account/permissions.json").get_json()

    assert page.status_code == 200
    assert all(words in page.text for words in WORDS.values())
    assert page.text.count(">yes<") == sum(map(len, PERMISSIONS.values()))
    assert {item["permission"]: set(item["roles"]) for item in twin["items"]} == PERMISSIONS


def test_the_way_there_is_on_the_account_and_on_the_team_page(sign_in: SignInAs):
    client = sign_in("ada")

    assert 'href="/account/permissions"' in client.get("/account").text
    assert 'href="/account/permissions"' in client.get("/team").text


def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient):
    assert client.get("/account/permissions").status_code == 303
