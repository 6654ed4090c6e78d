"""The health check of the rollups, what the worker compares, and the command that counts again."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlmodel import Session, col, select

from dashboard.cli import main
from dashboard.config import Settings
from dashboard.context import context_of, reading
from dashboard.db import Database
from dashboard.health_checks import CheckContext, Finding, State
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.rollups import health_checks
from dashboard.rollups.checking import read_checked
from dashboard.rollups.health_checks import counts
from dashboard.rollups.models import Rollup
from dashboard.rollups.tasks import check
from tests.conftest import ENCRYPTION_KEY
from tests.factories.environment import set_environment
from tests.factories.rollups import add, callback_at, fold_all, job_at

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


def found(app: Flask) -> Finding:
    parts = context_of(app)
    with reading() as session:
        return counts(CheckContext(parts.settings, parts.database, session, NOW, smile=None))


def spoil(database: Database, cube: str, by: int = 1) -> None:
    with database.transaction() as session:
        session.exec(select(Rollup).where(Rollup.cube == cube).order_by(col(Rollup.starts))).all()[0].total += by


def test_counts_that_are_those_of_the_rows_are_good(app: Flask, database: Database):
    assert found(app).state == State.UNKNOWN

    add(database, job_at(NOW), callback_at(NOW - timedelta(hours=1)))
    fold_all(database, NOW)
    add(database, job_at(NOW))

    assert found(app) == Finding(State.OK, "The counts of lists are those of the rows.")


@pytest.mark.parametrize(("cube", "said"), [("job.day", "jobs (on 2026-11-28)"), ("job.ever", "jobs (in job.ever)")])
def test_a_wrong_count_is_named_and_counting_again_mends_it(app: Flask, database: Database, cube: str, said: str):
    add(database, job_at(NOW))
    fold_all(database, NOW)
    spoil(database, cube)

    warned = found(app)
    assert (warned.state, said in warned.sentence, "db recount" in warned.advice) == (State.WARN, True, True)

    fold_all_again(app)
    assert found(app).state == State.OK


def fold_all_again(app: Flask) -> None:
    from dashboard.context import transaction
    from dashboard.rollups.working import recount

    for counted in context_of(app).features.counted:
        list(recount(reading, transaction, counted))


def test_of_many_rows_the_worker_compares_weeks(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health_checks, "MOST_ROWS", 2)
    add(database, *(job_at(NOW - timedelta(days=9 * number)) for number in range(5)))
    fold_all(database, NOW)
    spoil(database, "job.day")
    assert found(app).state == State.OK  # It is not known yet.

    check(NOW)

    assert found(app).state == State.WARN
    with database.reading() as session:
        checked = read_checked(session, JOBS)
        assert checked is not None
        assert (checked.place, checked.passes, len(checked.wrong)) == (0, 1, 1)
    spoil(database, "job.day", -1)
    check(NOW)
    assert found(app).state == State.OK


def test_changes_that_nobody_folds_are_told(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health_checks, "MOST_DELTAS", 2)
    fold_all(database, NOW)
    add(database, *(job_at(NOW) for _ in range(3)))

    assert "changes are not in the counts" in found(app).sentence


def test_the_command_counts_again(
    app: Flask, database: Database, settings: Settings, session: Session, monkeypatch: pytest.MonkeyPatch
):
    add(database, *(job_at(NOW - timedelta(hours=number)) for number in range(3)))
    set_environment(monkeypatch, settings, ENCRYPTION_KEY)
    database.dispose()

    done = CliRunner().invoke(main, ["db", "recount"])

    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == ["jobs: 3 counted", "links: 0 counted", "callbacks: 0 counted"]
    assert session.exec(select(Rollup.total).where(Rollup.cube == "job.ever")).all() == [3]
