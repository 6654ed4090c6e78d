"""Pages by key: the address of the next one, and the words for how many there are."""

from uuid import UUID

import pytest
from flask import Flask

from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.views import asked_place
from dashboard.web.pagination import COUNT_CAP, Page, same_address

ID = UUID("01890000-0000-7000-8000-000000000000")


class Ducks(ListFilter[int]):
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
