"""Asks for the exact times within which half and nine in ten of a report's jobs had a result, and finds the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_login import current_user
from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from dashboard.db import insert_into, new_id
from dashboard.reports.choices import ReportChoices
from dashboard.reports.models import ExactTime
from dashboard.rollups.periods import first_id_at
from dashboard.web.lists.counting import IdRange

#: An older answer is counted again if it is about another number of jobs.
FRESH_FOR = timedelta(minutes=5)
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Extent:
    """The jobs that a question is about: a period in seconds since 1970, and filters of their list."""

    begin: int
    end: int
    filters: Mapping[str, str]

    @classmethod
    def of(cls, choices: ReportChoices) -> "Extent":
        in_one_line = {name: " ".join(value.split()) for name, value in sorted(choices.filters.items())}
        return cls(*choices.period.seconds, in_one_line)

    @classmethod
    def read(cls, question: str) -> "Extent":
        period, *filters = question.split("\n")
        begin, end = map(int, period.split("-"))
        return cls(begin, end, dict(each.split("=", 1) for each in filters))

    @property
    def question(self) -> str:
        return "\n".join((f"{self.begin}-{self.end}", *(f"{name}={value}" for name, value in self.filters.items())))

    @property
    def ids(self) -> IdRange:
        return IdRange(first_id_at(self.begin), first_id_at(self.end))


def find_exact(session: Session, environment: str, extent: Extent) -> ExactTime | None:
    return session.exec(select(ExactTime).where(*_is_about(environment, extent))).first()


def ask(session: Session, environment: str, extent: Extent, jobs: int, now: datetime) -> ExactTime:
    """Asks for a count, unless a fresh one or one of as many jobs is there, and cancels what this member asked before.

    An answer of before stays until the new one is there.
    """
    _cancel_others(session, extent)
    row = insert_into(session, ExactTime).values(
        id=new_id(),
        environment=environment,
        question=extent.question,
        asked_by=current_user.id,
        asked_at=now,
        due_at=now,
    )
    session.connection().execute(row.on_conflict_do_nothing())
    is_old = (col(ExactTime.due_at).is_(None), or_(_never_counted(), col(ExactTime.counted_at) < now - FRESH_FOR))
    again = update(ExactTime).where(*_is_about(environment, extent), *is_old)
    again = again.where(or_(_never_counted(), col(ExactTime.jobs) != jobs))
    session.connection().execute(again.values(due_at=now, asked_at=now, asked_by=current_user.id))
    found = find_exact(session, environment, extent)
    assert found
    return found


def _cancel_others(session: Session, extent: Extent) -> None:
    mine = (col(ExactTime.asked_by) == current_user.id, col(ExactTime.due_at).is_not(None))
    others = (*mine, col(ExactTime.question) != extent.question)
    session.connection().execute(delete(ExactTime).where(*others, _never_counted()))
    session.connection().execute(update(ExactTime).where(*others).values(due_at=None))


def _never_counted() -> Any:
    return col(ExactTime.counted_at).is_(None)


def _is_about(environment: str, extent: Extent) -> tuple[Any, ...]:
    return ExactTime.environment == environment, ExactTime.question == extent.question


def exact_times_due(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """What the sweep wakes: asked for, and not being counted by a living worker."""
    due = select(ExactTime.id).where(ExactTime.environment == environment, col(ExactTime.due_at) <= now)
    return session.exec(due.order_by(col(ExactTime.due_at)).limit(limit)).all()


def forget_old(session: Session, now: datetime) -> None:
    session.connection().execute(delete(ExactTime).where(col(ExactTime.asked_at) < now - KEPT_FOR))
