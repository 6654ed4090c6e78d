"""Fills the index of names from older jobs, and empties it once it is switched off, a few rows per transaction.

Jobs are indexed when they are made. The position for older ones belongs to one switching on: after the next one it
begins again.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import tuple_
from sqlmodel import Session, col, delete, select

from dashboard.crypto import UnreadableValue
from dashboard.db import first_id_of, keyring_of, utc_now
from dashboard.health_checks import CheckContext, Finding, ok, unknown, unset, warn
from dashboard.jobs.models import HOLDS_PERSON, Job, job_associated_data
from dashboard.jobs.name_search.models import KEY_ID, NamePart, NameSearchKey
from dashboard.jobs.name_search.parts import key_for_writing, parts_of_person, read_key, write_parts
from dashboard.jobs.name_search.switch import NameSearch, read_switch, turn_switch
from dashboard.stored_settings import read_setting, write_setting

FILLED_TO = "name_search_filled_to"
FIRST, ALL = UUID(int=0), UUID(int=2**128 - 1)
#: A transaction that began before the index was switched on has ended by then, with a job that is not in it.
AFTER = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def tend_index(session: Session, limit: int, now: datetime) -> bool:
    """Fills or empties the index by at most so many rows; False if nothing is left to do for now."""
    switch = read_switch(session)
    if not switch.since:  # Nobody has ever touched the switch.
        turn_switch(session, is_on=switch.is_on, now=now)
        return False
    return _fill(session, switch, limit, now) if switch.is_on else _empty(session, limit)


def filled_to(session: Session, switch: NameSearch) -> UUID:
    """The last older job that is indexed."""
    position = read_setting(session, FILLED_TO) or {}
    return UUID(position["job"]) if position.get("since") == switch.since else FIRST


def _fill(session: Session, switch: NameSearch, limit: int, now: datetime) -> bool:
    last, ends = filled_to(session, switch), datetime.fromisoformat(switch.since) + AFTER
    if last == ALL or now < ends:
        return False
    older = select(Job).where(col(Job.id) > last, col(Job.id) < first_id_of(ends), col(Job.person_sealed).is_not(None))
    # The jobs are locked, so that none of them is erased meanwhile.
    jobs = session.exec(older.order_by(col(Job.id)).limit(limit).with_for_update()).all()
    try:
        key = key_for_writing(session, now) if jobs else b""
    except UnreadableValue:  # The health page says what to do.
        return False
    for job in jobs:
        try:
            person = keyring_of(session).open_json(job.person_sealed or b"", job_associated_data(job.id, "person"))
        except (UnreadableValue, ValueError):
            log.warning("names_unreadable", job=str(job.id))
            continue
        if parts := parts_of_person(person):
            write_parts(session, key, job, parts)
    is_over = len(jobs) < limit
    place = ALL if is_over else jobs[-1].id
    write_setting(session, FILLED_TO, {"since": switch.since, "job": str(place)}, now)
    return not is_over


def _empty(session: Session, limit: int) -> bool:
    key = (col(NamePart.environment), col(NamePart.digest), col(NamePart.job_id))
    some = select(*key).limit(limit).with_for_update(skip_locked=True)
    removed: int = session.exec(delete(NamePart).where(tuple_(*key).in_(some))).rowcount
    if not removed:
        session.exec(delete(NameSearchKey).where(col(NameSearchKey.id) == KEY_ID))
    return removed > 0


def _is_unfilled(session: Session, switch: NameSearch) -> bool:
    ends = datetime.fromisoformat(switch.since) + AFTER if switch.since else utc_now()
    older = select(Job.id).where(HOLDS_PERSON, col(Job.id) > filled_to(session, switch))
    return session.exec(older.where(col(Job.id) < first_id_of(ends)).limit(1)).first() is not None


def check_name_search(context: CheckContext) -> Finding:
    session = context.session
    switch = read_switch(session)
    if not switch.is_on:
        return unset("Nobody is found by name: an owner switched that off.")
    try:
        read_key(session)
    except UnreadableValue:
        said = "Nobody is found by name: the search key cannot be opened."
        return warn(said, "Switch search by name off in Settings, and on again once the worker has emptied it.")
    if _is_unfilled(session, switch):
        return unknown("Some older jobs are not found by name yet.", "The worker indexes them. Let it run.")
    return ok("People are found by their names.")
