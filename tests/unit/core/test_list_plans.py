"""Every list is read by an index of just its rows: each filter, each pair, searches, deep pages, counts, both orders.

SQLite plans without statistics, so its plans are the same at any size. PostgreSQL plans by them, at 100,000 rows.
The filters are those that the lists declare: one that is added later is looked at too.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, text

from dashboard import migrations
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.today import counts_of_today
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.queries import needs_you
from dashboard.links.filters import LinkFilter
from dashboard.seeding.filling import build_missing_indexes
from dashboard.seeding.loading import drop_indexes
from dashboard.web.lists.fields import FieldKind, Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.lists.reading import count_newer, count_of, newest_key, page_of
from tests.conftest import POSTGRES_URL
from tests.factories.light_rows import fill
from tests.factories.plans import noted_statements

pytestmark = pytest.mark.both_engines

Asked = Callable[[type[ListFilter[Any]]], Iterator[dict[str, str]]]

ROWS = {"sqlite": 3_000, "postgresql": 100_000}
LISTS: tuple[type[ListFilter[Any]], ...] = (JobFilter, CallbackFilter, LinkFilter)
TABLES = ("job", "callback", "link", "callback_search")
#: Values for fields that offer none, by list and field.
EXAMPLES: dict[tuple[str, str], Sequence[str]] = {
    ("jobs", "country"): ("KE", "NG", "ZZ"),
    ("jobs", "id_type"): ("PASSPORT", "BVN", "ZZ"),
    ("jobs", "code"): ("1013", "1012", "0000"),
    ("jobs", "maker"): ("ada@example.com", "customer", "nobody"),
    ("jobs", "link"): ("018bcfe5-6be8-7000-8003-000000000001",),
    ("jobs", "q"): ("job-77", "user", "018bcfe5-6be8-7000-8001-000000000001", "nothing like it"),
    ("jobs", "time"): ("1700000000-1700003600",),
    ("links", "country"): ("KE", "NG", "ZZ"),
    ("links", "maker"): ("ben@example.com",),
    ("links", "time"): ("1700000000-1700003600",),
    ("callbacks", "country"): ("KE", "NG", "ZZ"),
    ("callbacks", "id_type"): ("PASSPORT", "BVN", "ZZ"),
    ("callbacks", "q"): ("job-77", "approved", "ok", "018bcfe5", "00810", "a" * 64, "nothing like it"),
    ("callbacks", "job"): ("none", str(UUID(int=7)), "job-77"),
    ("links", "q"): ("ref-77", "ref", "nothing like it"),
}
#: A number has a digest by each key of the ring.
BY_KIND = {FieldKind.DAY: ("2023-11-15",), FieldKind.DIGEST: ("a" * 64, f"{'a' * 64}.{'b' * 64}")}
#: An index that holds few rows by its own condition.
PARTIAL = re.compile(
    "ix_(job_needs_|job_warned|callback_(again|alarm|orphan|refused|unknown)|link_(result|submitted|unsubmitted|paused|revoked)$)"
)
#: An id in the middle of the rows.
MIDDLE = UUID("018bcfe5-6be8-7000-8001-000000000001")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keyring: KeyRing, worker_id: str
) -> Iterator[Database]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("plans") / "filled.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        database = Database(f"sqlite:///{path}", keyring)
        fill(database, ROWS["sqlite"])
        yield database
        database.dispose()
        return
    if not POSTGRES_URL:
        pytest.skip("DASHBOARD_TEST_POSTGRES_URL is not set: not run on PostgreSQL")
    admin, schema = Database(POSTGRES_URL, keyring), f"desk_plans_{worker_id}_{os.getpid()}"
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRES_URL).update_query_dict({"options": f"-csearch_path={schema} -csynchronous_commit=off"})
    database = Database(url.render_as_string(hide_password=False), keyring)
    migrations.upgrade(database)
    with database.engine.begin() as connection:  # In a third of the time.
        drop_indexes(connection)
        connection.execute(text("ALTER TABLE job DISABLE TRIGGER USER"))
        connection.execute(text("ALTER TABLE link DISABLE TRIGGER USER"))
    fill(database, ROWS["postgresql"])
    list(build_missing_indexes(database))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM (ANALYZE) {', '.join(TABLES)}"))
    yield database
    database.dispose()
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


def examples(filters: type[ListFilter[Any]], name: str) -> Sequence[str]:
    declared = filters.declared()[name]
    given = EXAMPLES.get((filters.purpose, name)) or BY_KIND.get(declared.kind)
    if given is None:
        assert declared.offer, f"give an example of {name} of {filters.purpose}"
        given = tuple(declared.offer(None))  # type: ignore[arg-type]  # fixed choices look at nothing
    return given


def alone(filters: type[ListFilter[Any]]) -> Iterator[dict[str, str]]:
    yield {}
    for name in filters.declared():
        yield from ({name: value} for value in examples(filters, name))


def pairs(filters: type[ListFilter[Any]]) -> Iterator[dict[str, str]]:
    for one, other in combinations(filters.declared(), 2):
        for place in (0, -1):
            yield {name: examples(filters, name)[place] for name in (one, other)}


def read_all(database: Database, filters: ListFilter[Any]) -> None:
    """The first page, a deep one and the one before it, oldest first, the newest key, and what came since."""
    read_pages(database, filters)
    with database.reading() as session:
        scope = Scope(session, "sandbox", utc_now())
        page_of(scope, replace(filters, is_oldest_first=True), after=MIDDLE)
        page_of(scope, filters, back=MIDDLE)
        newest_key(scope, filters)
        count_newer(scope, filters, MIDDLE)


def read_pages(database: Database, filters: ListFilter[Any]) -> None:
    """The first page and a deep one, with their counts."""
    with database.reading() as session:
        page_of(Scope(session, "sandbox", utc_now()), filters, after=MIDDLE)
        page_of(Scope(session, "sandbox", utc_now()), filters)


def problems_of(database: Database, act: Callable[[], None], narrows: int) -> list[str]:
    """What the plans of all reads in `act` have against them. `narrows`: how far the list's filters narrow it."""
    with noted_statements() as noted:
        act()
    plain = {f"{statement} {parameters}": (statement, parameters) for statement, parameters in noted}
    found = []
    with database.reading() as session:
        connection = session.connection()
        for statement, parameters in plain.values():
            if not statement.lstrip().startswith("SELECT"):
                continue
            if database.is_sqlite:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [row.detail for row in plan]
                found += _problems_on_sqlite(steps, narrows)
                # A deep page begins at its place.
                if "likely(" in statement and not re.search("id[<>=]", " ".join(steps)):
                    found.append(f"from the top: {steps}")
            else:
                plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                stored = plan.scalar_one()
                found += _problems_on_postgresql(
                    (stored if isinstance(stored, list) else json.loads(stored))[0]["Plan"], narrows
                )
    return sorted(set(found))


