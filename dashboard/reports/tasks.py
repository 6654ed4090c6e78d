"""The worker's tasks for reports: the exact times that somebody waits for."""

from datetime import datetime, timedelta
from uuid import UUID

from dashboard.context import reader, transaction
from dashboard.reports.exact_counting import count_exactly
from dashboard.reports.exact_times import exact_times_due, forget_old
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task


def count(row_id: UUID) -> None:
    count_exactly(reader(), transaction, row_id)


def forget(now: datetime) -> None:
    with transaction() as session:
        forget_old(session, now)


TASKS = (Task("reports.count_exactly", count, exact_times_due),)
PERIODIC = (Periodic("reports.forget_exact_times", timedelta(hours=1), forget),)
