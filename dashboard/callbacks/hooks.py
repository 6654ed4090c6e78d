"""The door for Smile's callbacks: read, check, store durably, and only then answer 200."""

from collections.abc import Callable

import structlog
from flask import Blueprint, current_app, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from prometheus_client import Counter
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import Session
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from dashboard.callbacks.facts import Facts, read_facts
from dashboard.callbacks.group_commit import GroupCommit
from dashboard.callbacks.models import REFUSED_VERDICTS
from dashboard.callbacks.networks import is_taken_from, set_up_networks
from dashboard.callbacks.parsing import Malformed, parse
from dashboard.callbacks.receiving import Delivery, Receipt, store_callback
from dashboard.callbacks.throttle import REFUSALS, count_refusal, set_up_throttle
from dashboard.callbacks.verdicts import SignatureCheck, check_signature
from dashboard.config import Settings
from dashboard.db import Database, transaction, utc_now
from dashboard.errors import NotFound
from dashboard.smile_keys import smile_keys
from dashboard.web.access import open_to_everybody
from dashboard.web.csrf import csrf, exempt_from_origin_check
from dashboard.worker.queue import wake

MAX_BODY = 2 * 1024 * 1024  # Smile's own are up to 1.5 MB, with the photo of an authority inside.
TRIES = 3
DROPPED_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})

RECEIVED = Counter("callbacks_received", "Callbacks whose signature was looked at, by verdict.", ["verdict"])
TURNED_AWAY = Counter("callbacks_turned_away", "Callbacks that were not kept, by the reason.", ["why"])

log = structlog.get_logger(__name__)
blueprint = Blueprint("hooks", __name__)
blueprint.record(lambda state: set_up_throttle(state.app))
blueprint.record(lambda state: _set_up_group(state.app))
blueprint.record(lambda state: set_up_networks(state.app))
exempt_from_origin_check.add("callbacks.hooks.receive")


@blueprint.post("/hooks/smile")
@blueprint.post("/hooks/smile/<job_key>")
@open_to_everybody
def receive(job_key: str | None = None) -> ResponseReturnValue:
    try:
        return _receive(job_key)
    except NotFound:
        TURNED_AWAY.labels("unknown_key").inc()
        raise
    except RequestEntityTooLarge:
        return _turn_away(413, "too_large", "A callback has 2 MB at most.")
    except ClientDisconnected:
        return _turn_away(400, "malformed", "The body ended too early.")
    except Malformed as error:
        return _turn_away(400, "malformed", str(error))
    except SQLAlchemyError as error:
        # Not acknowledged, so that the sender may try again; if it does not, the job is settled by asking.
        log.error("callback_not_stored", error=type(error).__name__)
        answer = _turn_away(503, "database", "It could not be stored just now. Please send it again.")
        return *answer, {"Retry-After": "10"}


csrf.exempt(receive)


def _receive(job_key: str | None) -> ResponseReturnValue:
    now = utc_now()
    settings: Settings = current_app.config["SETTINGS"]
    address = request.remote_addr or ""
    if not is_taken_from(address, settings):
        return _turn_away(403, "network", f"Callbacks are not taken from {address}.")
    if not request.is_json or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _turn_away(415, "media_type", "A callback is plain JSON, sent as application/json.")
    body = _read_body()
    facts = read_facts(parse(body))
    check = check_signature(facts, settings.smile_partner_id, smile_keys())
    if check.verdict:
        if not count_refusal(address):
            answer = _turn_away(429, "throttled", "Too many callbacks without a valid signature came from here.")
            return *answer, {"Retry-After": str(REFUSALS.get_expiry())}
        # Its key may have been added a moment ago, through another process.
        check = check_signature(facts, settings.smile_partner_id, smile_keys(fresh=True))
    delivery = Delivery(body, _kept_headers(), address, now, settings.environment, job_key)
    receipt = _store(delivery, facts, check)
    if receipt is None:
        raise NotFound
    RECEIVED.labels(receipt.verdict.value).inc()
    if receipt.needs_handling:
        wake("callbacks.handle", receipt.callback_id)
    if receipt.verdict in REFUSED_VERDICTS:
        return {"error": "This callback is not signed with a key of ours."}, 401
    return {"received": True}, 200


def _read_body() -> bytes:
    # A body without a length is cut at the limit without an error, so one byte more shows that it was longer.
    request.max_content_length = MAX_BODY + 1
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body


def _kept_headers() -> dict[str, str]:
    """Without what opens something: a signature is a bearer secret too, wherever it travels."""
    kept = {name.lower(): value for name, value in request.headers if name.lower() not in DROPPED_HEADERS}
    return {name: "[masked]" if "signature" in name else value for name, value in kept.items()}


def _store(delivery: Delivery, facts: Facts, check: SignatureCheck) -> Receipt | None:
    def store(session: Session) -> Receipt | None:
        return store_callback(session, delivery, facts, check)

    group: GroupCommit[Receipt | None] | None = current_app.extensions["callback_group"]
    return group.run(store) if group else _store_alone(store)


def _store_alone(store: Callable[[Session], Receipt | None]) -> Receipt | None:
    for left in reversed(range(TRIES)):
        try:
            with transaction() as session:
                return store(session)
        except IntegrityError:
            # The same signature was stored by another transaction between our look and our insert: look again.
            if not left:
                raise
    raise AssertionError("the loop returns or raises")


def _set_up_group(app: App) -> None:
    """PostgreSQL lets many transactions commit together by itself."""
    database: Database = app.extensions["database"]
    app.extensions["callback_group"] = GroupCommit(database) if database.is_sqlite else None


def _turn_away(status: int, why: str, message: str) -> tuple[dict[str, str], int]:
    TURNED_AWAY.labels(why).inc()
    return {"error": message}, status
