"""The worker's tasks for the audit trail."""

from datetime import datetime, timedelta
from uuid import UUID

from dashboard.audit import checking
from dashboard.audit.checking import check_next_stretch, claim_check, save_place
from dashboard.context import reading, transaction
from dashboard.db import utc_now
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task


def check_chain(check_id: UUID) -> None:
    with transaction() as session:
        if not claim_check(session, check_id, utc_now()):
            return
    goes_on = True
    while goes_on:
        with reading() as session:
            check, report, is_end = check_next_stretch(session, check_id)
        with transaction() as session:
            goes_on = save_place(session, check, report, is_end, utc_now())


def start_daily_check(now: datetime) -> None:
    with transaction() as session:
        checking.start_daily_check(session, now)


TASKS = (Task("audit.check_chain", check_chain, checking.checks_due),)
PERIODIC = (Periodic("audit.start_daily_check", timedelta(days=1), start_daily_check),)
