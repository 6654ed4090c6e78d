"""The stage of a link in Python and its filter in the database say the same, whatever its jobs went through."""

from datetime import timedelta
from itertools import product

import pytest

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.awaiting import note_submission
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.following.setbacks import fail_job
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.submitting.link_progress import note_all_progress, note_progress
from dashboard.jobs.timeline import SentHow
from dashboard.links.filters import STALLED, LinkFilter
from dashboard.links.models import Link, Stage
from dashboard.links.queries import progress_of
from dashboard.web.lists.fields import Scope
from tests.factories.links import make_link, make_start

pytestmark = pytest.mark.both_engines

NOW = utc_now()
AGO = NOW - timedelta(hours=2)
FINAL, PROVISIONAL = {"ResultCode": "0810"}, {"ResultCode": "0814"}
#: What happens to each job of a link, in turn.
FATES = ((), ("submit",), ("submit", "settle"), ("submit", "fail"), ("fail",), ("submit", "settle", "unsettle"))
COLUMNS = {
    "opened_at": (None, AGO, NOW),
    "started_at": (None, AGO),
    "expires_at": (AGO, NOW + timedelta(days=1)),
    "paused_at": (None, NOW),
    "revoked_at": (None, NOW),
    "smile_total_jobs": (None, 0, 2),
}


def befall(database: Database, settings: Settings, job: Job, fate: tuple[str, ...]) -> None:
    for what in fate:
        with database.transaction() as session:
            row = session.get_one(Job, job.id)
            if what == "submit":
                note_submission(session, row, settings, NOW, SentHow.SMILE_HAS_IT)
            elif what == "fail":
                fail_job(session, row, None, None, problem(ProblemKind.START_BROKE_OFF), NOW)
            else:
                answer = read_result(FINAL if what == "settle" else PROVISIONAL, row.job_type)
                settle_job(session, row, answer, ResultSource.JOB_STATUS, NOW)
                if what == "unsettle":
                    row.state, row.outcome, row.settled_at = JobState.DONE, Outcome.PROVISIONAL, None
                    note_progress(session, row)


@pytest.mark.parametrize("fates", [*((fate,) for fate in FATES), (FATES[1], FATES[2]), (FATES[4], FATES[5])])
def test_filter_says_what_the_jobs_say(database: Database, settings: Settings, fates: tuple[tuple[str, ...], ...]):
    link, code = make_link(database, settings, uses=len(fates))
    for number, fate in enumerate(fates):
        befall(database, settings, make_start(database, settings, code, str(number) * 64), fate)

    check(database)
    with database.transaction() as session:
        before = session.get_one(Link, link.id).model_dump()
        note_all_progress(session)
    with database.reading() as session:
        assert session.get_one(Link, link.id).model_dump() == before
        progress = progress_of(session, [link.id])[link.id]
    assert (before["submitted_at"], before["settled_at"]) == (progress.submitted_at, progress.settled_at)


def test_filter_says_what_the_row_says(database: Database, settings: Settings):
    link, _ = make_link(database, settings)
    with database.transaction() as session:
        row = session.get_one(Link, link.id)
        template = row.model_dump(exclude={"id", "code_digest", "form_key"})
        session.delete(row)
        for number, values in enumerate(product(*COLUMNS.values())):
            session.add(Link(**(template | dict(zip(COLUMNS, values, strict=True))), code_digest=str(number)))

    check(database)


def check(database: Database) -> None:
    with database.reading() as session:
        scope = Scope(session, "sandbox", NOW)
        links = {link.id: link for link in session.exec(LinkFilter().in_order(scope, {}, (), 1000)).all()}
        progress = progress_of(session, list(links))
        for stage in (*Stage, STALLED):
            filters = LinkFilter(stage=stage)
            found = session.exec(filters.in_order(scope, filters.conditions(scope), (), 1000)).all()
            expected = {
                row_id
                for row_id, link in links.items()
                if (
                    link.is_stalled(progress[row_id], NOW)
                    if stage == STALLED
                    else link.stage(progress[row_id], NOW) == stage
                )
            }
            assert {link.id for link in found} == expected, stage
