"""The worker's tasks for callbacks."""

from datetime import datetime, timedelta
from uuid import UUID

from dashboard.callbacks.processing.handling import callbacks_due, hand_to_job, postpone
from dashboard.callbacks.processing.runs import claim_run, runs_due, work_batch
from dashboard.callbacks.search_index import fill_callbacks, index_texts
from dashboard.context import current, transaction
from dashboard.db import utc_now
from dashboard.jobs.search_index import fill_until_done
from dashboard.smile_keys import smile_keys
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task, wake


def handle(callback_id: UUID) -> None:
    with transaction() as session:
        job_id = hand_to_job(session, callback_id, utc_now())
    if job_id:
        wake("jobs.advance", job_id)


def handle_again(callback_id: UUID) -> None:
    with transaction() as session:
        postpone(session, callback_id, utc_now())
    handle(callback_id)


def process_run(run_id: UUID) -> None:
    settings = current().settings
    with transaction() as session:
        if not claim_run(session, run_id, utc_now()):
            return
    to_hand_over: list[UUID] | None = []
    while to_hand_over is not None:
        keys = smile_keys(fresh=True)
        with transaction() as session:
            to_hand_over = work_batch(session, run_id, settings, keys, utc_now())
        for callback_id in to_hand_over or ():
            wake("callbacks.handle", callback_id)


def fill_searches(_: datetime) -> None:
    fill_until_done(fill_callbacks)


def index_new_texts(_: datetime) -> None:
    fill_until_done(index_texts)


TASKS = (
    Task("callbacks.handle", handle),
    Task("callbacks.handle_again", handle_again, callbacks_due),
    Task("callbacks.process_run", process_run, runs_due),
)
PERIODIC = (
    Periodic("callbacks.fill_searches", timedelta(minutes=10), fill_searches),
    Periodic("callbacks.index_texts", timedelta(minutes=1), index_new_texts),
)
