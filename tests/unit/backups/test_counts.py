"""After a restore lists count as before: the sums are those of the backup, and changes are noted from then on."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import func, select

from dashboard.db import utc_now
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.jobs.models import Job, JobState
from dashboard.rollups.checking import cubes_that_differ, wrong_days
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.models import RollupDelta
from dashboard.rollups.periods import LAST_SECOND
from tests.factories.rollups import add, fold_all, job_at
from tests.unit.backups.conftest import Place

pytestmark = pytest.mark.both_engines


def open_deltas(place: Place) -> int:
    with place.database.reading() as session:
        return session.exec(select(func.count()).select_from(RollupDelta)).one()


def problems(place: Place) -> tuple[list[int], list[str]]:
    with place.database.reading() as session:
        generation = complete_generation(session, JOBS)
        assert generation
        return wrong_days(session, JOBS, generation, 0, LAST_SECOND), cubes_that_differ(session, JOBS)


def test_a_restored_database_goes_on_counting(here: Place, elsewhere: Place, tmp_path: Path):
    now = utc_now()
    add(here.database, *(job_at(now - timedelta(days=number)) for number in range(3)))
    fold_all(here.database, now)
    late = job_at(now)
    add(here.database, late)
    here.back_up(tmp_path / "desk.backup")

    elsewhere.restore(tmp_path / "desk.backup")

    assert (open_deltas(here), open_deltas(elsewhere), problems(elsewhere)) == (1, 1, ([], []))
    with elsewhere.database.transaction() as session:
        session.get_one(Job, late.id).state = JobState.FAILED
    add(elsewhere.database, job_at(now))
    assert open_deltas(elsewhere) == 4
    fold_all(elsewhere.database, now)
    assert (open_deltas(elsewhere), problems(elsewhere)) == (0, ([], []))


def test_what_is_restored_over_a_counted_database_is_counted_too(here: Place, elsewhere: Place, tmp_path: Path):
    now = utc_now()
    add(here.database, job_at(now))
    fold_all(here.database, now)
    here.back_up(tmp_path / "desk.backup")
    elsewhere.restore(tmp_path / "desk.backup")

    elsewhere.restore(tmp_path / "desk.backup", replace=True)

    add(elsewhere.database, job_at(now, state=JobState.FAILED))
    assert (open_deltas(elsewhere), problems(elsewhere)) == (1, ([], []))
