"""Finds the warnings in answers from before warnings were stored, from the oldest job to the newest."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import Session, col, select

from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.jobs.models import Job, Result, payload_associated_data
from dashboard.jobs.warnings import keep_warnings
from dashboard.smile.results import plain
from dashboard.stored_settings import read_setting, write_setting

#: The last job done, and the newest job when the filling began: later ones store their own warnings.
FILLED = "earlier_warnings"
#: A small batch, since all answers of each job are opened.
JOBS_AT_ONCE = 50
NONE = UUID(int=0)

log = structlog.get_logger(__name__)


def fill_warnings(session: Session, now: datetime) -> bool:
    """Handles the next jobs; False once none are left. A killed run is continued where it stopped."""
    place = read_setting(session, FILLED) or {"after": NONE.hex, "through": _newest(session).hex}
    after, through = UUID(place["after"]), UUID(place["through"])
    rows = select(Job).where(col(Job.id) > after, col(Job.id) <= through, col(Job.erased_at).is_(None))
    jobs = session.exec(rows.order_by(col(Job.id)).limit(JOBS_AT_ONCE).with_for_update()).all()
    for job in jobs:
        _read_answers_again(session, job, now)
    is_left = len(jobs) == JOBS_AT_ONCE
    write_setting(session, FILLED, {"after": (jobs[-1].id if is_left else through).hex, "through": through.hex}, now)
    return is_left


def _newest(session: Session) -> UUID:
    return session.exec(select(Job.id).order_by(col(Job.id).desc()).limit(1)).first() or NONE


def _read_answers_again(session: Session, job: Job, now: datetime) -> None:
    answers = select(Result).where(Result.job_id == job.id, col(Result.erased_at).is_(None)).order_by(col(Result.id))
    for answer in session.exec(answers).all():
        try:
            payload = plain(keyring_of(session).open_json(answer.payload_sealed, payload_associated_data(answer.id)))
        except UnreadableValue:  # One damaged answer does not hide the warnings of others.
            log.warning("answer_not_read_again", result=str(answer.id))
            continue
        if isinstance(payload, dict):
            keep_warnings(
                session,
                job,
                payload,
                answer.source,
                now,
                is_confirmed=answer.is_confirmed,
                said_at=answer.received_at,
            )
