"""When a waiting job is looked at next, where something has happened in the meantime."""

from datetime import datetime, timedelta

from dashboard.jobs.models import Job

SECONDS_BETWEEN_CHECKS = 10.0


def wake(job: Job, now: datetime, at_once: bool = False) -> None:
    """Brings the next check forward, never back. A check that runs now may have asked too early, so another follows."""
    wanted = now
    if job.checked_at and not at_once:
        wanted = max(now, job.checked_at + timedelta(seconds=SECONDS_BETWEEN_CHECKS))
    is_running = job.lease_until is not None and job.lease_until > now
    job.due_at = wanted if is_running or job.due_at is None else min(job.due_at, wanted)
