"""The warnings of a job: each kind at most once as confirmed by Smile and once as claimed by a callback."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint, bindparam, or_
from sqlmodel import Field, Relationship, Session, SQLModel, col, select

from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import EnumText, UtcDateTime, keyring_of, new_id
from dashboard.jobs.dealt_with import bring_back
from dashboard.jobs.models import Job, ResultSource
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile.warnings import MOST_NAMED, SmileWarning, WarningKind, warnings_in


class JobWarning(SQLModel, table=True):
    __tablename__ = "job_warning"
    __table_args__ = (UniqueConstraint("job_id", "kind", "is_confirmed", name="uq_job_warning_job_id_kind"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    job_id: UUID = Field(foreign_key="job.id")
    kind: WarningKind = Field(sa_type=EnumText(WarningKind))
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # counts, names of lists and checks
    personal_sealed: bytes | None = None  # facts about the customer; None where there are none, or once erased
    is_confirmed: bool  # by an answer to our own request; otherwise a callback's claim
    source: ResultSource = Field(sa_type=EnumText(ResultSource))
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    users: list["NamedUser"] = Relationship(
        sa_relationship_kwargs={"lazy": "selectin", "order_by": "NamedUser.place", "cascade": "all, delete-orphan"}
    )

    @property
    def user_ids(self) -> list[str]:
        return [user.user_id for user in self.users]


class NamedUser(SQLModel, table=True):
    """Another customer named by a warning. It has a row of its own, so that erasing that customer finds it."""

    __tablename__ = "job_warning_user"

    warning_id: UUID = Field(foreign_key="job_warning.id", primary_key=True)
    user_id: str = Field(primary_key=True, index=True)
    place: int  # its place in the order in which they were named


OF_JOBS = select(JobWarning).where(col(JobWarning.job_id).in_(bindparam("ids", expanding=True)))


def personal_associated_data(row_id: UUID) -> str:
    """The identity that the sealed facts of a warning are bound to."""
    return f"job_warning:{row_id}:personal"


def keep_warnings(
    session: Session,
    job: Job,
    payload: Mapping[str, Any],
    source: ResultSource,
    now: datetime,
    *,
    is_confirmed: bool,
    said_at: datetime | None = None,
) -> None:
    """Adds the warnings of an answer. The outcome stays as it is; a new kind brings the job back to people.

    `said_at` is when the answer came, if that was not now.
    """
    said_at = said_at or now
    found = warnings_in(payload, said_at.date())
    if not found:
        return
    stored = session.exec(select(JobWarning).where(JobWarning.job_id == job.id)).all()
    known = {row.kind for row in stored}
    same = {row.kind: row for row in stored if row.is_confirmed == is_confirmed}
    for warning in found:
        row = same.get(warning.kind) or JobWarning(
            environment=job.environment,
            job_id=job.id,
            kind=warning.kind,
            is_confirmed=is_confirmed,
            source=source,
            first_seen_at=said_at,
        )
        _take_over(session, row, warning)
        if warning.kind not in known:
            facts = {"kind": warning.kind.value, "is_confirmed": is_confirmed}
            add_event(session, job, EventKind.WARNING, said_at, facts)
            known.add(warning.kind)
    if job.warning_count != len(known):
        job.warning_count, job.warning_kinds = len(known), in_one_text(known)
        job.changed(now)
        bring_back(session, job, "warning", now)


def in_one_text(kinds: Iterable[str]) -> str:
    """Kinds as `Job.warning_kinds` holds them."""
    return " ".join(sorted(kinds))


def _take_over(session: Session, row: JobWarning, warning: SmileWarning) -> None:
    """Takes the newest facts; users that were named before stay named."""
    facts = dict(warning.facts)
    known = row.user_ids
    new = [user for user in facts.pop("user_ids", ()) if user not in known]
    for place, user in enumerate(new[: MOST_NAMED - len(known)], len(known)):
        row.users.append(NamedUser(warning_id=row.id, user_id=user, place=place))
    if row.users:
        facts["count"] = max(len(row.users), facts.get("count", 0))
    row.facts = facts
    if warning.personal:
        row.personal_sealed = keyring_of(session).seal_json(dict(warning.personal), personal_associated_data(row.id))
    session.add(row)


def warnings_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[JobWarning]]:
    """The warnings of these jobs, the most serious first; a confirmed one replaces the claim of the same kind."""
    if not ids:
        return {}
    rows = session.exec(OF_JOBS, params={"ids": ids}).all()
    by_kind: dict[UUID, dict[WarningKind, JobWarning]] = {}
    for row in sorted(rows, key=lambda row: row.is_confirmed):
        by_kind.setdefault(row.job_id, {})[row.kind] = row
    return {job_id: [kinds[kind] for kind in WarningKind if kind in kinds] for job_id, kinds in by_kind.items()}


def personal_facts(session: Session, row: JobWarning) -> dict[str, Any]:
    """The sealed facts, to be shown; a note in their place where they cannot be opened."""
    if row.personal_sealed is None:
        return {}
    facts: dict[str, Any] | None = keyring_of(session).open_json_or_none(
        row.personal_sealed, personal_associated_data(row.id)
    )
    return {"details": CANNOT_BE_OPENED} if facts is None else facts


def erase_personal_facts(session: Session, job_ids: Collection[UUID]) -> None:
    """Erases what describes the customers. The kinds and the other customers named stay."""
    for row in session.exec(select(JobWarning).where(col(JobWarning.job_id).in_(job_ids))).all():
        row.personal_sealed = None


def erase_warnings(session: Session, jobs: Sequence[Job]) -> None:
    """Erases the warnings of erased jobs, except their kinds and counts.

    Other jobs' warnings no longer name their customers either, unless such a customer has another job that is not
    erased.
    """
    own = _warnings_of(session, jobs)
    for row in own:
        row.personal_sealed = None
        row.facts = {name: value for name, value in row.facts.items() if name == "count"}
    for user in _lock_users(session, jobs, own):
        session.delete(user)
    session.flush()
    for row in own:
        session.expire(row, ["users"])


def lock_users_of_warnings(session: Session, jobs: Sequence[Job]) -> None:
    """Locks what `erase_warnings` deletes, where the trail is written before that (lock_order.py)."""
    _lock_users(session, jobs, _warnings_of(session, jobs))


def _warnings_of(session: Session, jobs: Sequence[Job]) -> Sequence[JobWarning]:
    return session.exec(select(JobWarning).where(col(JobWarning.job_id).in_([job.id for job in jobs]))).all()


def _lock_users(session: Session, jobs: Sequence[Job], own: Sequence[JobWarning]) -> Sequence[NamedUser]:
    """Two jobs whose warnings name each other may be erased at the same time, so rows are locked in one order."""
    is_own = col(NamedUser.warning_id).in_([row.id for row in own])
    goes = or_(is_own, col(NamedUser.user_id).in_(_without_other_jobs(session, jobs)))
    in_order = select(NamedUser).where(goes).order_by(col(NamedUser.warning_id), col(NamedUser.user_id))
    return session.exec(in_order.with_for_update()).all()


def _without_other_jobs(session: Session, jobs: Sequence[Job]) -> set[str]:
    """The user ids of these jobs that no other job of their environment has, unless that one is erased too."""
    names = {(job.environment, job.user_id) for job in jobs}
    others = select(Job.environment, Job.user_id).where(
        col(Job.environment).in_({environment for environment, _ in names}),
        col(Job.user_id).in_({user_id for _, user_id in names}),
        col(Job.id).not_in([job.id for job in jobs]),
        col(Job.erased_at).is_(None),
    )
    return {user_id for _, user_id in names.difference(session.exec(others.distinct()).all())}
