"""What the worker does for itself: it notes that it is alive, so that the health page can tell."""

from datetime import datetime, timedelta

from dashboard.context import transaction
from dashboard.stored_settings import WORKER_SEEN, write_setting
from dashboard.worker.periodic import Periodic


def note_alive(now: datetime) -> None:
    with transaction() as session:
        write_setting(session, WORKER_SEEN, now.isoformat(), now)


PERIODIC = (Periodic("worker.note_alive", timedelta(seconds=30), note_alive),)
