"""Lists whose rows are counted: exact counts, counts of choices, and pages that look only where there are rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Verdict
from dashboard.db import Database, utc_now
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import JobState, Outcome
from dashboard.jobs.products import Product
from dashboard.links.filters import LinkFilter
from dashboard.rollups import counting
from dashboard.rollups.folding import forget_deltas
from dashboard.rollups.models import Rollup
from dashboard.web import list_views
from dashboard.web.lists import choice_counts as choices_module
from dashboard.web.lists import pagination
from dashboard.web.lists import reading as lists_reading
from dashboard.web.lists.choice_counts import ChoiceCount, choice_counts
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import newest_key, page_of
from tests.factories.rollups import add, callback_at, fold_all, job_at, link_at

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
LAGOS = ZoneInfo("Africa/Lagos")
SignInAs = Callable[[str], FlaskClient]


def read(database: Database, asked: Any, zone: Any = UTC, **place: Any) -> Any:
    with database.reading() as session:
        return page_of(Scope(session, "sandbox", NOW, zone), asked, **place)


def count_choices(database: Database, asked: Any) -> dict[str, dict[str, int]]:
    with database.reading() as session:
        scope = Scope(session, "sandbox", NOW)
        found = choice_counts(scope, asked, asked.offered(scope))
    return {name: {choice: each.count for choice, each in by.items() if each.count} for name, by in found.items()}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if ten rows were already many."""
    monkeypatch.setattr(lists_reading, "COUNT_CAP", 10)
    monkeypatch.setattr(choices_module, "MOST_LOOKED_AT", 10)
    monkeypatch.setattr(lists_reading, "PAGE_SIZE", 5)


def test_before_jobs_are_counted_a_list_counts_its_rows(database: Database):
    add(database, job_at(NOW))

    page = read(database, JobFilter())

    assert (page.count, page.is_counted) == (1, False)
    assert count_choices(database, JobFilter())["state"] == {"queued": 1}


@pytest.mark.usefixtures("few")
def test_a_counted_list_says_how_many_rows_it_has_however_many(app: Flask, database: Database):
    add(database, *(job_at(NOW - timedelta(minutes=number)) for number in range(98)))
    fold_all(database, NOW)

    first = read(database, JobFilter())
    second = read(database, JobFilter(), after=first.next_after)
    last = read(database, JobFilter(is_oldest_first=True))

    with app.test_request_context():
        assert first.rows_in_words == "1 to 5 of 98 jobs"
        assert second.rows_in_words == "6 to 10 of 98 jobs"
        assert last.rows_in_words == "1 to 5 of 98 jobs"
    assert second.ahead == 5


def test_changes_that_are_not_folded_yet_count_too(database: Database):
    fold_all(database, NOW)
    job = job_at(NOW)
    add(database, job, job_at(NOW, environment="production"))

    assert read(database, JobFilter()).count == 1
    assert read(database, JobFilter(state="queued")).count == 1
    assert count_choices(database, JobFilter())["country"] == {}


def test_callbacks_count_at_once_and_links_too(database: Database):
    fold_all(database, NOW)
    add(database, callback_at(NOW), callback_at(NOW, verdict=Verdict.MISSING), callback_at(NOW - timedelta(hours=1)))
    add(database, link_at(NOW))
    fold_all(database, NOW)

    assert read(database, CallbackFilter()).count == 3
    assert read(database, CallbackFilter(verdict="valid")).is_counted
    by = count_choices(database, CallbackFilter())
    assert (by["verdict"], by["product"]) == ({"valid": 2, "wrong": 1, "missing": 1}, {"unknown": 3})
    assert count_choices(database, LinkFilter()) == {"kind": {"hosted": 1}, "product": {"document_verification": 1}}


