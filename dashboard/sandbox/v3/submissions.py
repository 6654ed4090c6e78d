"""What all submissions of v3 share: the order of the checks, the common fields, and the job that is made."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from dashboard.sandbox.api.portal import money_spent
from dashboard.sandbox.fields import Json
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks, processing
from dashboard.sandbox.v3.parts import Parts, read_parts
from dashboard.sandbox.v3.refusals import Refused, invalid, missing, refused_by_account
from dashboard.sandbox.v3.tokens import Caller, caller
from dashboard.sandbox.world.store import Job
from dashboard.sandbox.world.v3_switch import AT_ONCE, REFUSALS

NOT_ENROLLED = "No enrolled user found for this partner."
WRONG_USER = "Token is not authorized for this user ID."
#: The products whose result can be wished for by a number; others ignore it.
WITH_SANDBOX_RESULT = frozenset(
    {"biometric_kyc", "smart_selfie_registration", "smart_selfie_authentication", "smart_selfie_compare"}
)
_BOUND_TEXTS = ("country", "id_type", "id_number", "callback_url")


@dataclass
class Submission:
    """One submission while it is checked. given: the accepted values, by field. images: the contents, by name."""

    product: str
    caller: Caller = field(default_factory=Caller)
    parts: Parts = field(default_factory=Parts)
    at_once: bool = False
    user_id: str = ""
    callback_url: str = ""
    params: dict[str, str] = field(default_factory=dict)
    given: Json = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A text; that of the token overrides the body's."""
        return (
            str(self.caller.bound.get(name) or self.parts.text(name)) if name in _BOUND_TEXTS else self.parts.text(name)
        )

    def needed(self, name: str) -> str:
        """A text that has to be there. Raises Refused (400)."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value


Rules = Callable[[Submission], None]


def make_job(product: str, rules: Rules, *, at_once: bool = False) -> Job:
    """Check the current request in the order of the settings, and make its job.

    rules: those of the product. at_once: the answer holds the result.
    Raises Refused.

    https://github.com/smileidentity/api-reference
    """
    made = Submission(product, at_once=at_once)

    def body() -> None:
        _check_common(made)
        rules(made)

    steps: dict[str, Callable[[], None]] = {
        "token": lambda: _check_token(made),
        "content_type": lambda: setattr(made, "parts", read_parts()),
        "body": body,
        "account": lambda: _check_account(made),
    }
    for name in current().settings.v3_check_order:
        steps[name]()
    return processing.new_job(made.product, made.given, made.user_id, made.params, made.callback_url, made.images)


def _check_token(made: Submission) -> None:
    made.caller = caller(product=made.product)
    if made.product in current().settings.v3_partner_header_on and not request.headers.get("SmileID-Partner-ID"):
        raise Refused(400, "Header 'SmileID-Partner-ID' is required.")


def _check_common(made: Submission) -> None:
    parts, bound = made.parts, made.caller.bound
    # A token holds the consent without its address, which is checked when the token is made.
    made.given["consent"] = bound.get("consent") or checks.consent(parts.json("consent"))
    no_contact = checks.NO_CONTACT.replace("email", "user_details.email").replace("or phone", "or user_details.phone")
    text = no_contact if made.product in ("one_time_aml", "aml_monitoring") else checks.NO_CONTACT
    made.given["user_details"] = checks.user_details(parts.json("user_details"), bound, no_contact=text)
    made.user_id = _user_id(made)
    made.callback_url = (
        ""
        if made.at_once and made.product == "enhanced_kyc"
        else checks.callback_url(made.text("callback_url"), is_needed=not made.at_once)
    )
    made.params = {**checks.partner_params(parts), **made.caller.claims.get("partner_params", {})}
    made.given["metadata"] = checks.metadata(parts)
    if made.product in WITH_SANDBOX_RESULT and (sandbox_result := parts.text("sandbox_result")):
        made.given["sandbox_result"] = _number("sandbox_result", sandbox_result)


def _user_id(made: Submission) -> str:
    """The user id, which header, body and token have to agree about."""
    given = {made.parts.text("user_id"), request.headers.get("User-ID", "").strip(), made.caller.user_id} - {""}
    if len(given) > 1:
        raise Refused(403, WRONG_USER)
    return given.pop() if given else ""


def _number(name: str, text: str) -> float:
    if len(text) > 12 or not text.replace(".", "", 1).isascii() or not text.replace(".", "", 1).isdigit():
        raise invalid(name)
    return float(text)


def _check_account(made: Submission) -> None:
    sandbox = current()
    refusal = sandbox.v3.refusal
    if refusal:
        raise _refused(refusal, made)
    if sandbox.wallet_balance - money_spent(sandbox) < sandbox.settings.price_per_job:
        raise _refused("wallet", made)
    if number := str(made.given.get("id_number") or ""):
        _count_lookup(f"{made.given.get('country')}/{made.given.get('id_type')}/{number}")


def _refused(name: str, made: Submission) -> Refused:
    status, text = REFUSALS[name]
    # Only a limit says how long to wait; that it does is not documented.
    headers = {"Retry-After": "2"} if name == "rate_limit" else None
    return Refused(status, AT_ONCE.get(name, text) if made.at_once else text, headers=headers)


def _count_lookup(number: str) -> None:
    sandbox, now = current(), time.time()
    settings = sandbox.settings
    with sandbox.store.lock:
        recent = [at for at in sandbox.lookups.get(number, []) if at > now - settings.v3_lookup_window_seconds]
        if len(recent) >= settings.v3_blocked_from_lookups:
            raise refused_by_account("number_blocked")
        sandbox.lookups[number] = [*recent, now]
    if len(recent) >= settings.v3_lookups_per_number:
        wait = str(int(recent[0] + settings.v3_lookup_window_seconds - now) + 1)
        raise Refused(*REFUSALS["rate_limit"], headers={"Retry-After": wait})


def check_number(made: Submission) -> None:
    """The rules of a lookup: country, ID type and number. Raises Refused (400, 403)."""
    for name in ("country", "id_type", "id_number"):
        made.given[name] = made.needed(name)
    made.given["country"] = checks.country(made.given)
    for name in ("bank_code", "operator"):
        made.given[name] = made.parts.text(name)
    checks.id_type(made.given, made.product)


def enrolled_record(user_id: str) -> Mapping[str, Any] | None:
    """What the last finished job of an enrolled user holds, None if there is none. Raises Refused (404)."""
    store = current().store
    user = store.users.get(user_id)
    if user is None or not user.enrolled:
        raise Refused(404, NOT_ENROLLED)
    jobs = [
        job for job in store.jobs.values() if job.user_id == user_id and job.complete and job.id_info.get("country")
    ]
    return jobs[-1].id_info if jobs else None
