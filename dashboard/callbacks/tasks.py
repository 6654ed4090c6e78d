"""What the worker may run for callbacks: thin calls into the verbs."""

from uuid import UUID

from dashboard.callbacks.handling import hand_over, postpone
from dashboard.db import transaction, utc_now
from dashboard.worker.queue import wake


def handle(callback_id: UUID) -> None:
    with transaction() as session:
        job_id = hand_over(session, callback_id, utc_now())
    if job_id:
        wake("jobs.advance", job_id)


def handle_again(callback_id: UUID) -> None:
    with transaction() as session:
        postpone(session, callback_id, utc_now())
    handle(callback_id)
