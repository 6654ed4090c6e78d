"""What the list of the trail shows, as it stands in the address, and the same as conditions for the database."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.wording import Vocabulary
from dashboard.web.searches import SearchFilter

LOOKS = "looks"  # The value of `what` that finds every look at a customer.
#: A line is numbered when it is written and dated when its request began; no request takes longer.
SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class AuditFilter(SearchFilter):
    purpose = "audit"

    who: str = ""
    what: str = ""  # the noun before an action's dot, a whole action, or LOOKS
    subject: str = ""  # "job 0192...": with all that belongs to it
    since: str = ""  # a day of UTC, itself included
    until: str = ""  # a day of UTC, itself included

    def actions(self, known: Vocabulary, stored: list[str]) -> list[str] | None:
        """Which actions it asks for; None for any. `stored`: the actions that there are lines of."""
        if not self.what:
            return None
        if self.what == LOOKS:
            return [action for action in stored if action in known.looks]
        return [action for action in stored if self.what in (action, action.partition(".")[0])]

    def conditions(self, session: Session, environment: str, known: Vocabulary) -> list[ColumnElement[bool]]:
        """All but `what`. Nonsense in the address finds nothing, rather than everything."""
        found: list[ColumnElement[bool]] = []
        if self.who:
            found.append(col(AuditEntry.who) == self.who)
        if self.subject:
            found.append(col(AuditEntry.subject).in_(known.subjects_of(session, self.subject)))
        if self.is_unreadable:
            found.append(false())
        if self.q:
            found.append(col(AuditEntry.subject).in_(known.subjects_for(session, environment, self.q)))
        try:
            found += _days(session, self.since, self.until)
        except (ValueError, OverflowError):
            found.append(false())
        return found


def _days(session: Session, since: str, until: str) -> list[ColumnElement[bool]]:
    """Numbers bound what is read; the moments themselves decide."""
    found: list[Any] = []
    at = col(AuditEntry.at)
    if since:
        begins = datetime.combine(date.fromisoformat(since), time(), UTC)
        earlier = select(AuditEntry.sequence).where(at < begins - SKEW).order_by(at.desc()).limit(1)
        found += [at >= begins, col(AuditEntry.sequence) > (session.exec(earlier).first() or 0)]
    if until:
        ends = datetime.combine(date.fromisoformat(until), time(), UTC) + timedelta(days=1)
        later = session.exec(select(AuditEntry.sequence).where(at >= ends + SKEW).order_by(at).limit(1)).first()
        found.append(at < ends)
        if later is not None:
            found.append(col(AuditEntry.sequence) < later)
    return found
