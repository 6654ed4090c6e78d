"""Folding: triggers note each change, small steps fold it once, and a count goes on where it was stopped."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlmodel import Session, col, func, select

from dashboard import batches
from dashboard.context import reading, transaction
from dashboard.db import Database
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.rollups import folding
from dashboard.rollups.counted import ALL_ROWS
from dashboard.rollups.folding import ensure_count, fold_step, forget_step, generations_of
from dashboard.rollups.models import Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.tasks import fold
from dashboard.rollups.working import recount
from dashboard.stored_settings import BRANDING, write_setting
from tests.factories.rollups import TABLES, Killed, add, callback_at, fold_all, job_at, killed_after, link_at

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


def deltas(session: Session) -> list[tuple[str, int, str, str]]:
    found = select(RollupDelta).order_by(col(RollupDelta.counted), col(RollupDelta.change))
    return [(row.counted, row.change, row.state or row.kind or row.verdict, row.outcome) for row in session.exec(found)]


def totals(session: Session, cube: str = "job.ever") -> dict[str, int]:
    found = session.exec(select(Rollup).where(Rollup.cube == cube, col(Rollup.generation) == newest(session).number))
    sums = Counter[str]()
    for row in found.all():
        sums[f"{row.state}{row.kind}{row.verdict} {row.outcome}".strip()] += row.total
    return dict(sums)


def newest(session: Session) -> RollupGeneration:
    return generations_of(session, JOBS)[0]


def test_each_change_of_a_job_is_noted_and_no_other_one(database: Database, session: Session):
    job = job_at(NOW)
    add(database, job)
    with database.transaction() as writing:
        found = writing.get_one(Job, job.id)
        found.checks, found.result_text = 1, "changes nothing that is counted"
    with database.transaction() as writing:
        found = writing.get_one(Job, job.id)
        found.state, found.outcome = JobState.DONE, Outcome.APPROVED

    assert deltas(session) == [
        ("job", -1, "queued", ""),
        ("job", 1, "queued", ""),
        ("job", 1, "done", "approved"),
    ] or deltas(session) == [("job", -1, "queued", ""), ("job", 1, "done", "approved"), ("job", 1, "queued", "")]
    noted = session.exec(select(RollupDelta).where(RollupDelta.state == "done")).one()
    assert (noted.row_id, noted.environment, noted.product) == (job.id, "sandbox", "biometric_kyc")
    assert (noted.api, noted.maker, noted.country, noted.warnings) == ("v1", "ben@example.com", "", "")


def test_a_new_callback_is_not_noted_so_that_receiving_it_takes_no_longer(database: Database, session: Session):
    add(database, callback_at(NOW), link_at(NOW))

    assert [row[:3] for row in deltas(session)] == [("link", 1, "created")]


def test_changes_are_folded_once_and_cancel_each_other(database: Database, session: Session):
    job = job_at(NOW)
    add(database, job, job_at(NOW, state=JobState.FAILED))
    fold_all(database, NOW)
    with database.transaction() as writing:
        writing.get_one(Job, job.id).state = JobState.WAITING

    fold_all(database, NOW)

    assert totals(session) == {"waiting": 1, "failed": 1}
    assert totals(session, "job.month_in_full") == {"waiting": 1, "failed": 1}
    assert deltas(session) == []


def test_a_step_folds_a_few_changes_and_the_rest_stays(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folding, "DELTAS_AT_ONCE", 3)
    fold_all(database, NOW)
    add(database, *(job_at(NOW) for _ in range(8)))

    done = []
    for _ in range(3):
        with database.transaction() as session:
            done.append(fold_step(session, JOBS, NOW))

    assert [(each.is_more, each.deltas) for each in done] == [(True, 3), (True, 3), (False, 2)]
    with database.reading() as session:
        assert totals(session) == {"queued": 8}


@pytest.mark.parametrize("statements", range(1, 9))
def test_a_killed_step_is_as_if_it_had_not_begun(database: Database, statements: int):
    add(database, job_at(NOW - timedelta(days=1)))
    fold_all(database, NOW, "UTC", JOBS)
    add(database, job_at(NOW), job_at(NOW, state=JobState.FAILED))
    with database.reading() as session:
        before = totals(session), len(deltas(session))

    def step() -> None:
        with killed_after(statements), database.transaction() as session:
            fold_step(session, JOBS, NOW)
            raise Killed  # at the latest before the commit

    with pytest.raises(Killed):
        step()

    with database.reading() as session:
        assert (totals(session), len(deltas(session))) == before
    fold_all(database, NOW)
    with database.reading() as session:
        assert totals(session) == {"queued": 2, "failed": 1}


def test_a_count_that_was_stopped_goes_on_and_jobs_change_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(folding, "ROWS_AT_ONCE", 4)
    jobs = [job_at(NOW - timedelta(days=10 - number)) for number in range(10)]
    add(database, *jobs)
    with database.transaction() as session:
        folding.begin_count(session, JOBS, "UTC", NOW)
        folding.forget_deltas(session)
    with database.transaction() as session:
        assert fold_step(session, JOBS, NOW, 4).is_more
    with database.transaction() as session:
        for job in (jobs[0], jobs[9]):  # one that is counted, and one that is not
            session.get_one(Job, job.id).state = JobState.WAITING
    add(database, job_at(NOW), job_at(NOW - timedelta(days=30)))

    fold_all(database, NOW)

    with database.reading() as session:
        assert totals(session) == {"queued": 10, "waiting": 2}
        assert (newest(session).through, newest(session).is_complete) == (ALL_ROWS, True)


def test_a_move_of_the_company_is_counted_beside_the_old_count(database: Database, session: Session):
    add(database, job_at(datetime(2026, 10, 31, 23, 30, tzinfo=UTC)))
    fold_all(database, NOW, "UTC", JOBS)
    with database.transaction() as writing:
        ensure_count(writing, JOBS, "Africa/Lagos", NOW)
    add(database, job_at(NOW))
    with database.transaction() as writing:
        fold_step(writing, JOBS, NOW)

    zones = [(each.zone, each.is_complete) for each in generations_of(session, JOBS)]
    assert zones == [("Africa/Lagos", True), ("UTC", True)]
    months = session.exec(select(Rollup.generation, Rollup.starts).where(Rollup.cube == "job.month")).all()
    begins = [{datetime.fromtimestamp(starts, UTC) for each, starts in months if each == number} for number in (1, 2)]
    october, november = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert begins == [{october, november}, {november - timedelta(hours=1)}]


def test_what_is_no_longer_needed_is_deleted_a_little_at_a_time(database: Database):
    add(database, *(job_at(NOW - timedelta(days=days)) for days in (0, 14, 40)))
    fold_all(database, NOW)
    fold_all(database, NOW, "Africa/Lagos")
    later, steps = NOW + timedelta(days=2), 0
    with database.transaction() as session:
        while forget_step(session, JOBS, later):
            steps += 1

    with database.reading() as session:
        assert [each.zone for each in generations_of(session, JOBS)] == ["Africa/Lagos"]
        of_jobs = select(func.count()).select_from(Rollup).where(col(Rollup.cube).like("job.%"))
        assert session.exec(of_jobs.where(Rollup.generation != newest(session).number)).one() == 0
        assert session.exec(select(func.count()).where(Rollup.cube == "job.quarter")).one() == 1
    assert steps > 40


def test_the_worker_counts_folds_and_then_writes_nothing(app: Flask, database: Database):
    add(database, job_at(NOW), link_at(NOW), callback_at(NOW - timedelta(hours=1)))

    fold(NOW)

    with database.reading() as session:
        assert (totals(session), deltas(session)) == ({"queued": 1}, [])
        assert session.exec(select(func.count()).select_from(RollupGeneration)).one() == len(TABLES)
    commits = database.commits
    fold(NOW)
    assert database.commits == commits


def test_a_new_zone_of_the_company_is_taken_over(app: Flask, database: Database):
    add(database, job_at(NOW))
    fold(NOW)
    with database.transaction() as session:
        write_setting(session, BRANDING, {"time_zone": "Asia/Kathmandu"}, NOW)

    fold(NOW)

    with database.reading() as session:
        assert [each.zone for each in generations_of(session, JOBS)] == ["Asia/Kathmandu"]


def test_a_recount_mends_what_is_wrong_and_an_interrupted_one_is_continued(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batches, "LONGEST_PAUSE_SECONDS", 0)
    add(database, *(job_at(NOW - timedelta(minutes=number)) for number in range(10)))
    fold_all(database, NOW, "UTC", JOBS)
    with database.transaction() as session:
        for row in session.exec(select(Rollup)).all():
            row.total += 1
    first = recount(reading, transaction, JOBS, 4)
    next(first)
    first.close()

    assert sum(recount(reading, transaction, JOBS, 4)) == 6

    with database.reading() as session:
        assert totals(session) == {"queued": 10}
        assert [each.number for each in generations_of(session, JOBS)] == [2]


def test_four_workers_fold_at_once_without_a_deadlock_and_count_nothing_twice(app: Flask, database: Database):
    fold_all(database, NOW)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with app.app_context():
                for turn in range(6):
                    if number < 2:
                        moments = (NOW - timedelta(days=turn, hours=number, seconds=each) for each in range(15))
                        add(database, *(job_at(moment, country=["NG", "KE"][turn % 2]) for moment in moments))
                        _change_some(database, turn)
                    for counted in TABLES:
                        with database.transaction() as session:
                            fold_step(session, counted, NOW)
                    if number == 3 and turn % 3 == 0:
                        list(recount(reading, transaction, JOBS))
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    fold_all(database, NOW)
    with database.reading() as session:
        by_state = select(Job.state, func.count()).group_by(Job.state)
        assert totals(session) == {str(state): count for state, count in session.exec(by_state).all()}
        assert sum(totals(session).values()) == 2 * 6 * 15
        assert sum(totals(session, "job.day").values()) == 2 * 6 * 15


def _change_some(database: Database, turn: int) -> None:
    with database.transaction() as session:
        newest_first = select(Job).order_by(col(Job.id).desc()).limit(5).with_for_update(skip_locked=True)
        for job in session.exec(newest_first).all():
            job.state = [JobState.WAITING, JobState.SUBMITTING][turn % 2]
