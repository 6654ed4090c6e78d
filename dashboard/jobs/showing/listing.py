"""What a row of the list says about a job: the customer, the initials, and why it was not approved."""

import json
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from markupsafe import Markup, escape
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.models import ENDED_STATES, Job, Outcome, job_associated_data
from dashboard.jobs.showing.wording import verdict_sentence
from dashboard.jobs.warnings import warnings_of
from dashboard.web.lists.drawn_rows import Drawn, drawn_rows, macro_of

#: Outcomes that need an explanation.
QUESTIONABLE = frozenset({Outcome.REJECTED, Outcome.ATTENTION, Outcome.ERROR, Outcome.UNKNOWN})


ROW = "jobs/_row.html"
SEALED_PERSONS = select(Job.id, Job.person_sealed).where(
    col(Job.id).in_(bindparam("ids", expanding=True)), col(Job.person_sealed).is_not(None)
)


class CustomerLabel(Protocol):
    customer_reference: str
    user_id: Any


def customer_label(row: CustomerLabel) -> str:
    """A short name for a column or title. The user id is often a generated one, whose end says the most."""
    return row.customer_reference or f"no reference \u00b7\u00b7\u00b7\u00b7{(row.user_id or '')[-4:]}"


def reason_in_list(job: Job) -> str:
    """Why the job was not approved; empty where there is nothing to explain."""
    needs_reason = job.outcome in QUESTIONABLE or job.state in ENDED_STATES or job.may_have_arrived
    return verdict_sentence(job) if needs_reason else ""


def job_rows(session: Session, rows: Sequence[Any], shows: Sequence[str]) -> Drawn:
    """The rows of the list, each of which is given as its key and marks."""

    def draw(ids: Sequence[UUID]) -> dict[UUID, Markup]:
        draw_row, warnings = macro_of(ROW, "row"), warnings_of(session, ids)
        jobs = session.exec(select(Job).where(col(Job.id).in_(ids))).all()
        return {job.id: draw_row(job, shows, warnings.get(job.id, ())) for job in jobs}

    drawn = drawn_rows(ROW, rows, shows, draw)
    initials = initials_of(session, [row[0] for row in rows]) if "name" in shows else {}
    filled = (str(escape(initials.get(row[0], ""))).join(parts) for row, parts in zip(rows, drawn, strict=True))
    return Drawn(list(filled))


def initials_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The customers' initials, such as "A. B.", by job id. The names stay sealed: they are opened for this page only.

    A name that was erased or cannot be opened has none.
    """
    keyring = keyring_of(session)
    found = {}
    for job_id, sealed in session.connection().execute(SEALED_PERSONS, {"ids": ids}):
        opened = keyring.open_or_none(sealed, job_associated_data(job_id, "person"))
        if opened is not None and (initials := _initials(json.loads(opened))):
            found[job_id] = initials
    return found


def _initials(person: dict[str, Any]) -> str:
    names = (str(person.get(name) or "") for name in ("first_name", "last_name"))
    return " ".join(f"{letter.upper()}." for name in names if (letter := next(filter(str.isalpha, name), "")))
