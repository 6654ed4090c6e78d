"""Runs that process again all callbacks that match a filter, in batches that survive a killed worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback, ProcessingRun
from dashboard.callbacks.processing.reprocessing import process_again
from dashboard.callbacks.receiving.sealing import sealed_search, search_associated_data, with_search
from dashboard.config import Settings
from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.errors import Conflict, NotFound
from dashboard.smile_keys import ApiKeys
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import count_of, newest_key
from dashboard.web.pages.locales import UTC_NAME, Formats

MOST_IN_A_RUN = 1000
BATCH = 10  # in one write transaction: on SQLite, callbacks that arrive meanwhile wait for its end
CLAIMED_FOR = timedelta(seconds=30)
TOLD_FOR = timedelta(minutes=10)
ZONE = "zone"  # stored among the filters of a run

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RunExtent:
    """What a filter matched when a run was requested: `total` callbacks, of which `newest` arrived last."""

    newest: UUID
    total: int
    zone: str  # the time zone of the filter's days


def find_extent(scope: Scope, filters: CallbackFilter) -> RunExtent | None:
    """What the filter matches; None if nothing. Counting takes long, so call it before the transaction of the run."""
    newest = newest_key(scope, filters)
    if newest is None:
        return None
    return RunExtent(newest, min(count_of(scope, filters, cap=MOST_IN_A_RUN), MOST_IN_A_RUN), str(scope.zone))


def start_run(
    session: Session, environment: str, filters: CallbackFilter, extent: RunExtent | None, asked_by: str, now: datetime
) -> ProcessingRun:
    if extent is None:
        raise Conflict("No callback matches these filters any longer, so nothing was processed.")
    run = ProcessingRun(
        environment=environment,
        asked_by=asked_by,
        asked_at=now,
        total=extent.total,
        newest=extent.newest,
        due_at=now,
    )
    run.filters = _sealed(session, run, filters) | {ZONE: extent.zone}
    session.add(run)
    return run


def runs_due(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """Runs for the sweep to wake: requested, and not being worked on by a living worker."""
    due = select(ProcessingRun.id).where(ProcessingRun.environment == environment, col(ProcessingRun.due_at) <= now)
    return session.exec(due.order_by(col(ProcessingRun.due_at)).limit(limit)).all()


def claim_run(session: Session, run_id: UUID, now: datetime) -> bool:
    """Gives the run to one worker until it is done, or until that worker has been silent for a while."""
    claim = update(ProcessingRun).where(col(ProcessingRun.id) == run_id, col(ProcessingRun.due_at) <= now)
    return bool(session.connection().execute(claim.values(due_at=now + CLAIMED_FOR)).rowcount)


def work_batch(session: Session, run_id: UUID, settings: Settings, keys: ApiKeys, now: datetime) -> list[UUID] | None:
    """Processes the next batch and saves the position. Returns the callbacks to pass to their jobs; None at the end."""
    run = session.get(ProcessingRun, run_id, with_for_update=True)
    if run is None or run.finished_at:
        return None
    try:
        batch = _next_batch(session, run, now)
    except UnreadableValue:
        # Without the search term it is unknown which callbacks to process.
        log.warning("run_unreadable", run=str(run.id))
        batch = ()
    if not batch:
        run.finished_at, run.due_at = now, None
        return None
    to_hand_over = []
    for callback in batch:
        try:
            processed = process_again(session, callback, settings.smile_partner_id, keys, run.asked_by, now)
        except UnreadableValue:
            # Its encryption key is missing. The others are processed all the same.
            log.warning("callback_unreadable", callback=str(callback.id))
            continue
        if processed.callback.due_at:
            to_hand_over.append(callback.id)
    run.done += len(batch)
    run.next_before = batch[-1].id
    run.due_at = now + CLAIMED_FOR
    return to_hand_over


def recent_runs(session: Session, environment: str, now: datetime) -> Sequence[ProcessingRun]:
    """Runs in progress, and those that ended so recently that somebody may still wait for the result."""
    is_recent = or_(col(ProcessingRun.finished_at).is_(None), col(ProcessingRun.finished_at) > now - TOLD_FOR)
    recent = select(ProcessingRun).where(ProcessingRun.environment == environment, is_recent)
    return session.exec(recent.order_by(col(ProcessingRun.id).desc()).limit(3)).all()


def find_run(session: Session, environment: str, run_id: UUID) -> ProcessingRun:
    run = session.get(ProcessingRun, run_id)
    if run is None or run.environment != environment:
        raise NotFound("There is no such run here.")
    return run


def _next_batch(session: Session, run: ProcessingRun, now: datetime) -> Sequence[Callback]:
    """The next callbacks, locked at once from the newest on, so that passing one to its job cannot deadlock with it."""
    filters = _opened(session, run)
    scope = Scope(session, run.environment, now, Formats(time_zone=filters.pop(ZONE, UTC_NAME)).zone)
    matching = select(Callback).where(*CallbackFilter(**filters).conditions(scope).values())
    below = col(Callback.id) < run.next_before if run.next_before else col(Callback.id) <= run.newest
    most = min(BATCH, run.total - run.done)
    return session.exec(matching.where(below).order_by(col(Callback.id).desc()).limit(most).with_for_update()).all()


def _sealed(session: Session, run: ProcessingRun, filters: CallbackFilter) -> dict[str, str]:
    """The filters to store. The search term is sealed, since it may be a customer's number."""
    stored = filters.in_clear
    if filters.q:
        stored = with_search(stored, keyring_of(session).seal(filters.q.encode(), search_associated_data(run.id)))
    return stored


def _opened(session: Session, run: ProcessingRun) -> dict[str, Any]:
    filters, sealed = dict(run.filters), sealed_search(run.filters)
    if sealed:
        filters["q"] = keyring_of(session).open(sealed, search_associated_data(run.id)).decode()
    return filters
