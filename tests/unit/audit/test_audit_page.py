"""The audit trail as owners read it, page by page."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from dashboard.audit.trail import record
from dashboard.db import Database, utc_now
from dashboard.web.pagination import PAGE_SIZE

SignInAs = Callable[[str], FlaskClient]


def write_lines(database: Database, count: int) -> None:
    with database.transaction() as session:
        for number in range(count):
            record(session, "job.created", f"row {number}", utc_now(), who="worker", details={"product": "basic_kyc"})


def test_an_owner_reads_the_newest_lines_first(sign_in: SignInAs, database: Database):
    write_lines(database, 2)

    page = sign_in("ada").get("/audit")

    assert page.status_code == 200
    assert page.text.index("signed in") < page.text.index("row 1") < page.text.index("row 0")
    assert "product: basic_kyc" in page.text
    assert "3 lines" in page.text
    assert 'rel="next"' not in page.text


def test_following_the_pages_shows_every_line_once(sign_in: SignInAs, database: Database):
    write_lines(database, 2 * PAGE_SIZE)
    client = sign_in("ada")

    numbers, address = [], "/audit.json"
    while address:
        twin = client.get(address).get_json()
        numbers += [item["sequence"] for item in twin["items"]]
        address = twin["next"]

    assert numbers == list(range(2 * PAGE_SIZE + 1, 0, -1))
    assert (twin["count"], twin["count_is_exact"]) == (2 * PAGE_SIZE + 1, True)


def test_a_page_that_is_exactly_full_is_the_last(sign_in: SignInAs, database: Database):
    write_lines(database, PAGE_SIZE - 1)

    assert sign_in("ada").get("/audit.json").get_json()["next"] is None


def test_the_page_links_to_the_older_lines(sign_in: SignInAs, database: Database):
    write_lines(database, PAGE_SIZE)

    assert 'href="/audit?before=2"' in sign_in("ada").get("/audit").text


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, ""])
def test_nonsense_begins_at_the_top(sign_in: SignInAs, before: str):
    twin = sign_in("ada").get(f"/audit.json?before={before}").get_json()

    assert twin["items"][0]["action"] == "member.signed_in"


def test_before_the_first_line_there_is_nothing_and_the_page_says_so(sign_in: SignInAs):
    page = sign_in("ada").get("/audit?before=1")

    assert page.status_code == 200
    assert "No lines here" in page.text


@pytest.mark.parametrize("name", ["ben", "cleo"])
@pytest.mark.parametrize("path", ["/audit", "/audit.json"])
def test_other_roles_are_refused(sign_in: SignInAs, name: str, path: str):
    assert sign_in(name).get(path).status_code == 403


def test_somebody_signed_out_is_refused(client: FlaskClient):
    assert client.get("/audit").status_code == 303
    assert client.get("/audit.json").status_code == 401


def test_nothing_can_be_written_there(sign_in: SignInAs):
    client = sign_in("ada")

    assert [client.open("/audit", method=method).status_code for method in ("POST", "PUT", "DELETE")] == [405] * 3
