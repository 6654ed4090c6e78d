"""What the worker may run for privacy: the rules of retention, once an hour, and whatever an erasure left half done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.privacy.erasing import erase_stragglers
from dashboard.privacy.files import find_orphans, remove_files
from dashboard.privacy.journal import note_erasures
from dashboard.privacy.retention import KINDS, erase_batch, read_rules
from dashboard.privacy.traces import wipe_traces
from dashboard.stored_settings import Setting, read_setting, write_setting

#: There is one clock for all of it, so there is no row whose id could be named.
THE_RUN = UUID(int=0)
DUE_AT = "retention_due_at"
EVERY = timedelta(hours=1)

log = structlog.get_logger(__name__)


def runs_due(session: Session, now: datetime) -> Sequence[UUID]:
    """What the sweep wakes."""
    return [THE_RUN] if _is_due(session, now) else []


def enforce_retention(_: UUID) -> None:
    """Batch by batch, each with its own commit; a run that is killed is gone on with by the next one."""
    database = current().database
    settings, now = current().settings, utc_now()
    with transaction() as session:
        session.get(Setting, DUE_AT, with_for_update=True)
        if not _is_due(session, now):
            return  # Another worker is at it.
        write_setting(session, DUE_AT, (now + EVERY).isoformat(), now)
        rules = read_rules(session)
    total = 0
    for kind in KINDS:
        count = 1
        while count:
            with transaction() as session:
                count, files = erase_batch(session, kind.name, rules[kind.name], now)
            remove_files(settings, files)
            total += count
    with transaction() as session:
        files = erase_stragglers(session, now)
    remove_files(settings, files)
    orphans = 0
    with reading() as session:
        noted = note_erasures(session, settings)
        for found in find_orphans(session, settings):
            remove_files(settings, found)
            orphans += len(found)
    if total or orphans or noted:
        log.info("retention_enforced", erased=total, files_without_rows=orphans, erasures_noted=noted)
    if total or database.is_sqlite:
        wipe_traces(database)


def _is_due(session: Session, now: datetime) -> bool:
    due_at = read_setting(session, DUE_AT)
    return due_at is None or datetime.fromisoformat(due_at) <= now
