"""Adds folded ids and digests of cleaned numbers to callbacks of earlier versions, from the oldest to the newest.

The position is a stored setting, so that the receiver has no column to fill. New callbacks have both from the start,
so the work ends with the newest.
"""

from uuid import UUID

import structlog
from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.queries import body_of
from dashboard.callbacks.receiving.parsing import Malformed, parse, read_facts, with_folded_ids
from dashboard.callbacks.text_index import index_next
from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of, utc_now
from dashboard.health_checks import CheckContext, Finding
from dashboard.jobs.search_index import search_index_finding
from dashboard.stored_settings import read_setting, write_setting
from dashboard.web.lists.pagination import COUNT_CAP

FILLED_UP_TO = "callbacks_searched_up_to"
#: Bodies may be megabytes each.
MOST_AT_ONCE = 20
FIRST, ALL = UUID(int=0), UUID(int=2**128 - 1)

log = structlog.get_logger(__name__)


def fill_callbacks(session: Session, limit: int) -> int:
    most, begin = min(limit, MOST_AT_ONCE), filled_up_to(session)
    if begin == ALL:
        return 0
    rows = select(Callback).where(col(Callback.id) > begin).order_by(col(Callback.id)).limit(most)
    callbacks = session.exec(rows.with_for_update()).all()
    for callback in callbacks:
        if callback.erased_at is None:
            _fill(session, callback)
    is_over = len(callbacks) < most
    write_setting(session, FILLED_UP_TO, str(ALL if is_over else callbacks[-1].id), utc_now())
    return 0 if is_over else limit


def filled_up_to(session: Session) -> UUID:
    return UUID(read_setting(session, FILLED_UP_TO) or str(FIRST))


def _fill(session: Session, callback: Callback) -> None:
    try:
        facts = read_facts(parse(body_of(session, callback)), callback.headers)
    except (UnreadableValue, Malformed):  # Its key is missing, or it was accepted under earlier rules.
        log.warning("callback_not_searchable", callback=str(callback.id))
        ids = [callback.claimed_job_id, callback.claimed_smile_job_id]
        callback.search_text = with_folded_ids(callback.search_text.partition(" ~")[0], ids)
        return
    callback.search_text = facts.search_text
    callback.id_number_digest = keyring_of(session).digest_of_number(facts.id_number) if facts.id_number else None


def index_texts(session: Session, limit: int) -> int:
    """Indexes the texts of the next callbacks that have been filled."""
    return index_next(session, limit, filled_up_to(session), utc_now())


def count_unfilled_callbacks(session: Session) -> int:
    """How many are left, up to one more than the cap."""
    few = select(Callback.id).where(col(Callback.id) > filled_up_to(session)).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def check_callback_search_index(context: CheckContext) -> Finding:
    return search_index_finding(count_unfilled_callbacks(context.session), "callbacks")
