"""The answers of the box that finds everything, while somebody types."""

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, func, select

from dashboard.callbacks.models import Callback
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.name_search.models import NamePart
from dashboard.jobs.submitting.submission import person_of
from dashboard.links.models import Link
from tests.benchmarks.report import Figure

MOST_FIND_MS = 100.0


def find_figure(engine: str, find: Callable[[Sequence[str]], dict[str, float]], database: Database) -> Figure:
    taken = find(_texts_to_find(database))
    slowest = sorted(taken, key=lambda text: -taken[text])[:4]
    details = "; ".join(f"{taken[text]:.0f} ms for {text}" for text in slowest)
    return Figure(f"find on {engine}", max(taken.values()), "ms", MOST_FIND_MS, is_at_least=False, details=details)


def _texts_to_find(database: Database) -> list[str]:
    """Ids and their beginnings, numbers, the names that most customers share, words, and what is not there."""
    with database.reading() as session:
        job = session.exec(select(Job).order_by(col(Job.id)).offset(1000).limit(1)).one()
        callback = session.exec(select(Callback.id).limit(1)).one()
        link = session.exec(select(Link.customer_reference).where(Link.customer_reference != "").limit(1)).one()
        names = common_names(session)
    parts = [part for name in names for part in name.split()]
    ids = [job.user_id, job.user_id[:3], job.job_id, "job-", "01", str(job.id), str(callback), str(callback)[:8], link]
    return [*ids, *names, *parts, f"{parts[0]} {parts[-1]}", "00000000000", "0801 234 5678", "0812", "no such text",
            "rejected document kenya yesterday", "zz"]  # fmt: skip


def common_names(session: Session) -> list[str]:
    """The whole names of some customers who share a part of it with most others."""
    digest = col(NamePart.digest)
    common = session.exec(select(digest).group_by(digest).order_by(func.count().desc()).limit(3)).all()
    ids = [session.exec(select(NamePart.job_id).where(digest == each).limit(1)).one() for each in common]
    people = [person_of(session, session.get_one(Job, job_id)) for job_id in ids]
    return [f"{person['first_name']} {person['last_name']}" for person in people]
