"""Every number of the overview is the number of rows, whatever part of them is folded into the sums."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_login import login_user
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session

from dashboard.db import Database
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.overview.activity import DAYS, DayOfJobs, activity_of
from dashboard.overview.attention import what_needs_somebody
from dashboard.overview.authorities import authorities_used
from dashboard.overview.charts import days_chart, hours_chart
from dashboard.overview.spending import spending_of
from dashboard.rollups.folding import forget_counts
from dashboard.settings.prices import parse_prices
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.rollups import add, fold_all, job_at, link_at
from tests.factories.team import make_member

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
NOW = datetime(2026, 11, 28, 10, 7, tzinfo=UTC)
LAGOS, KOLKATA = ZoneInfo("Africa/Lagos"), ZoneInfo("Asia/Kolkata")

JOBS = st.lists(
    st.builds(
        lambda minutes, state, outcome, place, spent: {
            "moment": NOW - timedelta(minutes=minutes),
            "state": state,
            "outcome": outcome if state == JobState.DONE else None,
            "country": place[0],
            "id_type": place[1],
            "submitted_at": NOW,
            "settled_at": NOW + timedelta(milliseconds=spent) if spent else None,
        },
        st.integers(0, 60 * 24 * 20),
        st.sampled_from([JobState.DONE, JobState.DONE, JobState.FAILED, JobState.WAITING]),
        st.sampled_from(list(Outcome)),
        st.sampled_from([("NG", "BVN"), ("NG", "NIN"), ("KE", "PASSPORT")]),
        st.one_of(st.none(), st.integers(1, 10**8)),
    ),
    max_size=25,
)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=JOBS, folded=st.integers(0, 25), zone=st.sampled_from([ZoneInfo("UTC"), LAGOS, KOLKATA]))
def test_days_and_hours_are_counts_over_rows(database: Database, rows: list[dict[str, Any]], folded: int, zone: Any):
    jobs = fill(database, rows, folded)

    with database.reading() as session:
        activity = activity_of(Scope(session, "sandbox", NOW, zone))

    assert activity
    assert len(activity.days) == DAYS
    local = [job.created_at.astimezone(zone) for job in jobs]
    of_day = Counter(moment.date() for moment in local)
    assert {day.day: day.total for day in activity.days} == {day.day: of_day[day.day] for day in activity.days}
    for shown in (activity.today, activity.week_before):
        hours = Counter(moment.hour for moment in local if moment.date() == shown.day)
        assert {hour: count for hour, count in shown.by_hour.items() if count} == hours
    approved = Counter(job.created_at.astimezone(zone).date() for job in jobs if job.outcome == Outcome.APPROVED)
    assert all(day.by_group["approved"] == approved[day.day] for day in activity.days)
    with database.reading() as session:  # Each number leads to just those rows.
        scope = Scope(session, "sandbox", NOW, zone)
        assert page_of(scope, activity.today.filters()).count == activity.today.total
        for chart in (days_chart(activity), hours_chart(activity)):
            assert all(page_of(scope, bar.filters).count for bar in chart.bars)
        for day in activity.days:
            for group, count in day.by_group.items():
                assert page_of(scope, day.filters(group)).count == count
        for day in (activity.today, activity.week_before):
            for hour in range(24):
                assert page_of(scope, day.filters_of_hour(hour)).count == day.by_hour.get(hour, 0)


@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=JOBS, folded=st.integers(0, 25))
def test_authorities_and_spending_are_counts_over_rows(database: Database, rows: list[dict[str, Any]], folded: int):
    jobs = fill(database, rows, folded)
    prices = parse_prices({"price_biometric_kyc": "0.5", "currency": "usd"})

    with database.reading() as session:
        scope = Scope(session, "sandbox", NOW)
        states, spending = authorities_used(scope), spending_of(scope, prices)
        for state in states:
            of_day = [job for job in jobs if (job.country, job.id_type) == (state.country, state.id_type)]
            of_day = [job for job in of_day if job.created_at >= (NOW - timedelta(days=1)).replace(second=0)]
            assert (state.of_day, page_of(scope, state.filters()).count) == (len(of_day), len(of_day))
            assert state.errors == sum(job.outcome == Outcome.ERROR for job in of_day)
            assert_is_half(state.half, [job.settled_at - job.submitted_at for job in of_day if job.settled_at])
        assert spending
        months = spending.products["Biometric KYC"]
        for month, number in zip(months, (11, 10), strict=True):
            done = sum(job.state == JobState.DONE and job.created_at.month == number for job in jobs)
            assert (month.count, page_of(scope, month.filters).count) == (done, done)
            assert month.cost == done * prices.by_product["biometric_kyc"]
    assert spending.currency == "USD"


def assert_is_half(half: timedelta | None, spent: list[timedelta]) -> None:
    exact = sorted(spent)[ceil(len(spent) / 2) - 1] if spent else None
    assert (half is None) == (exact is None)
    if half is not None and exact is not None:
        assert abs(half - exact) <= 0.05 * exact + timedelta(milliseconds=1)


@pytest.mark.parametrize(("day", "hour", "lasts"), [("2026-10-25", 2, 2), ("2026-03-29", 2, 0), ("2026-03-29", 3, 1)])
def test_an_hour_is_as_long_as_the_clocks_make_it(day: str, hour: int, lasts: int):
    shown = DayOfJobs(date.fromisoformat(day), zone=ZoneInfo("Europe/Paris"))

    begin, end = map(int, shown.filters_of_hour(hour).time.split("-"))

    assert end - begin == lasts * 3600


def fill(database: Database, rows: list[dict[str, Any]], folded: int) -> list[Job]:
    """The rows as jobs, of which the first `folded` are counted before the others come."""
    with database.transaction() as session:
        session.exec(delete(Job))
        forget_counts(session)
    jobs = [job_at(row["moment"], **{name: row[name] for name in row.keys() - {"moment"}}) for row in rows]
    add(database, *jobs[:folded])
    fold_all(database, NOW)
    add(database, *jobs[folded:])
    return jobs


def test_what_needs_somebody_comes_oldest_first_and_leads_to_just_those_rows(
    app: Flask, database: Database, session: Session
):
    ada = make_member(database, "ada")
    add(
        database,
        job_at(NOW - timedelta(hours=1), state=JobState.FAILED),
        job_at(NOW - timedelta(hours=3), state=JobState.FAILED),
        job_at(NOW - timedelta(days=2), state=JobState.WAITING, callback_due_at=NOW - timedelta(days=1)),
        job_at(NOW, state=JobState.FAILED, environment="production"),
        link_at(NOW - timedelta(days=3), opened_at=NOW - timedelta(days=3)),
    )

    with app.test_request_context(), database.reading() as reading:
        login_user(ada)
        needs = what_needs_somebody(Scope(reading, "sandbox", NOW))
        counts = {need.words[0]: page_of(Scope(reading, "sandbox", NOW), need.filters).count for need in needs}

    assert [(need.words[0], need.count) for need in needs] == [
        ("link opened but not finished", 1),
        ("overdue callback", 1),
        ("failed", 2),
    ]
    assert counts == {need.words[0]: need.count for need in needs}
    assert needs[2].oldest == NOW - timedelta(hours=3)
