"""Counts the jobs of one link from their rows, of which there are never many: uses of a link are limited."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case
from sqlalchemy import select as select_columns
from sqlmodel import col

from dashboard.jobs.models import Job, Outcome
from dashboard.links.creation import MOST_USES
from dashboard.rollups.counted import CountedTable
from dashboard.rollups.periods import QUARTER_SECONDS, second_of
from dashboard.web.lists.counting import Question
from dashboard.web.lists.fields import Scope

#: A job may be run again, so there may be a few more than uses.
MOST_ROWS = 2 * MOST_USES
#: How far a customer got who started from a link.
STAGE = "stage"
STARTED, SUBMITTED, RESULT, APPROVED = "started", "submitted", "result", "approved"
_STAGE_OF_JOB = case(
    (col(Job.outcome) == Outcome.APPROVED, APPROVED),
    (col(Job.outcome).is_not(None), RESULT),
    (col(Job.submitted_at).is_not(None), SUBMITTED),
    else_=STARTED,
)

Values = tuple[str, ...]


class JobsOfLink:
    """Answers what a report asks, as the `RowCounter` of all jobs does from sums."""

    def __init__(self, counted: CountedTable, link_id: UUID) -> None:
        self._counted = counted
        self._link_id = link_id

    def count_by(
        self, scope: Scope, question: Question, dimensions: Iterable[str], *, in_full: bool = False
    ) -> Mapping[Values, int] | None:
        found = self._rows(scope, question, tuple(dimensions))
        return None if found is None else Counter(values for _, values in found)

    def count_over_time(
        self, scope: Scope, question: Question, dimensions: Iterable[str], grains: Sequence[Any]
    ) -> Mapping[tuple[int, Values], int] | None:
        found = self._rows(scope, question, tuple(dimensions))
        if found is None:
            return None
        return Counter((second_of(row_id) // QUARTER_SECONDS * QUARTER_SECONDS, values) for row_id, values in found)

    def _rows(self, scope: Scope, question: Question, by: Values) -> list[tuple[UUID, Values]] | None:
        """None if there are too many."""
        values = [self._value(name).label(name) for name in by]
        found = select_columns(col(Job.id), *values).where(*self._conditions(scope, question))
        rows = scope.session.connection().execute(found.limit(MOST_ROWS + 1)).all()
        return None if len(rows) > MOST_ROWS else [(row[0], tuple(value or "" for value in row[1:])) for row in rows]

    def _value(self, dimension: str) -> ColumnElement[str]:
        return _STAGE_OF_JOB if dimension == STAGE else self._counted.value(dimension)

    def _conditions(self, scope: Scope, question: Question) -> list[ColumnElement[bool]]:
        wanted = [self._value(name).in_(sorted(values)) for name, values in question.wanted.items()]
        here = (col(Job.link_id) == self._link_id, col(Job.environment) == scope.environment)
        return [*here, *question.ids.conditions(Job.id), *wanted]