def test_days_of_another_zone_are_exact(database: Database):
    moments = [datetime(2026, 11, day, hour, 30, tzinfo=UTC) for day in (1, 22, 23, 24) for hour in (0, 22, 23)]
    add(database, *(job_at(moment) for moment in moments))
    fold_all(database, NOW, "Asia/Kathmandu")

    for zone in (UTC, LAGOS, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")):
        for since, until in (
            ("2026-11-23", "2026-11-23"),
            ("2026-11-01", ""),
            ("", "2026-11-22"),
            ("2026-10-31", "2026-11-24"),
        ):
            asked = JobFilter(since=since, until=until)
            page = read(database, asked, zone)
            assert (page.count, page.is_counted) == (len(page.rows), True), (zone, since, until)


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("0001-01-01", "", 0),
        ("", "0001-01-01", 0),
        ("1969-07-20", "", 0),
        ("1970-01-02", "9999-12-30", 1),
        ("9999-12-31", "", 0),
        ("", "9999-12-31", 0),
        ("2026-11-29", "2026-11-27", 0),
        ("nonsense", "", 0),
    ],
)
def test_odd_days_raise_nothing(database: Database, since: str, until: str, count: int):
    add(database, job_at(NOW))
    fold_all(database, NOW)

    page = read(database, JobFilter(since=since, until=until))

    assert (page.count, len(page.rows)) == (count, count)
    assert sum(count_choices(database, JobFilter(since=since, until=until))["state"].values()) == count


@pytest.mark.parametrize(
    "place", [{"top": UUID(int=2**128 - 1)}, {"back": UUID(int=2**128 - 1)}, {"after": UUID(int=0)}]
)
def test_odd_places_raise_nothing(database: Database, place: dict[str, UUID]):
    add(database, job_at(NOW))
    fold_all(database, NOW)

    assert read(database, JobFilter(state="queued", product="biometric_kyc"), **place).count == 1


def test_a_choice_counts_beside_all_other_filters(database: Database):
    done = {"state": JobState.DONE, "outcome": Outcome.APPROVED}
    add(
        database,
        *(job_at(NOW, country="KE", **done) for _ in range(3)),
        *(job_at(NOW, country="NG", product=Product.ENHANCED_KYC, **done) for _ in range(2)),
        job_at(NOW, country="KE", state=JobState.FAILED),
    )
    fold_all(database, NOW)

    by = count_choices(database, JobFilter(country="ke", state="done"))

    assert by["country"] == {"KE": 3, "NG": 2}
    assert by["state"] == {"done": 3, "failed": 1}
    assert by["product"] == {"biometric_kyc": 3}
    assert count_choices(database, JobFilter(state="nonsense"))["country"] == {}


@pytest.mark.usefixtures("few")
def test_beside_a_search_only_some_rows_are_looked_at(database: Database):
    add(database, *(job_at(NOW, customer_reference=f"cust-{number:03}") for number in range(12)))
    fold_all(database, NOW)

    with database.reading() as session:
        scope = Scope(session, "sandbox", NOW)
        offered = JobFilter().offered(scope)
        many = choice_counts(scope, JobFilter(q="cust-"), offered)
        one = choice_counts(scope, JobFilter(q="cust-004", state="queued"), offered)

    assert many["state"]["queued"] == ChoiceCount(11, False)
    assert (one["state"]["queued"], one["state"]["done"]) == (ChoiceCount(1, True), ChoiceCount(0, True))
    assert read(database, JobFilter(q="cust-")).count == 11


