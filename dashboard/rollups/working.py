"""Works off what is to be folded, counted and deleted, in steps between which others get their turn to write."""

from collections.abc import Callable, Iterator

from sqlmodel import Session

from dashboard.batches import Batches, Transaction
from dashboard.db import utc_now
from dashboard.rollups.counted import CountedTable
from dashboard.rollups.folding import (
    ROWS_AT_ONCE,
    Folded,
    begin_count,
    ensure_count,
    fold_step,
    forget_step,
    generations_of,
    is_anything_to_fold,
    is_anything_to_forget,
    take_lock,
)
from dashboard.stored_settings import company_time_zone


def keep_counted(read: Transaction, write: Transaction, counted: CountedTable) -> None:
    """Folds what is open, and begins a count where one is missing. Writes nothing where there is nothing to do."""
    with read() as session:
        zone = company_time_zone(session)
        newest = next(iter(generations_of(session, counted)), None)
        has_count = newest is not None and newest.zone == zone
        is_idle = has_count and not is_anything_to_fold(session, counted, utc_now())
    if not has_count:
        with write() as session:
            ensure_count(session, counted, zone, utc_now())
    if not is_idle:
        for _ in _steps(write, lambda session: fold_step(session, counted, utc_now())):
            pass
    with read() as session:
        is_tidy = not is_anything_to_forget(session, counted, utc_now())
    if not is_tidy:
        for _ in _steps(write, lambda session: Folded(forget_step(session, counted, utc_now()))):
            pass


def recount(
    read: Transaction, write: Transaction, counted: CountedTable, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[int]:
    """Counts the table again, or continues a count that is not complete. Yields how many rows each step counted."""
    with write() as session:
        take_lock(session)
        newest = next(iter(generations_of(session, counted)), None)
        zone = company_time_zone(session)
        if newest is None or newest.is_complete or newest.zone != zone:
            begin_count(session, counted, zone, utc_now())
    for folded in _steps(write, lambda session: fold_step(session, counted, utc_now(), rows_at_once)):
        yield folded.rows
    keep_counted(read, write, counted)


def _steps(write: Transaction, step: Callable[[Session], Folded]) -> Iterator[Folded]:
    batches, is_more = Batches(write), True
    while is_more:
        with batches.next() as session:
            done = step(session)
        yield done
        is_more = done.is_more
