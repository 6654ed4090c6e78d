"""The worker's own periodic work: it notes that it is alive, and deletes old counts and form keys."""

from datetime import datetime, timedelta

from dashboard.context import transaction
from dashboard.stored_settings import WORKER_SEEN, write_setting
from dashboard.web.security import form_keys, tries
from dashboard.worker.periodic import Periodic


def note_alive(now: datetime) -> None:
    with transaction() as session:
        write_setting(session, WORKER_SEEN, now.isoformat(), now)


def forget_old_tries(now: datetime) -> None:
    with transaction() as session:
        tries.forget_old_tries(session, now)


def forget_old_presses(now: datetime) -> None:
    with transaction() as session:
        form_keys.forget_old_presses(session, now)


PERIODIC = (
    Periodic("worker.note_alive", timedelta(seconds=30), note_alive),
    Periodic("worker.forget_old_tries", timedelta(minutes=10), forget_old_tries),
    Periodic("worker.forget_old_presses", timedelta(hours=1), forget_old_presses),
)
