"""The filters of the audit trail's list, and the index-friendly order of its lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

from sqlalchemy import and_, literal, union_all
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.audit.models import AuditEntry
from dashboard.audit.queries import list_actions, list_people
from dashboard.audit.wording import who_in_words
from dashboard.context import current
from dashboard.smile.typed import looks_like_number
from dashboard.web.lists.fields import Choices, Condition, Day, Scope, day, search, suggestion, text
from dashboard.web.lists.filters import Column, ListFilter
from dashboard.web.pages.filters import words

LOOKS = "looks"  # The value of `what` that finds every view of customer data.
#: A line gets its number when written, but the time when its request began. No request takes longer than this.
SKEW = timedelta(hours=1)
#: The largest number that a line can have: the largest integer of the database.
LAST_NUMBER = 2**31 - 1

NO_NUMBERS = (
    "You can search the trail by a customer's reference or an id, but not by an ID number. Find the job by its number,"
    " then search here by the reference."
)


def read_number(typed: str) -> int:
    """Reads a line's number. Raises ValueError if it is not one."""
    number = int(typed.replace(",", ""))
    if not 0 < number <= LAST_NUMBER:
        raise ValueError
    return number


def _people(scope: Scope) -> Choices:
    return {person: who_in_words(person) for person in list_people(scope.session)}


def _groups(scope: Scope) -> Choices:
    """The kinds of actions that the trail contains."""
    nouns = sorted({action.partition(".")[0] for action in list_actions(scope.session)})
    return {value: _what_in_words(value) for value in (LOOKS, *nouns)}


def _what_in_words(value: str) -> str:
    return "Views of customer data" if value == LOOKS else words(value.replace(".", " ")).capitalize()


def _actions(scope: Scope, what: str) -> list[str]:
    """The stored actions that `what` covers: a noun before the dot, a whole action, or LOOKS."""
    stored, looks = list_actions(scope.session), current().audit_words.looks
    if what == LOOKS:
        return [action for action in stored if action in looks]
    return [action for action in stored if what in (action, action.partition(".")[0])]


def _concerns(scope: Scope, subject: str) -> Condition:
    """Lines about a subject, such as "job 0192...", and all that belongs to it."""
    return col(AuditEntry.subject).in_(current().audit_words.subjects_of(scope.session, subject))


def _is_about(scope: Scope, typed: str) -> Condition:
    subjects = current().audit_words.subjects_for(scope.session, scope.environment, typed)
    return col(AuditEntry.subject).in_(subjects)


def _since(scope: Scope, begin: Day) -> Condition:
    """Lines since a day. Their numbers limit what is read; their times decide."""
    at, begins = col(AuditEntry.at), begin.begins
    earlier = select(AuditEntry.sequence).where(at < begins - SKEW).order_by(at.desc()).limit(1)
    return and_(at >= begins, col(AuditEntry.sequence) > (scope.session.exec(earlier).first() or 0))


def _until(scope: Scope, end: Day) -> Condition:
    at, ends = col(AuditEntry.at), end.ends
    later = select(AuditEntry.sequence).where(at >= ends + SKEW).order_by(at).limit(1)
    number = scope.session.exec(later).first()
    return at < ends if number is None else and_(at < ends, col(AuditEntry.sequence) < number)


@dataclass(frozen=True)
class AuditFilter(ListFilter[AuditEntry]):
    purpose = "audit"
    endpoint, json_endpoint = "audit.index", "audit.index_json"
    table, key, place = AuditEntry, "sequence", "before"
    nouns = ("line", "lines")
    refusal = NO_NUMBERS
    columns = (
        Column("when", "When", "xl"),
        Column("told", "Who did what", is_fixed=True),
        Column("details", "Details"),
        Column("from", "From", "m"),
        Column("line", "Line", "s", is_number=True),
    )

    who: str = suggestion(
        "Who", _people, lambda _, value: col(AuditEntry.who) == value, who_in_words, any_value="anybody"
    )
    what: str = suggestion(
        "What",
        _groups,
        lambda scope, value: col(AuditEntry.action).in_(_actions(scope, value)),
        _what_in_words,
        any_value="anything",
    )
    since: str = day("From", _since, "from {}", hint="This day and later", is_edge=True)
    until: str = day("to", _until, "to {}", hint="This day and earlier", is_edge=True)
    q: str = search("A customer's reference, or any id", _is_about, hint="Customer reference or id")
    subject: str = text("Subject", _concerns, "about {}".format, is_in_form=False)

    @classmethod
    def read_place(cls, text: str) -> int:
        return read_number(text)

    def for_address(self, scope: Scope) -> Self:
        """The filter without an ID number. One of our ids that looks like a number stays."""
        if not looks_like_number(self.q):
            return self
        is_known = current().audit_words.subjects_for(scope.session, scope.environment, self.q)
        return self if is_known else replace(self, q="")

    def in_order(
        self,
        scope: Scope,
        conditions: Mapping[str, Condition],
        beyond: Iterable[Condition],
        limit: int,
        *,
        is_backwards: bool = False,
    ) -> SelectOfScalar[AuditEntry]:
        """Lines in order of number. Each action is read separately, since only then does an index give the order."""
        others = [condition for name, condition in conditions.items() if name != "what"]
        by_number = self.by_key(is_backwards=is_backwards)
        numbers: Any = select(AuditEntry.sequence).where(*others, *beyond).order_by(by_number).limit(limit)
        if self.what:
            numbers = _of_each(numbers, _actions(scope, self.what))
        found = select(AuditEntry).where(col(AuditEntry.sequence).in_(select(numbers.subquery().c.sequence)))
        return found.order_by(by_number).limit(limit)


def _of_each(numbers: Any, actions: list[str]) -> Any:
    if not actions:
        return numbers.where(literal(False))
    parts = [numbers.where(col(AuditEntry.action) == action).subquery() for action in actions]
    return union_all(*(select(part.c.sequence) for part in parts))
