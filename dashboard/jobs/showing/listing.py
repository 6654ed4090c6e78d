"""What a row of the list says about a job: the customer, the initials, and why it was not approved."""

import json
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import Session

from dashboard.db import keyring_of
from dashboard.jobs.models import ENDED_STATES, Job, Outcome, job_associated_data
from dashboard.jobs.showing.wording import verdict_sentence

#: Outcomes that need an explanation.
QUESTIONABLE = frozenset({Outcome.REJECTED, Outcome.ERROR, Outcome.UNKNOWN})


class CustomerLabel(Protocol):
    customer_reference: str
    user_id: Any


def customer_label(row: CustomerLabel) -> str:
    """A short name for a column or title. The user id is often a generated one, whose end says the most."""
    return row.customer_reference or f"no reference \u00b7\u00b7\u00b7\u00b7{(row.user_id or '')[-4:]}"


def reason_in_list(job: Job) -> str:
    """Why the job was not approved; empty where there is nothing to explain."""
    return verdict_sentence(job) if job.outcome in QUESTIONABLE or job.state in ENDED_STATES else ""


def initials_of(session: Session, jobs: Sequence[Job]) -> dict[UUID, str]:
    """The customers' initials, such as "A. B.", by job id. The names stay sealed: they are opened for this page only.

    A name that was erased or cannot be opened has none.
    """
    keyring = keyring_of(session)
    found = {}
    for job in jobs:
        opened = (
            keyring.open_or_none(job.person_sealed, job_associated_data(job.id, "person"))
            if job.person_sealed
            else None
        )
        if opened is not None and (initials := _initials(json.loads(opened))):
            found[job.id] = initials
    return found


def _initials(person: dict[str, Any]) -> str:
    names = (str(person.get(name) or "") for name in ("first_name", "last_name"))
    letters = (next(filter(str.isalpha, name), "") for name in names)
    return " ".join(f"{letter.upper()}." for letter in letters if letter)
