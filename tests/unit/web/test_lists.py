"""What holds for every list: filters that survive their address, pages without gaps, nonsense that finds nothing.

The lists are all that there are. A new one fails here until `ROWS` says how a row of it is made.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import UniqueConstraint
from sqlalchemy import select as select_columns

from dashboard.audit.filters import AuditFilter
from dashboard.audit.trail import record
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.refused.filters import RefusedFilter
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.config import Settings
from dashboard.db import Database, first_id_of, new_id, utc_now
from dashboard.jobs.filters import JobFilter
from dashboard.links.filters import LinkFilter
from dashboard.privacy.filters import ErasureFilter
from dashboard.privacy.models import Erasure
from dashboard.team.members.filters import MemberFilter
from dashboard.web.lists import reading
from dashboard.web.lists.fields import Day, FieldKind, Scope
from dashboard.web.lists.filters import ListFilter, lists
from dashboard.web.lists.reading import all_rows, count_newer, newest_key, page_of
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import make_job
from tests.factories.links import make_link
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
Filters = type[ListFilter[Any]]


LISTS = sorted({*lists()}, key=lambda filters: filters.purpose)
#: Values of a column that the row of a list takes while somebody goes through the list.
CHANGES: dict[Filters, dict[str, Any]] = {
    JobFilter: {"state": "waiting"},
    LinkFilter: {"uses_spent": 1},
    CallbackFilter: {"times_seen": 2},
    RefusedFilter: {"count": 3},
    MemberFilter: {"role": "viewer"},
}
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["none", "yes", "2026-11-24", "0001-01-01", "0" * 64, "~", "~x", "é\0%_"]
)


def refuse(database: Database, **row: Any) -> None:
    now = utc_now()
    facts: dict[str, Any] = {"source_address": "192.0.2.1", "source_network": "192.0.2.1", "status": 400, "size": 5}
    with database.transaction() as session:
        session.add(
            RefusedDelivery(
                environment="sandbox", received_at=now, last_at=now, reason=RefusalReason.NOT_JSON, **facts, **row
            )
        )


def erase(database: Database) -> None:
    with database.transaction() as session:
        session.add(Erasure(at=utc_now(), erased_by="ada@example.com", manifest_sha256="0" * 64))


def write_line(database: Database) -> None:
    with database.transaction() as session:
        record(session, "job.created", f"job {uuid4()}", utc_now(), who="worker")


@pytest.fixture
def rows(app: Flask, client: FlaskClient, database: Database, settings: Settings) -> dict[Filters, Callable[[], Any]]:
    """How the first row of each list comes about."""
    return {
        AuditFilter: lambda: write_line(database),
        CallbackFilter: lambda: deliver(client, encode(make_payload())),
        ErasureFilter: lambda: erase(database),
        JobFilter: lambda: make_job(database, settings),
        LinkFilter: lambda: make_link(database, settings),
        MemberFilter: lambda: make_member(database, "ben"),
        RefusedFilter: lambda: refuse(database),
    }


@pytest.mark.parametrize("filters", LISTS)
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_filter_comes_back_from_its_address(app: Flask, database: Database, filters: Filters, data: st.DataObject):
    with app.app_context(), database.reading() as session:
        offered = filters().offered(Scope(session, "sandbox", utc_now()))
    known = {name: TEXTS | st.sampled_from(["", *offered.get(name, ())]) for name in filters.names()}
    asked = data.draw(st.fixed_dictionaries({}, optional=known))

    asked |= data.draw(st.sampled_from([{}, {"sort": "oldest"}, {"sort": "x"}]))
    with app.app_context():
        read = filters.from_args(asked)
        assert filters.from_args(read.asked) == read
        for name in filters.names(FieldKind.SEARCH):
            value = getattr(read, name)
            assert not value or filters.declared()[name].stands_as_it_is(value) or read.asked[name].startswith("~")


@pytest.mark.parametrize("filters", LISTS)
def test_nonsense_in_any_field_finds_nothing(
    app: Flask, sign_in: SignInAs, rows: dict[Filters, Callable[[], Any]], filters: Filters
):
    rows[filters]()
    with app.test_request_context():
        page, twin = url_for(filters.endpoint), url_for(filters.json_endpoint)
    ada = sign_in("ada")
    assert ada.get(twin).get_json()["count"]

    for name, field in filters.declared().items():
        no_day = ["2026-99-99"] if field.kind == FieldKind.DAY else []
        for nonsense in ("nonsense", "\0", "~nonsense", "x" * 3000, "' OR 1=1 --", *no_day):
            answer = ada.get(twin, query_string={name: nonsense})
            assert (answer.status_code, answer.get_json()["items"]) == (200, []), (name, nonsense)
        shown = ada.get(page, query_string={name: nonsense}, follow_redirects=True)
        assert (shown.status_code, "Nothing matches" in shown.text) == (200, True), name


def test_what_is_shown_is_said_in_words_without_what_was_typed():
    typed = JobFilter(outcome="rejected", product="document_verification", country="KE", q="amina")

    assert typed.in_words == "Rejected, Document Verification, Kenya, your search"
    assert CallbackFilter(job="none", day="2026-11-24").in_words == "Orphans only, on 2026-11-24"
    assert AuditFilter(what="looks", since="2026-11-01").in_words == "Views of customer data, from 2026-11-01"
    assert MemberFilter(role="owner", access="no").in_words == "Owner, Disabled"
    assert (JobFilter(state="nonsense").in_words, JobFilter().in_words) == ("Nonsense", "")


@pytest.mark.parametrize("filters", [*lists()], ids=lambda each: each.purpose)
def test_days_that_are_one_are_said_as_one(filters: type[ListFilter[Any]]):
    edges = [name for name, each in filters.declared().items() if each.is_edge]
    day = "2026-11-24"

    assert len(edges) in (0, 2)
    if edges:
        first, last = edges
        assert filters(**dict.fromkeys(edges, day)).in_words == f"On {day}"
        assert filters(**{first: day, last: "2026-11-25"}).in_words == f"From {day}, to 2026-11-25"
        assert filters(**{last: day}).in_words == f"To {day}"


def test_a_list_says_what_it_is_filtered_by(sign_in: SignInAs):
    page = sign_in("ben").get("/jobs?outcome=rejected&country=KE&q=~").text

    words = "Rejected, Kenya, a search that cannot be read"
    assert f"<title>Jobs: {words} - Partner Desk</title>" in page
    assert f"No job matches all of these filters together: {words}." in page


def test_a_day_is_one_of_the_reader(database: Database):
    moments = [datetime(2026, 11, 23, 22, 59, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC)]
    ids = [first_id_of(moment) for moment in moments]
    for row_id in ids:
        refuse(database, id=row_id)
    lagos, day = ZoneInfo("Africa/Lagos"), {"since": "2026-11-24", "until": "2026-11-24"}

    with database.reading() as session:
        found = [
            [row.id for row in page_of(Scope(session, "sandbox", utc_now(), zone), RefusedFilter(**asked)).rows]
            for zone, asked in (
                (lagos, day),
                (UTC, day),
                (UTC, {"until": "2026-11-23"}),
                (UTC, {"since": "1969-07-20"}),
            )
        ]

    assert found == [[ids[1]], [], [ids[1], ids[0]], []]
    paris = Day.of(date(2026, 3, 29), ZoneInfo("Europe/Paris"))
    assert paris.ends.astimezone(UTC) - paris.begins.astimezone(UTC) == timedelta(hours=23)


def test_what_the_form_does_not_offer_stays_while_something_else_is_chosen(sign_in: SignInAs):
    ben = sign_in("ben")

    assert '<input type="hidden" name="needs" value="failed">' in ben.get("/jobs?needs=failed").text
    chosen = ben.post("/jobs/searches", data={"needs": "failed", "country": "KE", "state": ""})
    assert chosen.location == "/jobs?country=KE&needs=failed"


def come(database: Database, filters: Filters, count: int) -> list[Any]:
    """More rows like the newest one. What has to be unique is made up."""
    table, found = filters.table.__table__, []
    constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    unique = [*constraints, *(index for index in table.indexes if index.unique)]
    made_up = {column.name for each in unique for column in each.columns} - {"environment"}
    made_up |= {"name"} & {*table.c.keys()}  # what members are in the order of
    with database.transaction() as session:
        connection = session.connection()
        newest = connection.execute(select_columns(table).order_by(table.c[filters.key].desc()).limit(1)).one()
        for number in range(count):
            row = dict(newest._mapping)
            row |= {name: other(row[name]) for name in made_up}
            row[filters.key] = new_id() if filters.key == "id" else row[filters.key] + 1 + number
            connection.execute(table.insert().values(row))
            found.append(row[filters.key])
    return found


def other(value: object) -> object:
    made_up = uuid4()
    if isinstance(value, bytes):
        return made_up.bytes
    return made_up.hex if isinstance(value, str) and not isinstance(value, Enum) else value


def keep_only_first(database: Database, filters: Filters) -> Any:
    key = filters.table.__table__.c[filters.key]
    with database.transaction() as session:
        first = session.connection().execute(select_columns(key).order_by(key).limit(1)).scalar_one()
        session.connection().execute(key.table.delete().where(key != first))
    return first


@pytest.mark.parametrize("filters", LISTS)
def test_the_way_back_through_the_pages_is_the_way_there(
    in_app: Flask,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[Filters, Callable[[], Any]],
    filters: Filters,
):
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)
    rows[filters]()
    come(database, filters, 4)
    for asked in (filters(), filters(is_oldest_first=filters.may_sort)):
        with database.reading() as session:
            scope = Scope(session, "sandbox", utc_now())
            there = [page_of(scope, asked)]
            while there[-1].next_after is not None:
                there.append(page_of(scope, asked, there[-1].next_after))
            back = [page_of(scope, asked, back=getattr(page.rows[0], filters.key)) for page in there[1:]]
            odd = page_of(scope, asked, back=getattr(there[0].rows[1], filters.key))

        assert [page.rows for page in back] == [page.rows for page in there[:-1]]
        assert [page.next_after for page in back] == [page.next_after for page in there[:-1]]
        assert [page.ahead for page in there] == [*range(0, 2 * len(there), 2)]
        assert odd == there[0]  # Less than a page comes before its row.


def walk(
    database: Database, filters: ListFilter[Any], between: Callable[[], object] = lambda: None, top: Any = None
) -> list[Any]:
    """The keys of all pages. `between` runs after each page."""
    seen, after = [], None
    while True:
        with database.reading() as session:
            page = page_of(Scope(session, "sandbox", utc_now()), filters, after, top)
            keys = [getattr(row, filters.key) for row in page.rows]
        seen += keys
        after = page.next_after
        if after is None:
            return seen
        between()


@pytest.mark.parametrize("filters", LISTS)
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.integers(0, 9), meanwhile=st.lists(st.integers(0, 3), max_size=5), changed=st.integers(0, 9))
def test_pages_neither_miss_nor_repeat_a_row_while_rows_come_and_change(
    in_app: Flask,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[Filters, Callable[[], Any]],
    filters: Filters,
    before: int,
    meanwhile: list[int],
    changed: int,
):
    if not database.is_sqlite:
        pytest.skip("is tried in all ways on SQLite; the next test runs on both engines")
    monkeypatch.setattr(reading, "PAGE_SIZE", 3)
    with database.reading() as session:
        if newest_key(Scope(session, "sandbox", utc_now()), filters()) is None:
            rows[filters]()
    there = [keep_only_first(database, filters), *come(database, filters, before)]
    table, counts = filters.table.__table__, iter(meanwhile)

    def between() -> None:
        come(database, filters, next(counts, 0))
        if filters in CHANGES:
            with database.transaction() as session:
                is_changed = table.c[filters.key] == there[changed % len(there)]
                session.connection().execute(table.update().where(is_changed).values(CHANGES[filters]))

    seen = walk(database, filters(), between)

    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)
    if filters is not MemberFilter:  # It is in the order of names, so who comes may stand further down.
        assert seen == sorted(there, reverse=True)


@pytest.mark.parametrize("filters", LISTS)
def test_an_open_list_its_pages_and_its_export_hold_the_same_rows(
    in_app: Flask,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[Filters, Callable[[], Any]],
    filters: Filters,
):
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)
    monkeypatch.setattr(reading, "EXPORTED_AT_ONCE", 2)
    rows[filters]()
    come(database, filters, 4)
    there = walk(database, filters())
    with database.reading() as session:
        scope = Scope(session, "sandbox", utc_now() + timedelta(minutes=1))
        top = newest_key(scope, filters())
    came = come(database, filters, 3)

    opened = walk(database, filters(), top=top)
    exported = [
        getattr(row, filters.key) for batch in all_rows(database.reading, scope, filters(), top) for row in batch
    ]
    if filters.may_sort:
        around = filters(is_oldest_first=True)
        assert walk(database, around, top=top) == there[::-1]
        assert walk(database, around) == [*there[::-1], *came]
        batches = all_rows(database.reading, scope, around, top)
        assert [getattr(row, filters.key) for batch in batches for row in batch] == there[::-1]
    with database.reading() as session:
        newer = count_newer(Scope(session, "sandbox", utc_now()), filters(), top)

    assert opened == there
    assert exported == there or filters is MemberFilter  # Only a list in the order of its keys is exported.
    assert newer == len(came) == 3
    assert set(walk(database, filters())) == {*there, *came}
