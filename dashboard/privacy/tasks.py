"""The worker's tasks for privacy: applies retention rules, completes erasures, tries sealed values."""

from datetime import datetime, timedelta

import structlog

from dashboard.batches import Batches
from dashboard.context import current, reading, transaction
from dashboard.privacy.erasing import erase_stragglers, latest_erasures
from dashboard.privacy.files import find_orphans, remove_files
from dashboard.privacy.journal import note_erasures
from dashboard.privacy.retention import KINDS, erase_batch, read_rules
from dashboard.privacy.traces import wipe_traces
from dashboard.privacy.unreadable import look_on
from dashboard.worker.periodic import Periodic

log = structlog.get_logger(__name__)


def enforce_retention(now: datetime) -> None:
    """Erases in batches, each with its own commit. If it is killed, the next run continues."""
    database = current().database
    settings = current().settings
    with reading() as session:
        rules = read_rules(session)
        erasures = latest_erasures(session, now)
    total = 0
    for kind in KINDS:
        batches, count = Batches(transaction), 1
        while count:
            with batches.next() as session:
                count, files = erase_batch(session, kind.name, rules[kind.name], now, batches.size)
            remove_files(settings, files)
            total += count
    batches = Batches(transaction)
    for erasure_id in erasures:
        with batches.next() as session:
            files = erase_stragglers(session, erasure_id, now)
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


def look_for_unreadable(now: datetime) -> None:
    parts = current()
    look = look_on(parts.database, parts.settings, parts.features.sealed_columns, now)
    if any(look.counts.values()):
        log.error("values_cannot_be_opened", count=sum(look.counts.values()))


PERIODIC = (
    Periodic("privacy.enforce_retention", timedelta(hours=1), enforce_retention),
    Periodic("privacy.look_for_unreadable", timedelta(hours=1), look_for_unreadable),
)
