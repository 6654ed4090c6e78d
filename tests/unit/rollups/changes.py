"""Random changes of counted rows, with folding that dies half-way, recounts and moves of the company's time zone.

A machine that hypothesis drives. At the end of each example the sums have to be those of the rows, and every list has
to say what a count of its rows says.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from dashboard.callbacks.erasing import erase_callbacks
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback, Verdict
from dashboard.context import context_of
from dashboard.db import Database
from dashboard.jobs.erasing import erase_jobs
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job, JobEvent, JobState, Outcome, ResultSource
from dashboard.jobs.products import Product
from dashboard.jobs.warnings import JobWarning, keep_warnings
from dashboard.links.filters import LinkFilter
from dashboard.links.models import Link, LinkKind
from dashboard.rollups.checking import cubes_that_differ, wrong_days
from dashboard.rollups.counted import ALL_ROWS, CountedTable
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.folding import begin_count, ensure_count, fold_step, forget_step, generations_of
from dashboard.rollups.models import DIMENSIONS, Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.periods import LAST_SECOND, Grain
from dashboard.web.lists.choice_counts import choice_counts
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.reading import page_of
from tests.factories.rollups import TABLES, Killed, callback_at, job_at, killed_after, link_at

BEGINS = datetime(2026, 3, 27, 20, tzinfo=UTC)
ZONES = ("UTC", "Africa/Lagos", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe")
COUNTRIES = st.sampled_from(["NG", "KE", "GH", None])
PRODUCTS = st.sampled_from([Product.BIOMETRIC_KYC, Product.ENHANCED_KYC, Product.DOCUMENT_VERIFICATION])
PAYLOADS = st.sampled_from([{"DateOfDeath": "2020-02-01"}, {"Actions": {"Document_Check": "Failed"}}, {}])
AGES = st.one_of(st.just(0), st.integers(0, 3600), st.integers(0, 90 * 86400))
#: To the microsecond, since the database counts whole milliseconds.
MOMENTS = st.one_of(
    st.integers(0, 90_000_000).map(lambda each: timedelta(microseconds=each)),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
DAYS = st.sampled_from(["", "2026-03-28", "2026-03-29", "2026-04-01", "2026-05-14", "0001-01-01", "9999-12-31"])
RANGES = st.sampled_from(["", "1774656000-1774828800", "1774656900-1774660500", "1774660500-1774656900", "nonsense"])
FILTERS: dict[type[ListFilter[Any]], dict[str, st.SearchStrategy[str]]] = {
    JobFilter: {
        "state": st.sampled_from(["", "done", "queued", "waiting", "nonsense"]),
        "outcome": st.sampled_from(["", "approved", "rejected"]),
        "product": st.sampled_from(["", "biometric_kyc", "business_verification"]),
        "country": st.sampled_from(["", "NG", "ke", "XX"]),
        "since": DAYS,
        "until": DAYS,
        "time": RANGES,
    },
    LinkFilter: {
        "kind": st.sampled_from(["", "hosted", "smile"]),
        "product": st.sampled_from(["", "enhanced_kyc"]),
        "reached": st.sampled_from(["", "created", "started", "result"]),
        "time": RANGES,
    },
    CallbackFilter: {
        "verdict": st.sampled_from(["", "valid", "wrong", "alarm"]),
        "product": st.sampled_from(["", "unknown", "enhanced_kyc"]),
        "country": st.sampled_from(["", "NG"]),
        "since": DAYS,
        "day": DAYS,
    },
}


def run_changes(
    app: Flask, examples: int, steps: int, seen: Counter[str], clock: list[datetime], *, is_random: bool = False
) -> None:
    """`seen` gets how often each thing happened. `clock` holds the time, which goes on from example to example."""
    quietly = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not is_random,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with app.app_context():
        run_state_machine_as_test(lambda: Changes(app, seen, clock), settings=quietly)  # type: ignore[arg-type]  # it only calls it


class Changes(RuleBasedStateMachine):
    """The rows stay from example to example, and so does the time, since new callbacks are newer than all before."""

    def __init__(self, app: Flask, seen: Counter[str], clock: list[datetime]) -> None:
        super().__init__()
        self.database: Database = context_of(app).database
        self.seen, self.clock = seen, clock
        self.zone = "UTC"

    @property
    def now(self) -> datetime:
        return self.clock[0]

    @initialize(zone=st.sampled_from(ZONES))
    def begin(self, zone: str) -> None:
        self.company_moves(zone)

    @rule(seconds=st.one_of(st.integers(0, 300), st.integers(0, 2 * 86400)))
    def time_passes(self, seconds: int) -> None:
        self.clock[0] += timedelta(seconds=seconds, milliseconds=1)

    @rule(
        age=AGES,
        count=st.integers(1, 4),
        product=PRODUCTS,
        country=COUNTRIES,
        state=st.sampled_from(JobState),
        environment=st.sampled_from(["sandbox", "sandbox", "production"]),
    )
    def jobs_come(
        self, age: int, count: int, product: Product, country: str | None, state: JobState, environment: str
    ) -> None:
        facts = {"product": product, "country": country, "state": state, "environment": environment}
        moments = [self.now - timedelta(seconds=age, milliseconds=number) for number in range(count)]
        self._add("job", *(job_at(moment, **facts) for moment in moments))

    @rule(
        place=st.integers(0),
        state=st.sampled_from(JobState),
        outcome=st.sampled_from([None, *Outcome]),
        country=COUNTRIES,
    )
    def job_changes(self, place: int, state: JobState, outcome: Outcome | None, country: str | None) -> None:
        with self.database.transaction() as session:
            if job := self._any_of(session, Job, place):
                job.state, job.outcome, job.country = state, outcome, country
                self.seen["changes"] += 1

    @rule(
        place=st.integers(0),
        code=st.sampled_from([None, "0810", "1012"]),
        submitted=st.one_of(st.none(), MOMENTS),
        settled=st.one_of(st.none(), MOMENTS),
    )
    def job_is_settled(
        self, place: int, code: str | None, submitted: timedelta | None, settled: timedelta | None
    ) -> None:
        with self.database.transaction() as session:
            if job := self._any_of(session, Job, place):
                job.result_code = code
                job.submitted_at, job.settled_at = (
                    None if each is None else self.now + each for each in (submitted, settled)
                )
                self.seen["changes"] += 1

    @rule(
        place=st.integers(0),
        name=st.sampled_from(["opened_at", "started_at", "submitted_at", "settled_at"]),
        is_there=st.booleans(),
        smile_jobs=st.sampled_from([None, 0, 3]),
    )
    def link_is_used(self, place: int, name: str, is_there: bool, smile_jobs: int | None) -> None:
        with self.database.transaction() as session:
            if link := self._any_of(session, Link, place):
                setattr(link, name, self.now if is_there else None)
                link.smile_total_jobs = smile_jobs
                self.seen["changes"] += 1

    @rule(place=st.integers(0), payload=PAYLOADS, is_confirmed=st.booleans())
    def job_is_warned(self, place: int, payload: dict[str, Any], is_confirmed: bool) -> None:
        with self.database.transaction() as session:
            if job := self._any_of(session, Job, place):
                keep_warnings(session, job, payload, ResultSource.JOB_STATUS, self.now, is_confirmed=is_confirmed)
                self.seen["changes"] += 1

    @rule(place=st.integers(0))
    def job_is_deleted(self, place: int) -> None:
        with self.database.transaction() as session:
            if job := self._any_of(session, Job, place):
                for table in (JobEvent, JobWarning):
                    session.connection().execute(delete(table).where(col(table.job_id) == job.id))
                session.connection().execute(delete(Job).where(col(Job.id) == job.id))
                self.seen["changes"] += 1

    @rule(place=st.integers(0))
    def job_is_erased(self, place: int) -> None:
        with self.database.transaction() as session:
            if job := self._any_of(session, Job, place):
                erase_jobs(session, [job], {"days": 1}, self.now)
                self.seen["changes"] += 1

    @rule(product=PRODUCTS, kind=st.sampled_from(LinkKind), age=AGES)
    def link_comes(self, product: Product, kind: LinkKind, age: int) -> None:
        self._add("link", link_at(self.now - timedelta(seconds=age), product=product, kind=kind))

    @rule(place=st.integers(0))
    def link_is_deleted(self, place: int) -> None:
        with self.database.transaction() as session:
            if link := self._any_of(session, Link, place):
                session.delete(link)
                self.seen["changes"] += 1

    @rule(product=st.one_of(st.none(), PRODUCTS), country=COUNTRIES, verdict=st.sampled_from(Verdict))
    def callback_comes(self, product: Product | None, country: str | None, verdict: Verdict) -> None:
        self.clock[0] += timedelta(milliseconds=1)
        self._add("callback", callback_at(self.now, product=product, country=country, verdict=verdict))

    @rule(place=st.integers(0), verdict=st.sampled_from(Verdict), is_deleted=st.booleans(), is_erased=st.booleans())
    def callback_changes(self, place: int, verdict: Verdict, is_deleted: bool, is_erased: bool) -> None:
        with self.database.transaction() as session:
            if callback := self._any_of(session, Callback, place):
                callback.verdict = verdict
                if is_erased:
                    erase_callbacks(session, [callback], [], self.now)
                if is_deleted:
                    session.delete(callback)
                self.seen["changes"] += 1

    @rule(counted=st.sampled_from(TABLES), dies_after=st.one_of(st.none(), st.integers(0, 8)))
    def worker_folds(self, counted: CountedTable, dies_after: int | None) -> None:
        self._step(lambda session: fold_step(session, counted, self.now), dies_after)

    @rule(counted=st.sampled_from(TABLES), dies_after=st.one_of(st.none(), st.integers(0, 4)))
    def worker_forgets(self, counted: CountedTable, dies_after: int | None) -> None:
        self._step(lambda session: forget_step(session, counted, self.now), dies_after)

    @rule(counted=st.sampled_from(TABLES))
    def somebody_recounts(self, counted: CountedTable) -> None:
        with self.database.transaction() as session:
            begin_count(session, counted, self.zone, self.now)
        self.seen["recounts"] += 1

    @rule(zone=st.sampled_from(ZONES))
    def company_moves(self, zone: str) -> None:
        self.zone = zone
        with self.database.transaction() as session:
            for counted in TABLES:
                ensure_count(session, counted, zone, self.now)
        self.seen["zones"] += 1

    @rule(data=st.data(), filters=st.sampled_from(list(FILTERS)), zone=st.sampled_from(ZONES))
    def somebody_reads_a_list(self, data: st.DataObject, filters: type[ListFilter[Any]], zone: str) -> None:
        asked = filters(
            **data.draw(st.fixed_dictionaries(FILTERS[filters])),
            is_oldest_first=data.draw(st.booleans()),
        )
        with self.database.reading() as session:
            scope = Scope(session, "sandbox", self.now, ZoneInfo(zone))
            check_list(scope, asked, self.seen)

    def teardown(self) -> None:
        with self.database.reading() as session:
            for counted in TABLES:
                check_sums(session, counted, self.seen)

    def _add(self, what: str, *rows: Any) -> None:
        with self.database.transaction() as session:
            session.add_all(rows)
        self.seen["changes"] += len(rows)
        self.seen[what] += len(rows)

    def _step(self, step: Callable[[Session], object], dies_after: int | None) -> None:
        try:
            with killed_after(1_000_000 if dies_after is None else dies_after), self.database.transaction() as session:
                step(session)
        except Killed:
            self.seen["kills"] += 1
        else:
            self.seen["steps"] += 1

    def _any_of(self, session: Session, table: Any, place: int) -> Any:
        """One of the newest rows."""
        ids = session.exec(select(table.id).order_by(col(table.id).desc()).limit(60)).all()
        return session.get(table, ids[place % len(ids)]) if ids else None


def check_list(scope: Scope, asked: ListFilter[Any], seen: Counter[str]) -> None:
    """The count, the counts of choices and three pages are those of the rows."""
    table, conditions = asked.table, asked.conditions(scope)
    by_key = select(table.id).where(*conditions.values()).order_by(asked.by_key())
    ids = scope.session.exec(by_key).all()
    pages = [page_of(scope, asked)]
    seen["counted lists" if pages[0].is_counted else "other lists"] += 1
    assert pages[0].count == len(ids), asked
    while pages[-1].next_after is not None and len(pages) < 3:
        pages.append(page_of(scope, asked, pages[-1].next_after))
    found: list[UUID] = []
    for page in pages:
        assert page.ahead == len(found)
        found += [row.id for row in page.rows]
    assert found == list(ids[: len(found)]), asked
    assert page.next_after is not None or len(found) == len(ids)
    if page.ahead:
        before = page_of(scope, asked, back=page.rows[0].id)
        assert [row.id for row in before.rows] == found[page.ahead - len(before.rows) : page.ahead]
    offered = asked.offered(scope)
    for name, counts in choice_counts(scope, asked, offered).items():
        others = [condition for field, condition in conditions.items() if field != name]
        for choice, count in counts.items():
            if count.count or choice in ("KE", "NG", "done", "valid"):
                alone = asked.declared()[name].find(scope, choice)
                rows = scope.session.exec(select(func.count(table.id)).where(*others, alone)).one()
                assert (count.count, count.is_exact) == (rows, True), (asked, name, choice)


def check_sums(session: Session, counted: CountedTable, seen: Counter[str]) -> None:
    """All sums of the count in use and of the newest one are those of the rows up to where they have come.

    Others are being deleted.
    """
    generation, numbers = complete_generation(session, counted), set[int]()
    for each in (generation, *generations_of(session, counted)[:1]):
        if each is not None and each.number not in numbers:
            assert sums_of_rollup(session, counted, each) == sums_of_rows(session, counted, each)
            numbers.add(each.number)
            seen["compared"] += 1
    if generation is not None:
        assert wrong_days(session, counted, generation, 0, LAST_SECOND) == []
        if session.exec(select(func.count()).select_from(RollupDelta)).one() == 0:
            assert cubes_that_differ(session, counted) == []


def sums_of_rollup(session: Session, counted: CountedTable, generation: RollupGeneration) -> Counter[Any]:
    sums = Counter[Any]()
    for row in session.exec(select(Rollup).where(Rollup.generation == generation.number)).all():
        sums[row.cube, row.environment, row.starts, *(getattr(row, name) for name in DIMENSIONS)] += row.total
        assert row.total != 0
    open_deltas = select(RollupDelta).where(RollupDelta.counted == counted.name)
    for delta in session.exec(open_deltas).all():
        if delta.row_id <= generation.through:
            values = {name: getattr(delta, name) for name in DIMENSIONS}
            _add_up(sums, counted, generation, delta.row_id, delta.environment, values, delta.change)
    return Counter({key: total for key, total in sums.items() if total})


def sums_of_rows(session: Session, counted: CountedTable, generation: RollupGeneration) -> Counter[Any]:
    sums = Counter[Any]()
    for row in session.exec(select(counted.table)).all():
        if generation.through == ALL_ROWS or row.id <= generation.through:
            values = {name: str(getattr(row, column) or "") for name, column in counted.columns.items()}
            _add_up(sums, counted, generation, row.id, row.environment, values, 1)
    return sums


def _add_up(
    sums: Counter[Any],
    counted: CountedTable,
    generation: RollupGeneration,
    row_id: UUID,
    environment: str,
    values: dict[str, str],
    change: int,
) -> None:
    moment = datetime.fromtimestamp((row_id.int >> 80) // 1000, ZoneInfo(generation.zone))
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    second = int(moment.timestamp())
    begins = {
        Grain.EVER: 0,
        Grain.MONTH: int(midnight.replace(day=1).timestamp()),
        Grain.DAY: int(midnight.timestamp()),
        Grain.QUARTER: second - second % 900,
    }
    for cube in counted.cubes:
        if cube.grain == Grain.QUARTER and begins[Grain.QUARTER] < generation.quarters_from:
            continue
        of_cube = [values.get(name, "") if name in cube.dimensions else "" for name in DIMENSIONS]
        sums[cube.name, environment, begins[cube.grain], *of_cube] += change
