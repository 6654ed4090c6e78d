"""The list of members."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from dashboard.db import Database
from tests.factories.team import make_member

SignInAs = Callable[[str], FlaskClient]


def test_an_owner_sees_every_member_with_their_role(sign_in: SignInAs, database: Database):
    for name in ("ben", "cleo", "dan"):
        make_member(database, name)

    page = sign_in("ada").get("/team")

    assert page.status_code == 200
    assert "Ada (you)" in page.text
    assert page.text.count("No, disabled") == 1
    for word in ("ben@example.com", "Operator", "cleo@example.com", "Viewer"):
        assert word in page.text


def test_the_twin_says_the_same_without_secrets(sign_in: SignInAs, database: Database):
    make_member(database, "dan")

    twin = sign_in("ada").get("/team.json").get_json()

    assert [(item["name"], item["role"]) for item in twin["items"]] == [("Ada", "owner"), ("Dan", "operator")]
    assert (twin["next"], twin["count"], twin["count_is_exact"]) == (None, 2, True)
    assert "password_hash" not in twin["items"][0]


QUERIES = {
    "role=operator": ["Ben", "Dan"],
    "access=no": ["Dan"],
    "role=owner&access=yes": ["Ada"],
    "role=king": [],
}


def test_members_are_filtered_by_role_and_access(sign_in: SignInAs, database: Database):
    for name in ("ben", "cleo", "dan"):
        make_member(database, name)
    ada = sign_in("ada")

    found = {query: [item["name"] for item in ada.get(f"/team.json?{query}").get_json()["items"]] for query in QUERIES}
    page = ada.get("/team?role=operator&access=yes").text

    assert found == QUERIES
    assert ("ben@example.com" in page, "dan@example.com" in page, "1 member" in page) == (True, False, True)
    assert "One owner." in page


@pytest.mark.parametrize("name", ["ben", "cleo"])
@pytest.mark.parametrize("path", ["/team", "/team.json"])
def test_other_roles_are_refused(sign_in: SignInAs, name: str, path: str):
    assert sign_in(name).get(path).status_code == 403


def test_other_roles_are_not_shown_the_way(sign_in: SignInAs):
    page = sign_in("cleo").get("/account").text

    assert 'href="/jobs"' in page
    assert 'href="/team"' not in page
    assert 'href="/jobs/new"' not in page


def test_somebody_signed_out_is_refused(client: FlaskClient):
    assert client.get("/team").status_code == 303
    assert client.get("/team.json").status_code == 401


def test_a_page_below_it_is_not_found(sign_in: SignInAs):
    assert sign_in("ada").get("/team/nothing").status_code == 404
