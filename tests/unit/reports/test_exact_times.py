"""Exact times are counted by one worker in short batches, stored with their moment, and cancelled when nobody waits."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from html import unescape
from math import ceil
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from dashboard.context import reader, transaction
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from dashboard.reports import exact_counting
from dashboard.reports.exact_counting import MOST_CLASSES, SHARES, count_exactly, exact_quantiles
from dashboard.reports.exact_times import FRESH_FOR, KEPT_FOR, exact_times_due, forget_old
from dashboard.reports.models import ExactTime
from tests.factories.plans import plans_of
from tests.factories.rollups import add, fold_all, job_at, link_at

pytestmark = pytest.mark.both_engines
SignInAs = Callable[[str], FlaskClient]
TIMES = "/reports/exact-times?report=time&period=today"
BY_PAGE = {"HX-Request": "true"}


def in_batches(durations: Sequence[int], size: int = 3) -> Callable[[], Iterator[Sequence[int]]]:
    return lambda: (durations[place : place + size] for place in range(0, len(durations), size))


@given(st.lists(st.one_of(st.integers(0, 20_000), st.integers(0, 10**11)), max_size=60))
def test_the_exact_durations_are_those_of_the_sorted_rows(durations: list[int]) -> None:
    found = exact_quantiles(in_batches(durations), SHARES)

    in_order = sorted(durations)
    assert found
    assert found.count == len(durations)
    assert found.milliseconds == [
        in_order[ceil(share * len(in_order)) - 1] if in_order else None for share in SHARES
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1, 400, 4_096, 4_097, 10**7])
def test_however_long_they_are_few_classes_are_kept(width: int) -> None:
    window = exact_counting._Window(5_000, width, 1)

    assert len({*window.classes_of(range(5_000, 5_000 + width, max(1, width // 10_000)))}) <= MOST_CLASSES


def test_rows_that_change_meanwhile_give_no_answer() -> None:
    passes = iter([[100, 5000, 5001], [100, 5000]])

    assert exact_quantiles(lambda: iter([next(passes)]), SHARES) is None


@pytest.fixture
def made(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Seven jobs of today, counted, which are read in several batches."""
    now = utc_now()
    durations = (4712, 4713, 900, 31_204, 31_205, 65_000)
    jobs = [job_at(now, submitted_at=now, settled_at=now + timedelta(milliseconds=each)) for each in durations]
    for job in jobs:  # Some results are in the future, where no job is counted yet.
        job.submitted_at, job.settled_at = (each - timedelta(hours=1) for each in (job.submitted_at, job.settled_at))
    add(database, *jobs, job_at(now, submitted_at=now), job_at(now, environment="production", settled_at=now))
    fold_all(database, now)
    monkeypatch.setattr(exact_counting, "ROWS_AT_ONCE", 2)
    return jobs


def asked(database: Database) -> ExactTime:
    with database.reading() as session:
        return session.exec(select(ExactTime)).one()


def due(database: Database, now: datetime) -> Sequence[UUID]:
    with database.reading() as session:
        return exact_times_due(session, "sandbox", now, 9)


@pytest.mark.usefixtures("made", "in_app")
def test_the_page_says_estimated_until_the_exact_times_are_there(sign_in: SignInAs, database: Database) -> None:
    ben = sign_in("ben")
    page = ben.get("/reports?report=time&period=today").text
    assert "<strong>Estimated</strong>, within 5 %" in page
    assert 'hx-trigger="load' in page

    answer = ben.post(TIMES, data={"jobs": "6"}, headers=BY_PAGE)
    assert "being counted" in answer.text
    poll = re.search(r'hx-get="([^"]*)"', answer.text)
    assert poll
    assert ben.get(unescape(poll[1]), headers=BY_PAGE).status_code == 204
    row = asked(database)
    assert due(database, utc_now()) == [row.id]
    count_exactly(reader(), transaction, row.id)

    exact = ben.get(unescape(poll[1]), headers=BY_PAGE).text
    assert "half of 6 jobs took at most <strong>4.713 s</strong> and 90 % at most <strong>1 min 5.000 s" in exact
    assert "data-poll" not in exact
    again = ben.get("/reports?report=time&period=today").text
    assert "<strong>Exactly</strong>" in again
    assert 'hx-trigger="load' not in again
    twin = ben.get("/reports.json?report=time&period=today").get_json()["exact"]
    assert (twin["jobs"], twin["half_took_seconds"], twin["nine_in_ten_took_seconds"]) == (6, 4.713, 65.0)
    assert due(database, utc_now()) == []


@pytest.mark.usefixtures("made")
def test_what_a_member_asked_before_is_cancelled(sign_in: SignInAs, database: Database) -> None:
    sign_in("cleo").post(TIMES + "&product=enhanced_kyc")

    ben = sign_in("ben")
    ben.post(TIMES)
    ben.post(TIMES + "&country=NG")

    with database.reading() as session:
        waiting = session.exec(select(ExactTime.question).order_by(col(ExactTime.id))).all()
    assert [question.partition("\n")[2] for question in waiting] == ["product=enhanced_kyc", "country=NG"]


