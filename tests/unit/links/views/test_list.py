"""The list of links: every stage as a row and as a filter, search, pages, what is new, and its twin."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState, Outcome
from dashboard.web.lists.pagination import PAGE_SIZE
from tests.factories.links import make_link, make_start

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def one_of_each(database: Database, settings: Settings) -> dict[str, str]:
    """A link in each stage, by the reference that is also the stage's name."""
    now = utc_now()
    made = {}
    rows = {
        "created": {},
        "opened": {"opened_at": now},
        "stalled": {"opened_at": now - timedelta(hours=2)},
        "paused": {"paused_at": now},
        "revoked": {"revoked_at": now},
        "expired": {"expires_at": now - timedelta(days=1)},
    }
    for name, row in rows.items():
        made[name] = str(make_link(database, settings, customer_reference=name, row=row)[0].id)
    submitted = {"state": JobState.WAITING, "submitted_at": now}
    settled = submitted | {"state": JobState.DONE, "settled_at": now, "outcome": Outcome.REJECTED, "due_at": None}
    for name, job in {"started": {}, "submitted": submitted, "result": settled}.items():
        link, code = make_link(database, settings, customer_reference=name)
        make_start(database, settings, code, **job)
        made[name] = str(link.id)
    return made


def references(member: FlaskClient, query: str = "") -> list[str]:
    return [item["customer_reference"] for item in member.get(f"/links.json?{query}").json["items"]]


def test_list_shows_every_link_with_its_stage(sign_in: SignInAs, one_of_each: dict[str, str]):
    page = unescape(sign_in("cleo").get("/links").text)

    for name, link_id in one_of_each.items():
        assert f'href="/links/{link_id}"' in page
        assert name in page
    assert "9 links" in page
    assert "1 opened but not finished" in page
    assert "Rejected" in page


def test_stage_of_each_row_is_the_stage_that_finds_it(sign_in: SignInAs, one_of_each: dict[str, str]):
    ben = sign_in("ben")

    for item in ben.get("/links.json").json["items"]:
        assert item["customer_reference"] in references(ben, f"stage={item['stage']}")
    for stage in set(one_of_each) - {"stalled", "opened"}:
        assert references(ben, f"stage={stage}") == [stage]
    assert references(ben, "stage=opened") == ["stalled", "opened"]
    assert references(ben, "stage=stalled") == ["stalled"]


@pytest.mark.parametrize(
    "query", ["stage=nonsense", "product=nonsense", "kind=nonsense", "q=nobody", "q=%00", "kind=smile"]
)
def test_nonsense_finds_nothing(sign_in: SignInAs, one_of_each: dict[str, str], query: str):
    ben = sign_in("ben")

    assert references(ben, query) == []
    assert "Nothing matches" in ben.get(f"/links?{query}", follow_redirects=True).text


def test_search_finds_a_reference_by_its_beginning_and_an_id_as_a_whole(sign_in: SignInAs, one_of_each: dict[str, str]):
    ben = sign_in("ben")

    assert references(ben, "q=stall") == ["stalled"]
    assert references(ben, f"q={one_of_each['paused']}") == ["paused"]


def test_list_is_redrawn_only_when_something_changed(sign_in: SignInAs, database: Database, settings: Settings):
    ben = sign_in("ben")
    _, code = make_link(database, settings)
    address = unescape(ben.get("/links").text).partition('hx-get="')[2].partition('"')[0]

    before = ben.get(address, headers={"HX-Request": "true"})
    make_start(database, settings, code)
    after = ben.get(address, headers={"HX-Request": "true"})

    assert (before.status_code, after.status_code) == (204, 200)
    assert "<html" not in after.text


def test_what_came_since_is_offered_and_not_pushed_in(sign_in: SignInAs, database: Database, settings: Settings):
    ben = sign_in("ben")
    make_link(database, settings, customer_reference="before")
    address = unescape(ben.get("/links").text).partition('hx-get="')[2].partition('"')[0]

    make_link(database, settings, customer_reference="after")
    page = ben.get(address).text

    assert "1 new link" in page
    assert "before" in page
    assert "after" not in page.partition("1 new link")[0]


def test_pages_go_on_where_the_last_ended(sign_in: SignInAs, database: Database, settings: Settings):
    ben = sign_in("ben")
    for number in range(PAGE_SIZE + 2):
        make_link(database, settings, customer_reference=f"cust-{number}")

    first = ben.get("/links.json").json
    second = ben.get(first["next"]).json

    assert (first["count"], first["count_is_exact"], second["next"]) == (PAGE_SIZE + 2, True, None)
    assert [item["customer_reference"] for item in second["items"]] == ["cust-1", "cust-0"]


def test_empty_list_says_what_will_be_here(sign_in: SignInAs):
    assert "Make the first link" in sign_in("ben").get("/links").text


def test_empty_list_asks_nothing_of_a_viewer(sign_in: SignInAs):
    page = sign_in("cleo").get("/links").text

    assert "No links yet" in page
    assert "/links/new" not in page


def test_links_of_another_environment_are_not_here(sign_in: SignInAs, database: Database, settings: Settings):
    make_link(database, settings, row={"environment": "production"})

    assert sign_in("ben").get("/links.json").json["items"] == []


def test_signed_out_sees_nothing(client: FlaskClient):
    assert client.get("/links").status_code == 303
    assert client.get("/links.json").status_code in (303, 401)
