"""Turns deliveries into answers: reads, checks and stores them durably, and only then acknowledges.

It works on groups: SQLite has one writer, and on PostgreSQL a transaction costs more than the rows stored in it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from limits import RateLimitItemPerMinute
from prometheus_client import Counter as Metric
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError

from dashboard.callbacks.models import REFUSED_VERDICTS
from dashboard.callbacks.receiving.parsing import (
    HIDDEN,
    SIGNATURE_HEADER,
    Malformed,
    parse,
    read_facts,
    shown_signature,
)
from dashboard.callbacks.receiving.storing import Arrival, Receipt, store_callbacks
from dashboard.callbacks.receiving.verdicts import MOST_TOGETHER, check_signature
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.config import Settings
from dashboard.context import current
from dashboard.db import lost_a_race
from dashboard.errors import place_of
from dashboard.outages import what_is_away
from dashboard.smile_keys import smile_keys
from dashboard.web.security.networks import network_of

#: When several transactions store callbacks with the same signature at once, each try numbers one more of them.
TRIES = MOST_TOGETHER + 2
#: For each network. A sender that signs correctly is never counted.
REFUSALS = RateLimitItemPerMinute(60, namespace="refused_callbacks")
DROPPED_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})

RECEIVED = Metric("callbacks_received", "Callbacks whose signature was checked, by verdict.", ["verdict"])
TURNED_AWAY = Metric("callbacks_turned_away", "Callbacks that were not kept, by reason.", ["why"])

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request, fully read. `job_key`: the last part of its address, where that is the address of one job."""

    body: bytes
    headers: Iterable[tuple[str, str]]
    source_address: str
    received_at: datetime
    job_key: str | None


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    to_handle: UUID | None = None  # the callback that the worker should pass to its job
    reason: RefusalReason | None = None  # why it is not kept as a callback


def refusal(status: int, message: str, *headers: tuple[str, str]) -> Reply:
    return Reply(status, json.dumps({"error": message}).encode(), headers)


NOTHING_HERE = "There is nothing at this address."
RECEIVED_WELL = Reply(200, b'{"received": true}')
NOT_SIGNED = refusal(401, "This callback is not signed with one of our keys.")
FAILED = refusal(500, "Something went wrong on our side.")


def acknowledge(deliveries: Sequence[Delivery]) -> list[Reply]:
    """Answers each delivery, after one transaction for all that are kept."""
    settings = current().settings
    checked = [_check(delivery, settings) for delivery in deliveries]
    arrivals = [arrival for arrival in checked if isinstance(arrival, Arrival)]
    outcomes = _store(settings.environment, arrivals) if arrivals else []
    for verdict, count in Counter(each.verdict for each in outcomes if isinstance(each, Receipt)).items():
        RECEIVED.labels(verdict.value).inc(count)
    in_order = iter(outcomes)
    return [_reply_to(next(in_order)) if isinstance(each, Arrival) else each for each in checked]


def turn_away(
    status: int, why: str, message: str, reason: RefusalReason | None = None, retry_after: int | None = None
) -> Reply:
    """Refuses a delivery. With a `reason` it appears in the list of refused deliveries."""
    TURNED_AWAY.labels(why).inc()
    headers = (("Retry-After", str(retry_after)),) if retry_after else ()
    return Reply(status, json.dumps({"error": message}).encode(), headers, reason=reason)


def not_stored(error: SQLAlchemyError) -> Reply:
    """Refuses a delivery so that the sender can try again. If it does not, the job is settled by asking Smile."""
    if what_is_away(error) is None:  # An outage is logged once, not for each delivery that it affects.
        log.error("callback_not_stored", error=type(error).__name__)
    return turn_away(503, "database", "It could not be stored just now. Please send it again.", retry_after=10)


def fail(error: Exception) -> Reply:
    log.error("callback_failed", error=type(error).__name__, where=place_of(error))
    return FAILED


def _check(delivery: Delivery, settings: Settings) -> Arrival | Reply:
    headers = kept_headers(delivery.headers)
    try:
        facts = read_facts(parse(delivery.body), headers)
        check = check_signature(facts, settings.smile_partner_id, smile_keys())
        if check.verdict:
            if not _count_refusal(delivery.source_address):
                message = "Too many callbacks without a valid signature came from here."
                return turn_away(429, "throttled", message, RefusalReason.THROTTLED, REFUSALS.get_expiry())
            # Another process may have added the key a moment ago.
            check = check_signature(facts, settings.smile_partner_id, smile_keys(fresh=True))
    except Malformed as error:
        return turn_away(400, "malformed", str(error), error.reason)
    except SQLAlchemyError as error:
        return not_stored(error)
    except Exception as error:  # A problem with one delivery must not stop the others in its group.
        return fail(error)
    return Arrival(
        delivery.body, headers, delivery.source_address, delivery.received_at, facts, check, delivery.job_key
    )


def _count_refusal(address: str) -> bool:
    """Counts one more callback without a valid signature. False when its network has sent too many."""
    return current().throttle.hit(REFUSALS, network_of(address))


def kept_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers without credentials. A signature is a bearer secret too, so it is masked."""
    kept = {name.lower(): value for name, value in headers if name.lower() not in DROPPED_HEADERS}
    return {name: _kept_value(name, value) if "signature" in name else value for name, value in kept.items()}


def _kept_value(name: str, value: str) -> str:
    return shown_signature(value) if name == SIGNATURE_HEADER else HIDDEN


def _store(environment: str, arrivals: Sequence[Arrival]) -> list[Receipt | Exception | None]:
    """Stores all in one transaction. If one of them is at fault, each gets its own, so that the others are stored."""
    try:
        return [*_store_together(environment, arrivals)]
    except Exception as error:
        if len(arrivals) == 1 or not _may_be_of_one(error):
            return [error] * len(arrivals)
    return [outcome for arrival in arrivals for outcome in _store(environment, [arrival])]


def _may_be_of_one(error: Exception) -> bool:
    """Whether a single callback may be the cause. A full disk, for example, would fail each of them alone as well."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError) or lost_a_race(error)
    return not isinstance(error, SQLAlchemyError)


def _store_together(environment: str, arrivals: Sequence[Arrival]) -> list[Receipt | None]:
    database = current().database
    for left in reversed(range(TRIES)):
        try:
            with database.transaction_of_statements() as connection:
                return store_callbacks(connection, database.keyring, environment, arrivals)
        except DBAPIError as error:
            # Another transaction stored the same signature between our lookup and our insert: look it up again.
            if not left or not lost_a_race(error):
                raise
    raise AssertionError("unreachable")


def _reply_to(outcome: Receipt | Exception | None) -> Reply:
    if isinstance(outcome, SQLAlchemyError):
        return not_stored(outcome)
    if isinstance(outcome, Exception):
        return fail(outcome)
    if outcome is None:
        return turn_away(404, "unknown_key", NOTHING_HERE, RefusalReason.UNKNOWN_KEY)
    answer = NOT_SIGNED if outcome.verdict in REFUSED_VERDICTS else RECEIVED_WELL
    return answer._replace(to_handle=outcome.callback_id) if outcome.needs_handling else answer