def test_with_too_many_open_changes_a_list_counts_its_rows(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(counting, "MOST_DELTAS", 2)
    fold_all(database, NOW)
    add(database, *(job_at(NOW) for _ in range(3)))

    page = read(database, JobFilter())

    assert (page.count, page.is_counted) == (3, False)


def test_what_a_callback_names_as_its_country_is_not_kept_unless_it_is_a_code(database: Database):
    add(database, callback_at(NOW - timedelta(hours=1), country="AMINA BELLO" * 50))
    fold_all(database, NOW)

    page = read(database, CallbackFilter(country="amina bello" * 50))

    assert read(database, CallbackFilter()).is_counted
    assert (page.count, page.is_counted) == (1, False)
    with database.reading() as session:
        assert set(session.exec(select(Rollup.country)).all()) == {""}


def test_the_page_shows_counts_in_the_readers_language(app: Flask, database: Database, sign_in: SignInAs):
    now = utc_now()
    add(database, *(job_at(now, country="KE") for _ in range(1012)))
    fold_all(database, now)
    ada = sign_in("ada")

    page = ada.get("/jobs?country=KE").text

    assert '<option value="KE" selected>Country: Kenya (1,012)</option>' in page
    assert '<option value="queued">queued (1,012)</option>' in page
    assert '<option value="done">done (0)</option>' in page
    assert "1 to 50 of 1,012 jobs" in page
    twin = ada.get("/jobs.json?country=KE").get_json()
    assert (twin["count"], twin["count_is_exact"]) == (1012, True)


def test_a_program_gets_the_exact_count_of_a_long_list(
    database: Database, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch
):
    for module in (lists_reading, pagination, list_views):
        monkeypatch.setattr(module, "COUNT_CAP", 10)
    add(database, *(job_at(NOW - timedelta(seconds=number)) for number in range(12)))
    ada = sign_in("ada")
    before = ada.get("/jobs.json").get_json()
    fold_all(database, NOW)

    after = ada.get("/jobs.json").get_json()

    assert (before["count"], before["count_is_exact"]) == (10, False)
    assert (after["count"], after["count_is_exact"]) == (12, True)


# Pages that look only where there is something.


def visited(database: Database, act: Callable[[], object]) -> int:
    """About how many steps of its virtual machine SQLite takes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection: Any = database.engine.raw_connection()
    connection.driver_connection.set_progress_handler(count, 100)
    connection.close()
    try:
        act()
    finally:
        connection = database.engine.raw_connection()
        connection.driver_connection.set_progress_handler(None, 0)
        connection.close()
    return steps * 100


@pytest.fixture
def rare(database: Database) -> list[UUID]:
    """Many jobs of four months, of which three are of a rare kind, all of them in one week of the second month.

    Each two of its three values are frequent together, and each two have an index.
    """
    begin = NOW - timedelta(days=120)
    kinds: list[dict[str, Any]] = [
        {"country": "NG", "state": JobState.FAILED, "product": Product.BASIC_KYC},
        {"country": "KE", "state": JobState.DONE, "product": Product.BASIC_KYC},
        {"country": "KE", "state": JobState.FAILED},
    ]
    rows = [job_at(begin + timedelta(minutes=70 * number), **kinds[number % 3]) for number in range(2400)]
    rare = {"country": "KE", "state": JobState.FAILED, "product": Product.BASIC_KYC}
    few = [job_at(begin + timedelta(days=40 + number), **rare) for number in range(3)]
    add(database, *rows, *few)
    with database.transaction() as session:
        forget_deltas(session)
    fold_all(database, NOW)
    return [job.id for job in reversed(few)]


def test_a_rare_combination_is_looked_for_only_where_there_is_some(
    database: Database, rare: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    asked = JobFilter(country="KE", state="failed", product="basic_kyc")

    def page() -> None:
        with database.reading() as session:
            scope = Scope(session, "sandbox", NOW)
            assert [row.id for row in page_of(scope, asked).rows] == rare
            assert newest_key(scope, asked) == rare[0]

    page()
    if not database.is_sqlite:
        return
    bounded = visited(database, page)
    monkeypatch.setattr(lists_reading, "FILTERS_THAT_MAY_SCAN", 9)
    unbounded = visited(database, page)
    assert bounded * 3 < unbounded, (bounded, unbounded)


def test_a_combination_that_no_row_has_is_not_looked_for(database: Database, rare: list[UUID]):
    asked = JobFilter(country="GH", state="failed")

    page = read(database, asked)

    assert (page.count, page.rows, page.is_counted) == (0, [], True)
    with database.reading() as session:
        assert newest_key(Scope(session, "sandbox", NOW), asked) is None


@pytest.mark.parametrize("is_oldest_first", [False, True])
def test_every_page_of_a_rare_combination_is_there_and_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_oldest_first: bool
):
    monkeypatch.setattr(lists_reading, "PAGE_SIZE", 4)
    days = [0, 0, 1, 2, 30, 31, 31, 45, 75, 76, 77, 78, 79, 79, 79, 110]
    rows = [job_at(NOW - timedelta(days=day, seconds=place), country="KE") for place, day in enumerate(days)]
    add(database, *rows, *(job_at(NOW - timedelta(days=day), country="NG") for day in range(120)))
    fold_all(database, NOW)
    add(database, job_at(NOW - timedelta(days=3), country="KE"))
    asked = JobFilter(country="KE", state="queued", since="2026-01-01", is_oldest_first=is_oldest_first)

    seen, place, pages = [], {}, []
    while True:
        page = read(database, asked, **place)
        pages.append(page)
        seen += [row.id for row in page.rows]
        if page.next_after is None:
            break
        place = {"after": page.next_after}
    back = [read(database, asked, back=page.rows[0].id) for page in pages[1:]]

    assert seen == sorted(seen, reverse=not is_oldest_first)
    assert len(seen) == len(days) + 1 == pages[0].count
    assert [page.rows for page in back] == [page.rows for page in pages[:-1]]
    assert [page.ahead for page in pages] == [0, 4, 8, 12, 16]


WARNED = {"warning_count": 2, "warning_kinds": "deceased suspects"}


def test_choices_of_every_filter_of_jobs_are_counted(database: Database):
    members = {"created_by": "customer", "id_type": "BVN", "country": "NG"}
    add(database, job_at(NOW, **WARNED), job_at(NOW, result_code="1013", **members), job_at(NOW, **members))
    fold_all(database, NOW)

    by = count_choices(database, JobFilter())

    assert by["id_type"] == {"BVN": 2}
    assert by["warning"] == {"deceased": 1, "suspects": 1}
    assert by["maker"] == {"customer": 2}
    assert by["api"] == {"v1": 3}
    assert by["code"] == {"1013": 1}


@pytest.mark.usefixtures("few")
def test_choices_that_are_counted_alone_count_among_the_first_rows_beside_another_filter(database: Database):
    add(database, *(job_at(NOW, country="NG", created_by="customer") for _ in range(20)), job_at(NOW, **WARNED))
    fold_all(database, NOW)

    with database.reading() as session:
        scope, asked = Scope(session, "sandbox", NOW), JobFilter(country="NG")
        found = choice_counts(scope, asked, asked.offered(scope))

    assert found["maker"]["customer"] == ChoiceCount(11, is_exact=False)
    assert found["state"]["queued"] == ChoiceCount(20, is_exact=True)
    assert found["warning"]["deceased"] == ChoiceCount(0, is_exact=False)


@pytest.mark.parametrize(
    ("asked", "count", "is_counted"),
    [
        (JobFilter(warning="suspects"), 1, False),
        (JobFilter(warning="suspect"), 0, False),
        (JobFilter(maker="customer"), 2, True),
        (JobFilter(maker="customer", country="NG"), 1, False),
        (JobFilter(id_type="bvn", country="NG", state="queued"), 1, True),
        (JobFilter(code="1013"), 1, True),
        (JobFilter(api="v1"), 3, True),
        (JobFilter(api="v3"), 0, True),
        (JobFilter(age="1h"), 2, True),
        (JobFilter(age="over-1h"), 1, True),
        (JobFilter(age="over-1h", state="queued", country="NG"), 0, True),
        (JobFilter(age="duck"), 0, True),
        (JobFilter(link=str(UUID(int=7))), 1, False),
        (JobFilter(link="duck"), 0, False),
    ],
)
def test_every_filter_of_jobs_finds_what_it_counts(database: Database, asked: JobFilter, count: int, is_counted: bool):
    add(
        database,
        job_at(NOW, created_by="customer", country="NG", id_type="BVN", link_id=UUID(int=7)),
        job_at(NOW - timedelta(minutes=59), created_by="customer", result_code="1013"),
        job_at(NOW - timedelta(hours=2), **WARNED),
    )
    fold_all(database, NOW)

    page = read(database, asked)

    assert (page.count, len(page.rows), page.is_counted) == (count, count, is_counted)
