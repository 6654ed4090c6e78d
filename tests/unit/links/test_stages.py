"""How far a link is, from its own row and from what its jobs tell."""

from datetime import timedelta

import pytest

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState, Outcome
from dashboard.links.models import NOTHING_YET, Link, Progress, Stage
from dashboard.links.queries import jobs_of, progress_of
from tests.factories.links import make_link, make_start

pytestmark = pytest.mark.both_engines

NOW = utc_now()
AGO = NOW - timedelta(hours=2)
SUBMITTED = Progress(jobs=1, submitted_at=AGO)
SETTLED = Progress(jobs=1, submitted_at=AGO, settled_at=NOW)


def a_link(**row: object) -> Link:
    values: dict[str, object] = {"expires_at": NOW + timedelta(days=1), "environment": "sandbox"}
    return Link(**(values | row))


@pytest.mark.parametrize(
    ("row", "progress", "stage"),
    [
        ({}, NOTHING_YET, Stage.CREATED),
        ({"opened_at": AGO}, NOTHING_YET, Stage.OPENED),
        ({"opened_at": AGO, "started_at": AGO}, NOTHING_YET, Stage.STARTED),
        ({"started_at": AGO}, SUBMITTED, Stage.SUBMITTED),
        ({"started_at": AGO}, SETTLED, Stage.RESULT),
        ({"expires_at": NOW}, NOTHING_YET, Stage.EXPIRED),
        ({"expires_at": NOW}, SETTLED, Stage.RESULT),
        ({"paused_at": NOW}, SUBMITTED, Stage.PAUSED),
        ({"paused_at": NOW, "revoked_at": NOW}, SETTLED, Stage.REVOKED),
    ],
)
def test_stage_is_the_furthest_that_anybody_came(row: dict[str, object], progress: Progress, stage: Stage):
    assert a_link(**row).stage(progress, NOW) == stage


@pytest.mark.parametrize(
    ("row", "progress", "is_stalled"),
    [
        ({}, NOTHING_YET, False),
        ({"opened_at": NOW - timedelta(minutes=59)}, NOTHING_YET, False),
        ({"opened_at": AGO}, NOTHING_YET, True),
        ({"opened_at": AGO, "started_at": NOW}, NOTHING_YET, False),
        ({"started_at": AGO}, NOTHING_YET, True),
        ({"started_at": AGO}, SUBMITTED, False),
        ({"opened_at": AGO, "expires_at": NOW}, NOTHING_YET, True),
        ({"opened_at": AGO, "paused_at": NOW}, NOTHING_YET, False),
    ],
)
def test_a_link_that_was_opened_long_ago_and_not_finished_is_stalled(
    row: dict[str, object], progress: Progress, is_stalled: bool
):
    assert a_link(**row).is_stalled(progress, NOW) is is_stalled


def test_progress_comes_from_the_jobs(database: Database, settings: Settings):
    untouched, _ = make_link(database, settings)
    link, code = make_link(database, settings, uses=3)
    first = make_start(database, settings, code, "1" * 64, submitted_at=AGO, state=JobState.WAITING)
    make_start(
        database,
        settings,
        code,
        "2" * 64,
        submitted_at=NOW,
        settled_at=NOW,
        state=JobState.DONE,
        outcome=Outcome.APPROVED,
    )
    failed = make_start(database, settings, code, "3" * 64, state=JobState.FAILED, settled_at=AGO)

    with database.reading() as session:
        found = progress_of(session, [untouched.id, link.id])
        jobs = [job for job, _ in jobs_of(session, link.id)]

    assert found[untouched.id] == NOTHING_YET
    progress = found[link.id]
    assert (progress.jobs, progress.submitted_at, progress.settled_at) == (3, AGO, NOW)
    assert progress.outcome == Outcome.APPROVED
    assert progress.version == sum(job.version for job in jobs)
    assert [jobs[0].id, jobs[-1].id] == [failed.id, first.id]