def _problems_on_sqlite(steps: Sequence[str], narrows: int) -> Iterator[str]:
    for step in steps:
        scanned = re.match(r"SCAN (\w+)", step)
        if scanned and scanned[1] in TABLES:
            yield step
        if "TEMP B-TREE FOR ORDER BY" in step and not any(
            "LIST SUBQUERY" in each or "json_each" in each for each in steps
        ):
            yield " / ".join(steps)
        used = re.match(r"SEARCH (\w+) USING (?:COVERING )?INDEX (\w+) \((.*)\)", step)
        # What comes on a few days is filtered inside one index.
        is_of_days = bool(used) and "COVERING" in step and "id>? AND id<?" in step
        if (
            used
            and narrows
            and not is_of_days
            and re.fullmatch(r"environment=\?( AND id[<>]\?)*", used[3])
            and not PARTIAL.match(used[2])
        ):
            yield step


def _problems_on_postgresql(plan: Mapping[str, Any], narrows: int, *, stops_early: bool = False) -> Iterator[str]:
    kind, table, parts = plan["Node Type"], plan.get("Relation Name", ""), plan.get("Plans", ())
    if kind == "Seq Scan" and table in TABLES and not stops_early:
        yield f"Seq Scan on {table}"
    if kind in ("Sort", "Incremental Sort") and max(part["Plan Rows"] for part in parts) > COUNT_CAP * 1.1:
        yield f"{kind} of {parts[0]['Plan Rows']} rows"
    is_all = re.fullmatch("ix_(job|callback|link)_environment_id", plan.get("Index Name", ""))
    # What comes within a range of time is filtered inside one index.
    is_of_range = re.search(r"\(id = |\(id >= .*\(id < ", plan.get("Index Cond", ""))
    if narrows and is_all and plan.get("Filter") and not is_of_range:
        yield f"{plan['Index Name']} filtered by {plan['Filter']}"
    for part in parts:
        # Where very many rows match, the first of them are soon found in any order.
        stops = kind == "Limit" and plan["Total Cost"] < part["Total Cost"] / 2
        yield from _problems_on_postgresql(part, narrows, stops_early=stops or (stops_early and kind != "Limit"))


