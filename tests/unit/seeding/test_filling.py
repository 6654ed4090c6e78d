"""Seeding fills an empty sandbox database with just what was asked for, continues, and refuses everything else."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlmodel import func, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record
from dashboard.backups.checking import check_deployment
from dashboard.callbacks.models import Callback, Verdict
from dashboard.cli import main
from dashboard.context import Context, context_of
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.models import Job
from dashboard.links.models import Link
from dashboard.seeding import batches, callback_rows, filling
from dashboard.seeding.calendar import DAYS
from dashboard.seeding.callback_rows import Stray
from dashboard.seeding.company import Amounts
from dashboard.seeding.loading import missing_indexes
from dashboard.seeding.moments import DAY
from dashboard.team.models import Member, SignIn
from tests.conftest import ENCRYPTION_KEY, change_settings
from tests.factories.environment import set_environment
from tests.unit.seeding.conftest import AMOUNTS, seed

pytestmark = pytest.mark.both_engines


def counted(database: Database) -> Amounts:
    with database.reading() as session:
        tables = (Job, Callback, Link, Member, SignIn, AuditEntry)
        return Amounts(*(session.exec(select(func.count()).select_from(table)).one() for table in tables))


def test_there_is_just_what_was_asked_for(parts: Context) -> None:
    seed(parts)

    columns = parts.features.sealed_columns
    assert counted(parts.database) == AMOUNTS
    assert list(check_deployment(parts.database, parts.settings, columns, every_value=True)) == []


def test_of_many_rows_the_indexes_are_built_afterwards(parts: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "LARGE", 1)
    few = Amounts(members=2)

    progress = filling.prepare(parts, few, 1, utc_now())
    names_before = _names_of_missing(parts)
    list(filling.fill(parts, progress, processes=1))
    done = list(filling.finish(parts, progress, utc_now()))

    assert "ix_job_environment_state_id" in names_before
    assert "indexes of job" in done
    assert _names_of_missing(parts) == []


def _names_of_missing(parts: Context) -> list[str]:
    with parts.database.reading() as session:
        return [str(index.name) for index in missing_indexes(session.connection())]


@pytest.mark.parametrize("batches_before", [2, 5])
def test_an_interrupted_run_continues_without_doubling(
    parts: Context, monkeypatch: pytest.MonkeyPatch, batches_before: int
) -> None:
    monkeypatch.setattr(filling, "BATCH_SIZES", dict.fromkeys(filling.BATCH_SIZES, 60))
    now = utc_now()
    steps = filling.fill(parts, filling.prepare(parts, AMOUNTS, 1, now), processes=1)
    for _ in range(batches_before):
        next(steps)
    steps.close()

    seed(parts)

    assert counted(parts.database) == AMOUNTS
    assert list(check_deployment(parts.database, parts.settings, parts.features.sealed_columns, every_value=True)) == []


def test_only_the_same_command_continues(parts: Context) -> None:
    seed(parts)

    progress = filling.prepare(parts, AMOUNTS, 1, utc_now())
    assert progress.is_finished
    assert list(filling.fill(parts, progress, processes=1)) == []
    with pytest.raises(Conflict, match=r"--jobs 120 .* Only the same command"):
        filling.prepare(parts, replace(AMOUNTS, jobs=121), 1, utc_now())
    with pytest.raises(Conflict, match="--random-seed 1"):
        filling.prepare(parts, AMOUNTS, 2, utc_now())


def test_a_database_with_data_of_its_own_is_refused(parts: Context) -> None:
    with parts.database.transaction() as session:
        record(session, "backup.made", "database", utc_now())

    with pytest.raises(Conflict, match="only into an empty database"):
        seed(parts)


def test_a_production_deployment_is_refused(app: Flask, parts: Context) -> None:
    change_settings(app, parts.settings.model_copy(update={"smile_server": "1"}))

    with pytest.raises(Conflict, match="Sample data is for a sandbox"):
        seed(context_of(app))


def test_a_trail_that_went_on_is_not_continued(parts: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BATCH_SIZES", filling.BATCH_SIZES | {"audit_lines": 100})
    progress = filling.prepare(parts, AMOUNTS, 1, utc_now())
    steps = filling.fill(parts, progress, processes=1)
    while next(steps).part != "audit_lines":
        pass
    with parts.database.transaction() as session:
        record(session, "backup.made", "database", utc_now())

    with pytest.raises(Conflict, match="lines that were not made by `dashboard seed`"):
        seed(parts)


@pytest.mark.parametrize(
    ("amounts", "field"), [(Amounts(callbacks=1), "jobs"), (Amounts(links=1), "jobs"), (Amounts(sign_ins=1), "members")]
)
def test_what_belongs_to_nothing_is_refused(parts: Context, amounts: Amounts, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        seed(parts, amounts)

    assert list(caught.value.fields) == [field]


def test_every_verdict_is_among_many_callbacks(parts: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "STRAY", 500)
    monkeypatch.setattr(batches, "STRAYS", tuple(Stray))
    monkeypatch.setattr(callback_rows, "REFUSED_FOR", DAYS * DAY)
    seed(parts)

    with parts.database.reading() as session:
        verdicts = set(session.exec(select(Callback.verdict).distinct()).all())
    assert verdicts == set(Verdict) - {Verdict.DUPLICATE}


def test_the_command_prints_what_it_does(parts: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, parts.settings, ENCRYPTION_KEY)
    parts.database.dispose()
    options = ["seed", "--jobs", "20", "--members", "3", "--sign-ins", "2", "--processes", "1"]

    first, second = (CliRunner().invoke(main, options) for _ in range(2))

    assert first.exit_code == 0, first.output
    assert "20 of 20 jobs" in first.output
    assert "rows in" in first.output
    assert second.output == "Everything is there already.\n"
