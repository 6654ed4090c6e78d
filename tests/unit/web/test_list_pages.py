"""What the page of every list says and lets its reader choose: columns, values that nothing has, days, typed text."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.team.models import Member
from dashboard.web.lists.filters import address_without_typed_text
from tests.unit.web.test_lists import LISTS, Filters, rows

__all__ = ["rows"]  # the fixture

SignInAs = Callable[[str], FlaskClient]
ID = "01890000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("outcome=bogus", "Outcome: \u201cbogus\u201d is not among the choices, so nothing is found."),
        ("since=2026-99-99", "From: \u201c2026-99-99\u201d is not a date, so nothing is found."),
    ],
)
def test_a_value_that_no_row_can_have_is_named(sign_in: SignInAs, query: str, said: str):
    page = sign_in("ben").get(f"/jobs?{query}&state=done").text

    assert said in page
    assert '<a href="/jobs?state=done">Remove this filter</a>' in page


@pytest.mark.parametrize("filters", LISTS)
def test_nothing_that_was_typed_goes_on_to_the_door(app: Flask, filters: Filters):
    for name, field in filters.declared().items():
        typed, sealed = {name: "Amina Bello"}, {name: "~sealed"}
        with app.test_request_context("/jobs", query_string=typed | {"x": "1"}):
            expected = "/jobs?x=1" if field.may_be_personal else f"/jobs?{name}=Amina+Bello&x=1"
            assert address_without_typed_text() == expected
        with app.test_request_context("/jobs", query_string=sealed):
            assert address_without_typed_text() == f"/jobs?{name}=~sealed"


def test_ids_and_digests_of_numbers_go_on_to_the_door(app: Flask):
    for query in (f"job={ID}", "job=none", f"number={'0' * 64}"):
        with app.test_request_context(f"/callbacks?{query}"):
            assert address_without_typed_text() == f"/callbacks?{query}"


def test_the_zone_of_a_day_is_said_where_it_is_asked_for(sign_in: SignInAs, session: Session):
    ada = sign_in("ada")
    session.exec(select(Member)).one().time_zone = "Africa/Lagos"
    session.commit()

    page = ada.get("/callbacks?day=2026-11-24").text

    assert "Shows only one day: 2026-11-24 (Africa/Lagos (UTC+01:00))." in page
    assert 'title="Received on this day or later (Africa/Lagos (UTC+01:00))"' in page


@pytest.mark.parametrize("filters", LISTS)
def test_a_member_chooses_the_columns_of_a_list(
    sign_in: SignInAs, rows: dict[Filters, Callable[[], Any]], filters: Filters
):
    rows[filters]()
    ada = sign_in("ada")
    with ada.application.test_request_context():
        page, choose = url_for(filters.endpoint), url_for("team.choose_columns", purpose=filters.purpose)
    own = re.compile(r'<table class="table list list-fixed.*?</table>', re.DOTALL)

    def shown() -> tuple[list[str], int]:
        table = own.search(ada.get(page).text)
        assert table
        body = table[0].partition("<tbody")[2].partition("</tr>")[0]
        heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html.unescape(table[0]))
        return heads, len(re.findall(r"<t[hd][ >]", body))

    usual = [each.label for each in filters.columns if not each.is_extra]
    assert shown() == (usual, len(usual))
    [*always] = (each for each in filters.columns if each.is_fixed)
    for ticked in ([], [each.name for each in filters.columns if each.is_extra], ["nonsense"]):
        chosen = ada.post(choose, query_string={"sort": "oldest"}, data={"column": ticked})
        assert chosen.location == f"{page}?sort=oldest"
        labels = [each.label for each in filters.columns if each in always or each.name in ticked]
        assert shown() == (labels, len(labels))
    assert ada.post(choose, data={"usual": "yes"}).location == page
    assert shown() == (usual, len(usual))


def test_columns_of_no_list_are_not_found(sign_in: SignInAs):
    assert sign_in("ben").post("/account/lists/ducks/columns").status_code == 404