def narrows_of(filters: ListFilter[Any]) -> int:
    """0 for a search too, which reads the newest rows, or goes through the list until its page is full."""
    narrows = [filters.declared()[name].narrows(value) for name, value in filters.in_clear.items()]
    return 0 if "q" in filters.in_clear else max(narrows, default=0)


@pytest.mark.parametrize(("which", "read"), [(alone, read_all), (pairs, read_pages)])
@pytest.mark.parametrize("filters", LISTS)
def test_no_list_reads_rows_that_it_leaves_out(
    filled: Database, filters: type[ListFilter[Any]], which: Asked, read: Callable[[Database, ListFilter[Any]], None]
):
    wrong = {}
    for asked in which(filters):
        each = filters(**asked)
        found = problems_of(filled, partial(read, filled, each), narrows_of(each))
        wrong |= {str(asked): found} if found else {}

    assert wrong == {}


def test_needs_and_the_counts_of_today_are_one_statement_each(filled: Database):
    def look() -> None:
        with filled.reading() as session:
            needs_you(Scope(session, "sandbox", utc_now()))
            counts_of_today(Scope(session, "sandbox", utc_now()))

    with noted_statements() as noted:
        look()

    assert len([statement for statement, _ in noted if statement.lstrip().startswith("SELECT")]) == 3
    assert problems_of(filled, look, 0) == []  # One of them is of all callbacks of a day.


@pytest.mark.parametrize(("one", "other"), list(combinations(("state", "outcome", "product", "country"), 2)))
def test_each_pair_of_filters_of_jobs_goes_by_its_own_index(filled: Database, one: str, other: str):
    if not filled.is_sqlite:
        pytest.skip("by its statistics, PostgreSQL may do better for values that are frequent")
    filters = JobFilter(**{name: examples(JobFilter, name)[0] for name in (one, other)})

    assert f"ix_job_environment_{one}_{other}_id" in plan_of(filled, filters)


def plan_of(database: Database, filters: ListFilter[Any]) -> str:
    with noted_statements() as noted, database.reading() as session:
        count_of(Scope(session, "sandbox", utc_now()), filters)
    ((statement, parameters),) = [each for each in noted if each[0].lstrip().startswith("SELECT")]
    with database.reading() as session:
        how = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        return str(session.connection().exec_driver_sql(f"{how} {statement}", parameters).all())


@pytest.mark.parametrize(
    ("index", "filters"),
    [
        ("ix_job_environment_country_id", JobFilter(country="KE")),
        ("ix_link_result", LinkFilter(stage="result")),
        ("ix_job_needs_disagreement", JobFilter(needs="disagreement")),
    ],
)
def test_an_index_that_is_missing_shows(filled: Database, index: str, filters: ListFilter[Any]):
    if not filled.is_sqlite and index != "ix_job_needs_disagreement":
        pytest.skip("by its statistics, PostgreSQL finds another index good enough")
    with filled.engine.connect() as connection:
        created = connection.exec_driver_sql(
            f"SELECT sql FROM sqlite_master WHERE name = '{index}'"  # noqa: S608  # ours
            if filled.is_sqlite
            else f"SELECT pg_get_indexdef('{index}'::regclass)"
        ).scalar_one()
    with filled.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP INDEX {index}")

    found = problems_of(filled, partial(read_pages, filled, filters), 1)

    with filled.engine.begin() as connection:
        connection.exec_driver_sql(created)
    assert found
