"""Every number of every report is a count of the rows that it leads to, and every duration is within 5 %."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session, select

from dashboard.db import Database, new_id
from dashboard.jobs.models import Job, Outcome
from dashboard.links.models import Link
from dashboard.reports.choices import ReportChoices
from dashboard.reports.figures import Cell, Figures, figures_of
from dashboard.reports.kinds import KINDS
from dashboard.reports.periods import NAMES, Every
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.folding import forget_counts
from dashboard.web.lists.fields import Scope
from dashboard.web.pages.locales import Formats
from tests.factories.plans import plans_of
from tests.factories.reports import LINK_ID, filters_of, jobs, links, rows_behind
from tests.factories.rollups import add, fold_all, job_at, link_at

pytestmark = pytest.mark.both_engines
NOW = datetime(2026, 11, 28, 10, 20, tzinfo=UTC)
ZONES = ("UTC", "Africa/Lagos", "Asia/Kathmandu", "America/New_York")
REPORTS = st.sampled_from([(kind.name, by) for kind in KINDS.values() for by in kind.groupings])
OF_LINK = {"link": str(LINK_ID)}
PERIODS = st.one_of(
    st.sampled_from([{"period": name} for name in NAMES]),
    st.sampled_from([{"since": "2026-09-25", "until": "2026-11-02"}, {"since": "2026-10-01", "until": "2026-11-30"}]),
)


@contextmanager
def rows(app: Flask, database: Database, zone: str, *made: Any) -> Iterator[Session]:
    """Counted, except for the last few, whose changes are still open."""
    with database.transaction() as session:
        forget_counts(session)
        for table in (Job, Link):
            session.connection().execute(delete(table))
    add(database, *made[:-3])
    fold_all(database, NOW, zone)
    add(database, *made[-3:])
    with app.test_request_context(), database.reading() as session:
        yield session


def choices_of(session: Session, asked: dict[str, str], zone: str) -> ReportChoices:
    return ReportChoices.from_args(asked, ZoneInfo(zone), NOW)


def figures(session: Session, choices: ReportChoices, zone: str) -> Figures | None:
    generation = complete_generation(session, choices.kind.counted)
    assert generation is not None
    if not choices.is_answered:
        return None
    formats = Formats(time_zone=zone)
    return figures_of(Scope(session, "sandbox", NOW), choices, choices.every(generation.quarters_from), formats)


def cells_of(found: Figures) -> Sequence[Cell]:
    return [cell for table in (found.groups, found.steps) for row in table.rows for cell in row.cells]


@given(
    made=st.lists(st.one_of(jobs(NOW), links(NOW)), min_size=3, max_size=40),
    report=REPORTS,
    period=PERIODS,
    every=st.sampled_from(["", *Every]),
    filters=st.sampled_from([{}, {}, {"product": "enhanced_kyc"}, {"country": "NG"}, OF_LINK]),
    zone=st.sampled_from(ZONES),
)
@example([], ("outcomes", "product"), {"period": "today"}, "", {}, "UTC")
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_number_is_a_count_of_the_rows_that_it_leads_to(
    app: Flask, database: Database, made: list[Any], report: tuple[str, str], period: dict[str, str], every: str,
    filters: dict[str, str], zone: str,
) -> None:  # fmt: skip
    asked = {"report": report[0], "by": report[1], "every": every, **period, **filters}
    if KINDS[report[0]].is_of_one_link:
        asked |= OF_LINK
    with rows(app, database, zone, *made) as session:
        choices = choices_of(session, asked, zone)
        found = figures(session, choices, zone)
        scope = Scope(session, "sandbox", NOW)

        if found is None:
            assert not choices.is_known or (choices.is_by_month and not choices.period.is_of_months)
            return
        for cell in cells_of(found):
            assert bool(cell.address) == (isinstance(cell.value, int) and cell.value != 0)
            if cell.address:
                assert rows_behind(scope, cell.address) == cell.value, (asked, cell)
        check_whole(scope, choices, found)


def test_a_report_of_one_link_counts_its_jobs_since_it_was_made(app: Flask, database: Database) -> None:
    link = link_at(NOW - timedelta(days=300))
    steps = [{}, {"submitted_at": NOW}, {"outcome": Outcome.ERROR}, {"outcome": Outcome.APPROVED}]
    made = [job_at(NOW - timedelta(days=280 - 60 * place), link_id=link.id, **row) for place, row in enumerate(steps)]
    others = [job_at(NOW - timedelta(days=1), link_id=other) for other in (None, new_id())]

    with rows(app, database, "Africa/Lagos", link, *made, *others) as session:
        choices = choices_of(session, {"report": "link", "link": str(link.id)}, "Africa/Lagos")
        found = figures(session, choices, "Africa/Lagos")
        assert found is not None
        cells = found.groups.rows[0].cells

        assert [cell.value for cell in cells[:5]] == [4, 3, 2, 1, 0.5]
        assert [rows_behind(Scope(session, "sandbox", NOW), cell.address) for cell in cells[:4]] == [4, 3, 2, 1]
        assert choices.period.first == (NOW - timedelta(days=300)).date()


def test_a_report_of_one_link_reads_only_its_rows(app: Flask, database: Database) -> None:
    with rows(app, database, "UTC", *(job_at(NOW, link_id=LINK_ID) for _ in range(3))) as session:
        choices = choices_of(session, {"report": "outcomes", **OF_LINK}, "UTC")
        plans = plans_of(database, lambda: figures(session, choices, "UTC"), "job")

    assert plans
    assert not [plan for plan in plans if "ix_job_link_id_environment_id" not in plan]


def check_whole(scope: Scope, choices: ReportChoices, found: Figures) -> None:
    """No row is left out: groups and steps add up to all rows of the period."""
    begin, end = choices.period.seconds
    asked: Any = {**choices.filters, "time": f"{begin}-{end}"}
    everything = choices.kind.filters(**asked)
    ids = scope.session.exec(select(everything.table.id).where(*everything.conditions(scope).values())).all()
    assert found.is_empty >= (not ids)
    if choices.kind.has_total:
        assert found.is_empty == (not ids)
        assert found.groups.rows[0].cells[0].value == len(ids)
        assert sum(row.cells[0].value for row in found.groups.rows[1:]) == len(ids)  # type: ignore[misc]  # counts
    if not choices.kind.charted and choices.kind.has_total:
        assert sum(row.cells[0].value for row in found.steps.rows) == len(ids)  # type: ignore[misc]  # counts


@given(
    spent=st.lists(st.integers(0, 10**12), min_size=1, max_size=60),
    share=st.sampled_from([(2, 0.5), (3, 0.9)]),
)
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_half_and_90_percent_are_within_5_percent_of_the_exact_durations(
    app: Flask, database: Database, spent: list[int], share: tuple[int, float]
) -> None:
    durations = [timedelta(microseconds=each) for each in spent]
    made = [job_at(NOW, submitted_at=NOW, settled_at=NOW + each) for each in durations]

    with rows(app, database, "UTC", *made) as session:
        found = figures(session, choices_of(session, {"report": "time", "period": "today"}, "UTC"), "UTC")
        assert found is not None

    exact = sorted(durations)[ceil(share[1] * len(durations)) - 1]
    value = found.groups.rows[0].cells[share[0]].value
    assert isinstance(value, timedelta)
    assert abs(value - exact) <= 0.05 * exact + timedelta(milliseconds=1)


def test_a_number_of_an_hour_leads_to_the_jobs_of_that_hour(app: Flask, database: Database) -> None:
    made = [job_at(NOW - timedelta(minutes=age)) for age in (5, 15, 30, 200)]

    with rows(app, database, "UTC", *made) as session:
        found = figures(session, choices_of(session, {"report": "volume", "period": "today"}, "UTC"), "UTC")
        assert found is not None

    by_hour = {row.label: row.cells[0] for row in found.steps.rows}
    assert by_hour["Sat 28 Nov, 10:00"].value == 2
    assert filters_of(by_hour["Sat 28 Nov, 10:00"].address).in_words == (
        "From 28 Nov 2026, 10:00:00 UTC to 28 Nov 2026, 11:00:00 UTC"
    )
    assert [by_hour[f"Sat 28 Nov, 0{hour}:00"].value for hour in (6, 7, 9)] == [0, 1, 1]
