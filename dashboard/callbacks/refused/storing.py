"""Writes a batch of refused deliveries: finds their jobs, limits the table, and adds to the jobs' timelines."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, text, update
from sqlmodel import Session, col, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.db import first_id_of, keyring_of, new_id
from dashboard.jobs.erasing import erased_job_ids
from dashboard.jobs.models import Job, JobEvent
from dashboard.jobs.submitting.callback_keys import digest_of_key
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.web.pages.answers import json_time

MOST_OF_NETWORK = 20  # rows in an hour; further deliveries are counted on the last of them
PERIOD = timedelta(hours=1)
MOST_KEPT = 1000
LONGEST_ADDRESS = 100
#: Our number for a PostgreSQL advisory lock.
LOCK = 0x5EF05ED


@dataclass
class Refused:
    """One refused delivery, or `count` of them from one network."""

    received_at: datetime
    source_address: str
    reason: RefusalReason
    status: int
    size: int
    job_key: str | None
    source_network: str = ""
    claimed_job_id: str = ""
    count: int = 1
    id: UUID = field(default_factory=new_id)  # made on arrival, so that rows are in the order of arrival


def store_refused(
    session: Session, environment: str, refused: Sequence[Refused], counted: Sequence[Refused] = ()
) -> None:
    """Adds a row for each of `refused` until its network has too many. `counted` only increase the last row's count."""
    if session.get_bind().dialect.name == "postgresql":
        # One process at a time, so that the limits hold. SQLite has one writer anyway.
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    jobs = _find_jobs(session, environment, refused)
    of_network = _rows_of_networks(session, environment, [*refused, *counted])
    rows: list[RefusedDelivery] = []
    for one in refused:
        count, last = of_network.get(one.source_network, (0, None))
        if count >= MOST_OF_NETWORK and last:
            _add_to(session, last, one)
            continue
        row = _row(environment, one, jobs.get(_key_of(one)) or jobs.get(_name_of(one)))
        session.add(row)
        rows.append(row)
        of_network[one.source_network] = count + 1, row.id
    session.flush()
    for one in counted:
        _, last = of_network.get(one.source_network, (0, None))
        if last:
            _add_to(session, last, one)
        else:  # Rows of other senders have replaced its rows.
            session.add(_row(environment, one, None))
    session.flush()
    _forget_oldest(session, environment)
    _tell_jobs(session, rows)


def _row(environment: str, refused: Refused, job: Job | None) -> RefusedDelivery:
    # An erased job has another name here. A delivery for it must not bring the person's data back.
    claimed = job.job_id if job and job.erased_at else refused.claimed_job_id
    return RefusedDelivery(
        id=refused.id,
        environment=environment,
        received_at=refused.received_at,
        last_at=refused.received_at,
        source_address=refused.source_address.replace("\0", "")[:LONGEST_ADDRESS],
        source_network=refused.source_network.replace("\0", "")[:LONGEST_ADDRESS],
        reason=refused.reason,
        status=refused.status,
        size=refused.size,
        job_id=job.id if job else None,
        claimed_job_id=claimed,
        count=refused.count,
    )


ADD = (
    update(RefusedDelivery)
    .where(col(RefusedDelivery.id) == bindparam("row_id"))
    .values(count=col(RefusedDelivery.count) + bindparam("more"), last_at=bindparam("at"))
)


def _add_to(session: Session, row_id: UUID, refused: Refused) -> None:
    session.flush()
    values = {"row_id": row_id, "more": refused.count, "at": refused.received_at}
    session.connection().execute(ADD, values)


def _key_of(refused: Refused) -> str:
    """The key of its job by address, which counts for more than the job id in the body."""
    return f"key {digest_of_key(refused.job_key)}" if refused.job_key else ""


def _name_of(refused: Refused) -> str:
    return f"name {refused.claimed_job_id}"


def _find_jobs(session: Session, environment: str, refused: Sequence[Refused]) -> dict[str, Job]:
    digests = {digest_of_key(one.job_key) for one in refused if one.job_key}
    keyring = keyring_of(session)
    names = {name: name for one in refused if (name := one.claimed_job_id)}
    names |= {erased: name for name in list(names) for erased in erased_job_ids(keyring, name)}
    found: dict[str, Job] = {}
    if digests:
        by_key = select(Job).where(col(Job.callback_key_digest).in_(digests))
        found |= {f"key {job.callback_key_digest}": job for job in session.exec(by_key).all()}
    if names:
        by_name = select(Job).where(Job.environment == environment, col(Job.job_id).in_(names))
        found |= {f"name {names[job.job_id]}": job for job in session.exec(by_name).all()}
    return {key: job for key, job in found.items() if job.environment == environment}


def _rows_of_networks(
    session: Session, environment: str, refused: Sequence[Refused]
) -> dict[str, tuple[int, UUID | None]]:
    """How many rows each network got within the last hour, and the last of them."""
    networks = {one.source_network for one in refused}
    begin = first_id_of(max(one.received_at for one in refused) - PERIOD)
    rows = session.exec(
        select(RefusedDelivery.source_network, RefusedDelivery.id).where(
            RefusedDelivery.environment == environment,
            col(RefusedDelivery.source_network).in_(networks),
            col(RefusedDelivery.id) >= begin,
        )
    ).all()
    known: dict[str, tuple[int, UUID | None]] = {}
    for network, row_id in sorted(rows, key=lambda row: row[1]):
        known[network] = known.get(network, (0, None))[0] + 1, row_id
    return known


def _forget_oldest(session: Session, environment: str) -> None:
    """Keeps senders of nonsense from filling the disk."""
    of_environment = col(RefusedDelivery.environment) == environment
    newest = select(RefusedDelivery.id).where(of_environment).order_by(col(RefusedDelivery.id).desc())
    last = session.exec(newest.offset(MOST_KEPT).limit(1)).first()
    if last:
        session.exec(delete(RefusedDelivery).where(of_environment, col(RefusedDelivery.id) <= last))


def _tell_jobs(session: Session, rows: Iterable[RefusedDelivery]) -> None:
    """Updates the one line on each job's timeline that says how many were refused, and why."""
    by_job: dict[UUID, list[RefusedDelivery]] = {}
    for row in rows:
        if row.job_id:
            by_job.setdefault(row.job_id, []).append(row)
    if not by_job:
        return
    # Locked in order of id, since the worker may be saving one of them.
    locked = select(Job).where(col(Job.id).in_(by_job)).order_by(col(Job.id)).with_for_update()
    jobs = session.exec(locked.execution_options(populate_existing=True)).all()
    recorded = select(JobEvent).where(col(JobEvent.job_id).in_(by_job), JobEvent.kind == EventKind.REFUSED_DELIVERY)
    events = {event.job_id: event for event in session.exec(recorded).all()}
    for job in jobs:
        if job.erased_at:
            continue
        of_job = by_job[job.id]
        event = events.get(job.id)
        before = Counter(event.facts.get("reasons", {})) if event else Counter[str]()
        reasons = before + Counter({row.reason.value: 0 for row in of_job})
        for row in of_job:
            reasons[row.reason.value] += row.count
        last_at = max(row.received_at for row in of_job)
        facts = {"reasons": dict(reasons), "last_at": json_time(last_at)}
        if event:
            event.text, event.facts = "", facts
        else:
            add_event(session, job, EventKind.REFUSED_DELIVERY, of_job[0].received_at, facts)
        job.changed(last_at)
