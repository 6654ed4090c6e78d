"""The audit trail as owners read it, page by page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.audit.trail import record
from dashboard.db import Database, utc_now
from dashboard.web.lists.pagination import PAGE_SIZE

pytestmark = pytest.mark.both_engines

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
    assert "product: basic kyc" in page.text
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


def test_a_place_beyond_the_first_line_leads_to_the_newest_one(sign_in: SignInAs):
    ada = sign_in("ada")

    assert "No lines here" not in ada.get("/audit?before=1").text
    assert ada.get("/audit.json?before=1").get_json()["items"] == []  # A program that walks would never end.


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


def lines_of(client: FlaskClient, query: str = "") -> list[str]:
    return [item["sentence"] for item in client.get(f"/audit.json?{query}").get_json()["items"]]


def test_filters_stand_in_the_address_and_work_together(sign_in: SignInAs, database: Database):
    now = utc_now()
    with database.transaction() as session:
        record(session, "job.created", "row 1", now - timedelta(days=3), who="zoe@example.com")
        record(session, "link.paused", "row 2", now - timedelta(days=2), who="zoe@example.com")
        record(session, "job.revealed", "row 3", now - timedelta(days=2), who="yan@example.com")
        record(session, "image.viewed", "row 4", now, who="zoe@example.com")
    ada = sign_in("ada")
    day = (now - timedelta(days=2)).date().isoformat()

    found = {
        query: [text.split()[-1] for text in lines_of(ada, query) if "row" in text]
        for query in (
            "who=zoe@example.com",
            "what=job",
            "what=job.revealed",
            "what=looks",
            "what=looks&who=zoe@example.com",
            f"since={day}&until={day}",
            f"since={day}&what=link",
            f"until={day}&who=zoe@example.com",
            "subject=row 2",
        )
    }

    assert list(found.values()) == [
        *(["4", "2", "1"], ["3", "1"], ["3"], ["4", "3"], ["4"]),
        *(["3", "2"], ["2"], ["2", "1"], ["2"]),
    ]


@pytest.mark.parametrize(
    "query",
    ["who=nobody", "what=nothing", "since=2026-99-99", "until=x", "until=9999-12-31&q=zz", "q=%00", "subject=%00"],
)
def test_nonsense_in_a_filter_finds_nothing(sign_in: SignInAs, query: str):
    ada = sign_in("ada")

    page = ada.get(f"/audit?{query}", follow_redirects=True)

    assert page.status_code == 200
    assert "Nothing matches" in page.text
    assert lines_of(ada, query) == []


def test_pages_of_a_filter_keep_the_filter(sign_in: SignInAs, database: Database):
    write_lines(database, PAGE_SIZE + 3)
    ada = sign_in("ada")

    twin = ada.get("/audit.json?what=job&who=worker").get_json()
    rest = ada.get(twin["next"]).get_json()

    assert (twin["count"], len(twin["items"]), len(rest["items"]), rest["next"]) == (PAGE_SIZE + 3, PAGE_SIZE, 3, None)
    assert "what=job" in twin["next"]


def test_lists_of_people_and_of_kinds_hold_each_once(sign_in: SignInAs, database: Database):
    write_lines(database, 5)

    page = sign_in("ada").get("/audit").text

    assert page.count('<option value="worker"') == 1
    assert page.count('<option value="ada@example.com"') == 1
    assert page.count('<option value="job"') == 1
