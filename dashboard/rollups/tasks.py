"""The worker's periodic work on rollups."""

from datetime import datetime, timedelta

from dashboard.context import current, reading, transaction
from dashboard.rollups.checking import CHECKED, check_next_week
from dashboard.rollups.working import keep_counted
from dashboard.stored_settings import write_setting
from dashboard.worker.periodic import Periodic

WEEKS_AT_ONCE = 10


def fold(_: datetime) -> None:
    for counted in current().features.counted:
        keep_counted(reading, transaction, counted)


def check(now: datetime) -> None:
    """Compares some weeks with their rows. The next run continues there."""
    for counted in current().features.counted:
        for _ in range(WEEKS_AT_ONCE):
            with reading() as session:
                checked = check_next_week(session, counted)
            if checked is None:
                break
            with transaction() as session:
                write_setting(session, f"{CHECKED}{counted.name}", checked.stored, now)
            if not checked.place:  # It came to the end.
                break


PERIODIC = (
    Periodic("rollups.fold", timedelta(seconds=10), fold),
    Periodic("rollups.check", timedelta(hours=1), check),
)
