"""The sign of life of a worker, for those who want to know whether one runs."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from dashboard.context import transaction
from dashboard.stored_settings import WORKER_SEEN, write_setting


def beat(now: datetime) -> None:
    # IntegrityError: another worker wrote the very first one at this moment.
    with suppress(IntegrityError), transaction() as session:
        write_setting(session, WORKER_SEEN, now.isoformat(), now)
