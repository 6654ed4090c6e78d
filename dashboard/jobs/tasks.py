"""What the worker may run for jobs: thin calls into the verbs."""

from uuid import UUID

import structlog

from dashboard.context import current, transaction
from dashboard.db import utc_now
from dashboard.jobs.clients import smile_clients
from dashboard.jobs.following import check_job, note_overdue
from dashboard.jobs.leases import LeaseLost, leased
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.sending import send_to_smile

log = structlog.get_logger(__name__)


def note_overdue_callback(job_id: UUID) -> None:
    with transaction() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is not None:
            note_overdue(session, job, utc_now())


def advance(job_id: UUID) -> None:
    """Takes the job one run further if it is due; runs twice without harm, since only one run gets the lease."""
    settings = current().settings
    with leased(job_id) as lease:
        if lease is None:
            return
        try:
            with lease.saving() as (_, job, _now):
                is_unsent = job.state in (JobState.QUEUED, JobState.SUBMITTING)
            if is_unsent:
                send_to_smile(lease, smile_clients(), settings)
            else:
                check_job(lease, smile_clients(), settings)
        except LeaseLost:
            log.warning("lease_lost", job=str(job_id))