@pytest.mark.usefixtures("made", "in_app")
def test_a_count_that_is_cancelled_on_the_way_stores_nothing(sign_in: SignInAs, database: Database) -> None:
    ben = sign_in("ben")
    ben.post(TIMES)
    row, batches = asked(database), 0

    @contextmanager
    def read() -> Iterator[Session]:
        nonlocal batches
        batches += 1
        if batches == 2:
            ben.post(TIMES + "&country=NG")
        with reader()() as reading:
            yield reading

    count_exactly(read, transaction, row.id)

    assert batches == 2
    assert asked(database).counted_at is None
    assert "country=NG" in asked(database).question


@pytest.mark.usefixtures("made", "in_app")
def test_of_two_workers_one_counts_and_a_silent_one_is_replaced(
    sign_in: SignInAs, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in("ben").post(TIMES)
    row = asked(database)

    def read_meanwhile() -> AbstractContextManager[Session]:
        count_exactly(forbidden, transaction, row.id)  # It does not begin.
        return reader()()

    count_exactly(read_meanwhile, transaction, row.id)
    assert asked(database).jobs == 6

    with database.transaction() as writing:
        writing.get_one(ExactTime, row.id).due_at = utc_now()
    with pytest.raises(RuntimeError):
        count_exactly(forbidden, transaction, row.id)  # It dies with its claim.
    assert due(database, utc_now()) == []
    assert due(database, utc_now() + exact_counting.CLAIMED_FOR) == [row.id]


def forbidden() -> AbstractContextManager[Session]:
    raise RuntimeError("nothing is to be read")


@pytest.mark.usefixtures("made", "in_app")
def test_an_answer_about_fewer_jobs_is_counted_again_once_it_is_old(sign_in: SignInAs, database: Database) -> None:
    ben = sign_in("ben")
    ben.post(TIMES)
    count_exactly(reader(), transaction, asked(database).id)

    ben.post(TIMES, data={"jobs": "7"})
    assert asked(database).due_at is None  # It is fresh.
    with database.transaction() as writing:
        writing.exec(select(ExactTime)).one().counted_at = utc_now() - FRESH_FOR - timedelta(seconds=1)
    ben.post(TIMES, data={"jobs": "6"})
    assert asked(database).due_at is None
    again = ben.post(TIMES, data={"jobs": "7"}, headers=BY_PAGE).text
    assert asked(database).due_at is not None
    assert "being counted again" in again

    ben.post(TIMES + "&country=NG")  # The answer stays, but nobody waits for a newer one.
    with database.reading() as session:
        kept = session.exec(select(ExactTime).where(col(ExactTime.counted_at).is_not(None))).one()
    assert (kept.due_at, kept.jobs) == (None, 6)


@pytest.mark.usefixtures("made")
def test_answers_that_nobody_asked_for_lately_are_forgotten(sign_in: SignInAs, database: Database) -> None:
    sign_in("ben").post(TIMES)

    for after, left in ((timedelta(0), 1), (KEPT_FOR + timedelta(minutes=1), 0)):
        with database.transaction() as writing:
            forget_old(writing, utc_now() + after)
            assert len(writing.exec(select(ExactTime)).all()) == left


@pytest.mark.usefixtures("made")
def test_only_reports_of_times_have_exact_ones(sign_in: SignInAs) -> None:
    ben = sign_in("ben")

    assert ben.post("/reports/exact-times?report=volume").status_code == 422
    assert ben.get("/reports/exact-times?report=volume", headers=BY_PAGE).status_code == 422
    assert ben.get(TIMES + "&since=soon", headers=BY_PAGE).status_code == 422
    assert ben.post(TIMES).location == "/reports?report=time&by=product&period=today"
    assert ben.get(TIMES).location == "/reports?report=time&by=product&period=today"


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("filters", ["", "&product=enhanced_kyc", "&country=NG", "&link={link}"])
def test_only_the_jobs_of_the_filters_are_counted_by_an_index(
    sign_in: SignInAs, database: Database, made: list[Job], filters: str
) -> None:
    link = link_at(utc_now() - timedelta(days=1))
    link_id = link.id
    add(database, link)
    with database.transaction() as writing:
        for job in made[:3]:
            row = writing.get_one(Job, job.id)
            row.product, row.country, row.link_id = Product.ENHANCED_KYC, "NG", link_id
    fold_all(database, utc_now())
    ben = sign_in("ben")
    ben.post(TIMES + filters.format(link=link_id))
    row_id = asked(database).id

    if database.is_sqlite:
        plans = plans_of(database, lambda: count_exactly(reader(), transaction, row_id), "job")
        assert plans
        assert not [plan for plan in plans if plan.startswith(("SCAN", "USE TEMP")) or "id>?" not in plan]
    else:
        count_exactly(reader(), transaction, row_id)

    answer = asked(database)
    expected = (3, 4712, 4713) if filters else (6, 4713, 65_000)
    assert (answer.jobs, answer.half_ms, answer.nine_in_ten_ms) == expected
