"""Pages by key: the address of the next one, and the words for how many there are."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from dashboard.web.list_views import asked_place
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP, Page, same_address

ID = UUID("01890000-0000-7000-8000-000000000000")


class Ducks(ListFilter[Any]):
    endpoint = "ducks"
    nouns = ("duck", "ducks")


@pytest.fixture
def bare() -> Flask:
    return Flask(__name__)


def test_next_page_keeps_the_filters_and_drops_what_belongs_to_this_one(bare: Flask):
    with bare.test_request_context("/jobs?state=done&q=a+b%26c&seen=3&top=x&after=y"):
        assert Page([1], ID, 60, Ducks()).next_address == f"/jobs?state=done&q=a+b%26c&after={ID}"
        assert Page([1], None, 1, Ducks()).next_address is None


def test_a_list_below_a_form_that_was_refused_goes_on_at_its_own_address(bare: Flask):
    bare.add_url_rule("/ducks", "ducks")
    with bare.test_request_context("/ducks/searches", method="POST"):
        assert Page([1], ID, 60, Ducks()).next_address == f"/ducks?after={ID}"


def test_present_address_without_a_query_stays_bare(bare: Flask):
    with bare.test_request_context("/jobs?seen=3"):
        assert same_address(seen=None) == "/jobs"


@pytest.mark.parametrize("name", ["endpoint", "_external", "self", "path", "changes"])
def test_any_name_in_the_query_is_only_a_name(bare: Flask, name: str):
    with bare.test_request_context(f"/jobs?{name}=//evil.example.com"):
        assert same_address(seen=1) == f"/jobs?{name}=%2F%2Fevil.example.com&seen=1"


@pytest.mark.parametrize(
    ("query", "found"), [("", None), ("after=", None), ("after=nonsense", None), (f"after={ID}", ID)]
)
def test_page_begins_after_an_id_or_at_the_top(bare: Flask, query: str, found: UUID | None):
    with bare.test_request_context(f"/jobs?{query}"):
        assert asked_place(Ducks()) == found


def test_counting_stops_somewhere_and_says_so():
    exact, beyond = Page([], None, COUNT_CAP, Ducks()), Page([], None, COUNT_CAP + 1, Ducks())

    assert (exact.count_is_exact, exact.count_in_words) == (True, "10,000")
    assert (beyond.count_is_exact, beyond.rows_in_words) == (False, "more than 10,000 ducks")
    assert Page([1], None, 1, Ducks()).rows_in_words == "1 duck"


@pytest.mark.parametrize(
    ("rows", "next_after", "count", "ahead", "words"),
    [
        (50, ID, 98, 0, "1 to 50 of 98 ducks"),
        (48, None, 98, 50, "51 to 98 of 98 ducks"),
        (50, ID, COUNT_CAP + 1, 50, "51 to 100 of more than 10,000 ducks"),
        (50, ID, COUNT_CAP + 1, COUNT_CAP + 1, "50 of more than 10,000 ducks"),
    ],
)
def test_a_page_says_which_rows_it_shows(rows: int, next_after: UUID | None, count: int, ahead: int, words: str):
    assert Page([0] * rows, next_after, count, Ducks(), ahead).rows_in_words == words


def test_a_page_leads_to_the_one_before_it(bare: Flask):
    row = SimpleNamespace(id=ID)
    with bare.test_request_context(f"/jobs?state=done&after={ID}&seen=3&top=x"):
        assert Page([row], None, 60, Ducks(), 0).previous_address is None
        assert Page([row], None, 60, Ducks(), 50).previous_address == "/jobs?state=done"
        assert Page([row], None, 150, Ducks(), 100).previous_address == f"/jobs?state=done&back={ID}"
        assert Page([row], None, 60, Ducks(is_oldest_first=True), 50).turns == ("Older", "Newer")
