"""One run at a time per job, whoever else tries, and whatever becomes of that run."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.exc import OperationalError

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs import tasks
from dashboard.jobs.following.following import jobs_due
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.queries import find_job
from dashboard.jobs.submitting import leases
from dashboard.jobs.submitting.leases import LeaseLost, leased
from dashboard.jobs.submitting.submission import cancel_job
from tests.conftest import change_settings, make_settings
from tests.factories.jobs import at_once, make_job, reload, update_job

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]


@pytest.fixture
def settings(tmp_path: Any, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, lease=0.6)


@pytest.fixture
def job(app: Flask, database: Database, settings: Settings) -> Job:
    return make_job(database, settings)


def in_threads(app: Flask, count: int, work: Callable[[int], None]) -> None:
    def run(number: int) -> None:
        with app.app_context():
            work(number)

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_only_one_of_many_claims(app: Flask, job: Job):
    claimed, start, finish = [], Barrier(6), Barrier(6)

    def claim(number: int) -> None:
        start.wait(10)
        with leased(job.id) as lease:
            if lease:
                claimed.append(number)
            finish.wait(10)

    in_threads(app, 6, claim)

    assert len(claimed) == 1


def test_job_that_is_not_due_is_not_claimed(database: Database, job: Job):
    update_job(database, job, due_at=utc_now() + timedelta(seconds=5))

    with leased(job.id) as lease:
        assert lease is None


def test_run_that_ends_lets_go(database: Database, job: Job):
    with leased(job.id) as lease:
        assert lease
        assert reload(database, job).lease == lease.token

    freed = reload(database, job)
    assert (freed.lease, freed.lease_until) == (None, None)
    with leased(job.id) as again:
        assert again


@pytest.fixture
def silent_runs(app: Flask, settings: Settings) -> None:
    """A third of this lease, after which a run would renew it, is longer than any test."""
    change_settings(app, settings.model_copy(update={"lease": 3600.0}))


@pytest.mark.usefixtures("silent_runs")
def test_silent_run_is_taken_over_and_saves_nothing(database: Database, job: Job):
    with leased(job.id) as silent:
        assert silent
        update_job(database, job, lease_until=utc_now() - timedelta(seconds=1))

        with leased(job.id) as lease:
            assert lease
            with pytest.raises(LeaseLost), silent.saving() as (_, row, _now):
                row.state = JobState.DONE

            with lease.saving() as (_, row, _now):
                row.last_error = "saved by the one that took over"

    saved = reload(database, job)
    assert (saved.state, saved.last_error) == (JobState.QUEUED, "saved by the one that took over")


@pytest.mark.usefixtures("silent_runs")
def test_silent_run_does_not_free_what_another_holds(database: Database, job: Job):
    with leased(job.id):
        update_job(database, job, lease="another", lease_until=utc_now() + timedelta(seconds=30))

    assert reload(database, job).lease == "another"


def test_heartbeat_renews_a_long_run(database: Database, job: Job, settings: Settings):
    with leased(job.id) as lease:
        assert lease
        first = reload(database, job).lease_until
        Event().wait(settings.lease)

        renewed = reload(database, job).lease_until
        with leased(job.id) as second:
            assert second is None

    assert first
    assert renewed
    assert renewed > first


def test_heartbeat_outlives_a_database_that_is_busy_for_a_moment(
    database: Database, job: Job, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    hiccups = iter([True])

    def sometimes() -> Any:
        if next(hiccups, False):
            raise OperationalError("UPDATE", {}, Exception("busy"))
        return database.transaction()

    with leased(job.id) as lease:
        assert lease
        first = reload(database, job).lease_until
        monkeypatch.setattr(leases, "transaction", sometimes)
        Event().wait(settings.lease)
        renewed = reload(database, job).lease_until

    assert first
    assert renewed
    assert renewed > first


def test_job_that_breaks_its_run_is_pushed_forward(
    app: Flask, database: Database, job: Job, monkeypatch: pytest.MonkeyPatch
):
    """The sweep looks every second; without this it would spin on the row."""

    def break_down(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(tasks, "send_to_smile", break_down)

    with time_machine.travel(utc_now(), tick=False):  # A second would be over on a busy machine.
        with pytest.raises(RuntimeError):
            tasks.advance(job.id)

        broken = reload(database, job)
        assert broken.lease is None
        assert not at_once(broken.due_at)
        with database.reading() as session:
            assert jobs_due(session, "sandbox", utc_now(), 10) == []
            assert jobs_due(session, "sandbox", utc_now() + timedelta(seconds=1), 10) == [job.id]


def test_lost_lease_is_no_failure_of_the_task(
    app: Flask, database: Database, job: Job, monkeypatch: pytest.MonkeyPatch
):
    def lose(lease: leases.Lease, *_: object) -> None:
        update_job(database, job, lease="another", lease_until=utc_now() + timedelta(seconds=30))
        with lease.saving():
            pytest.fail("saved without a lease")

    monkeypatch.setattr(tasks, "send_to_smile", lose)

    tasks.advance(job.id)

    assert reload(database, job).lease == "another"


def test_sweep_leaves_jobs_of_the_other_environment_and_held_ones_alone(database: Database, settings: Settings):
    due = make_job(database, settings)
    make_job(database, settings, environment="production")
    make_job(database, settings, due_at=None)
    make_job(database, settings, lease="x", lease_until=utc_now() + timedelta(seconds=30))
    expired = make_job(database, settings, lease="x", lease_until=utc_now() - timedelta(seconds=1))

    with database.reading() as session:
        found = jobs_due(session, "sandbox", utc_now(), 10)

    assert set(found) == {due.id, expired.id}


def test_job_read_for_a_change_is_locked(app: Flask, database: Database, settings: Settings):
    job, done = make_job(database, settings), Event()

    def claim() -> None:
        with app.app_context(), leased(job.id) as lease:
            assert lease is None
        done.set()

    thread = Thread(target=claim)
    with database.transaction() as session:
        found = find_job(session, "sandbox", job.id, to_change=True)
        thread.start()
        assert not done.wait(0.3)
        cancel_job(session, found, "ben", utc_now())
    thread.join(10)

    assert done.is_set()
    assert reload(database, job).state == JobState.CANCELLED
