"""Counts exact times to a result. The worker does so, in batches that are each read by themselves.

It goes through the rows several times and sorts them into narrower classes each time, until a class is one
millisecond. So memory stays the same, however many rows there are.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import select as select_columns
from sqlalchemy import update
from sqlmodel import Session, col, select

from dashboard.batches import Transaction
from dashboard.db import Read, utc_now
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job
from dashboard.reports.exact_times import Extent
from dashboard.reports.models import ExactTime
from dashboard.rollups.durations import class_of, milliseconds_between, width_of
from dashboard.web.lists.counting import IdRange
from dashboard.web.lists.fields import Scope

SHARES = (0.5, 0.9)
ROWS_AT_ONCE = 2_000
MOST_CLASSES = 4_096
CLAIMED_FOR = timedelta(seconds=30)


class Cancelled(Exception):
    """Somebody chose another report, or another worker took the count over."""


def count_exactly(read: Read, write: Transaction, row_id: UUID) -> None:
    """Counts what the row asks, if no other worker does, and stores the answer unless it was cancelled meanwhile.

    Where rows changed while it counted there is no answer: it is due again once this claim has run out.
    """
    with write() as session:
        claim = _Claim.take(write, session, row_id)
        row = session.get(ExactTime, row_id) if claim else None
    if claim is None or row is None:
        return
    durations = _Durations(read, claim, row.environment, Extent.read(row.question), utc_now())
    try:
        found = exact_quantiles(durations.batches, SHARES)
        if found is not None:
            claim.answer(found, durations.through)
    except Cancelled:
        return


@dataclass(frozen=True)
class Quantiles:
    """How many durations there are, and for each share the one that so many of them do not exceed."""

    count: int
    milliseconds: Sequence[int | None]


@dataclass(frozen=True)
class _Window:
    """The durations among which the one of this rank is."""

    begin: int
    width: int
    rank: int

    @property
    def size(self) -> int:
        """Of each class that it is divided into."""
        return ceil(self.width / MOST_CLASSES)

    def classes_of(self, durations: Sequence[int]) -> Iterator[int]:
        begin, end, size = self.begin, self.begin + self.width, self.size
        return (each - (each - begin) % size for each in durations if begin <= each < end)


def exact_quantiles(batches: Callable[[], Iterator[Sequence[int]]], shares: Sequence[float]) -> Quantiles | None:
    """`batches` gives all durations, in milliseconds, each time it is called. None if they were not the same ones."""
    by_class = Counter[int]()
    for batch in batches():
        by_class.update(map(class_of, batch))
    total = by_class.total()
    if not total:
        return Quantiles(0, [None] * len(shares))
    windows = [_narrowed(by_class, ceil(share * total), width_of) for share in shares]
    while any(window.width > 1 for window in windows):
        counts = [Counter[int]() for _ in windows]
        seen = 0
        for batch in batches():
            seen += len(batch)
            for window, count in zip(windows, counts, strict=True):
                count.update(window.classes_of(batch))
        if seen != total:
            return None
        sizes = [window.size for window in windows]
        windows = [
            _narrowed(count, window.rank, lambda _, size=size: size)  # type: ignore[misc]  # mypy cannot infer it
            for window, count, size in zip(windows, counts, sizes, strict=True)
        ]
    return Quantiles(total, [window.begin for window in windows])


def _narrowed(counts: Mapping[int, int], rank: int, width: Callable[[int], int]) -> _Window:
    """The class that the one of this rank is in."""
    begin = 0
    for begin in sorted(counts):
        if rank <= counts[begin]:
            break
        rank -= counts[begin]
    return _Window(begin, width(begin), rank)


@dataclass
class _Claim:
    """The right to count, which ends at `until` unless it is renewed."""

    write: Transaction
    row_id: UUID
    until: datetime

    @classmethod
    def take(cls, write: Transaction, session: Session, row_id: UUID) -> "_Claim | None":
        now = utc_now()
        claim = cls(write, row_id, now + CLAIMED_FOR)
        mine = update(ExactTime).where(col(ExactTime.id) == row_id, col(ExactTime.due_at) <= now)
        is_taken = session.connection().execute(mine.values(due_at=claim.until)).rowcount
        return claim if is_taken else None

    @property
    def _is_ours(self) -> tuple[Any, ...]:
        return col(ExactTime.id) == self.row_id, ExactTime.due_at == self.until

    def check(self, session: Session) -> None:
        if session.exec(select(ExactTime.id).where(*self._is_ours)).first() is None:
            raise Cancelled

    def renew(self) -> None:
        now = utc_now()
        if self.until - now < CLAIMED_FOR / 2:
            until = now + CLAIMED_FOR
            self._update(due_at=until)
            self.until = until

    def answer(self, found: Quantiles, counted_at: datetime) -> None:
        half, nine_in_ten = found.milliseconds
        times = {"half_ms": half, "nine_in_ten_ms": nine_in_ten}
        self._update(due_at=None, counted_at=counted_at, jobs=found.count, **times)

    def _update(self, **values: Any) -> None:
        with self.write() as session:
            if not session.connection().execute(update(ExactTime).where(*self._is_ours).values(**values)).rowcount:
                raise Cancelled


@dataclass(frozen=True)
class _Durations:
    """Reads how long each job took, of those that had a result by `through`."""

    read: Read
    claim: _Claim
    environment: str
    extent: Extent
    through: datetime

    @cached_property
    def filters(self) -> JobFilter:
        asked: Any = self.extent.filters
        return JobFilter(**asked)

    def batches(self) -> Iterator[Sequence[int]]:
        """Each is read in its own transaction, so that none lasts long."""
        rest, is_more = self.extent.ids, True
        while is_more:
            self.claim.renew()
            with self.read() as session:
                self.claim.check(session)
                scope = Scope(session, self.environment, self.through)
                last = self._last_of_batch(scope, rest)
                batch = rest if last is None else rest.within(IdRange.up_to(last))
                durations = self._durations(scope, batch)
            yield durations
            rest, is_more = (rest, False) if last is None else (rest.within(IdRange.above(last)), True)

    def _last_of_batch(self, scope: Scope, rest: IdRange) -> UUID | None:
        """Of all jobs, so that no batch is long in coming where a filter finds few. None: it is the last batch."""
        conditions = JobFilter(link=self.filters.link).conditions(scope).values()
        ids = select(Job.id).where(*conditions, *rest.conditions(Job.id)).order_by(col(Job.id))
        return scope.session.exec(ids.offset(ROWS_AT_ONCE - 1).limit(1)).first()

    def _durations(self, scope: Scope, batch: IdRange) -> list[int]:
        begin, end = col(Job.submitted_at), col(Job.settled_at)
        conditions = (*self.filters.conditions(scope).values(), *batch.conditions(Job.id))
        rows = select_columns(begin, end).where(*conditions, begin.is_not(None), end <= self.through)
        found: Any = scope.session.connection().execute(rows)
        return [milliseconds_between(submitted, settled) for submitted, settled in found]
