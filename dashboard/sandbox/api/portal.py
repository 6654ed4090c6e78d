"""The paths of the portal host: wallet, availability of ID authorities, and changes to enrolled users."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, USER_UNKNOWN, WRONG_TYPE, Refused
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import Sandbox, current
from dashboard.sandbox.world.outcomes import find_id_type

portal = Blueprint("portal", __name__)

_FLAGS = ("allow_new_enroll", "active", "is_fraudulent", "delete")


@portal.post("/api/v2/partner/wallet_balance")
def wallet_balance() -> Response:
    """POST /api/v2/partner/wallet_balance: the balance of the partner's wallet.

    Takes `environment` ("test" or "production") and optionally `currency` (KES, NGN or USD; it changes nothing here).
    Returns `wallet_balance` (an amount in the currency of the wallet) and `current_as_of` (ISO 8601, UTC).
    Raises Refused (2203, 2204, 2205, 2213).

    https://docs.usesmileid.com/further-reading/faqs/is-there-an-api-i-can-use-to-monitor-my-wallet-balance
    """
    sandbox = current()
    body = _authenticated()
    if fields.optional_text(body, "currency") not in ("", "KES", "NGN", "USD"):
        raise Refused(WRONG_TYPE, "Error - currency must be KES, NGN or USD")
    balance = round(sandbox.wallet_balance - money_spent(sandbox), 2)
    return jsonify({"wallet_balance": balance, "current_as_of": iso(datetime.now(UTC))})


def money_spent(sandbox: Sandbox) -> float:
    """The price of all jobs so far, in the currency of the wallet."""
    with sandbox.store.lock:
        return sum(job.charged for job in sandbox.store.jobs.values()) * sandbox.settings.price_per_job


@portal.post("/api/v2/partner/id_status")
def id_status() -> Response:
    """POST /api/v2/partner/id_status: the availability of an ID authority, here always online.

    Takes `environment`, `country` and `id_type`.
    Returns `last_checked`, `last_check_status` and `last_hour_success_rate` (a percentage as text).
    Raises Refused (2203, 2204, 2205, 2213).

    https://docs.usesmileid.com/further-reading/faqs/is-there-an-api-i-can-check-to-check-the-status-of-an-id-authority
    """
    body = _authenticated()
    if find_id_type(fields.text(body, "country"), fields.text(body, "id_type")) is None:
        raise Refused(MISSING, "Unsupported id_type for the country")
    return jsonify(
        {
            "last_checked": iso(datetime.now(UTC)),
            "last_check_status": "Online",
            "last_hour_success_rate": "100%",
        }
    )


@portal.post("/api/v2/partner/enrollee")
def enrollee() -> Response:
    """POST /api/v2/partner/enrollee: allow a new enrolment, deactivate, block or delete a user.

    Takes `environment`, `user_id` and one of the booleans `allow_new_enroll`, `active`, `is_fraudulent`, `delete`.
    Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2210, 2213).

    https://docs.usesmileid.com/further-reading/faqs/how-to-re-enroll-deactivate-or-block-a-user
    """
    return _change_user(_authenticated())


@portal.post("/v2/block-user")
def block_user() -> Response:
    """POST /v2/block-user: the newer form of `enrollee`, authenticated by headers.

    Takes `user_id` and one of the booleans of `enrollee`. Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2210, 2213).

    https://docs.usesmileid.com/further-reading/faqs/how-to-re-enroll-or-delete-a-user
    """
    body = fields.json_body()
    authentication.by_headers_or_signature(body, "partner_id")
    return _change_user(body)


@portal.get("/api/v3/<partner_id>/job_result_summary/<smile_job_id>/generate_pdf")
def receipt(partner_id: str, smile_job_id: str) -> tuple[str, int]:
    """GET /api/v3/<partner_id>/job_result_summary/<smile_job_id>/generate_pdf: always 401.

    A receipt needs a portal sign-in, which the simulator does not have.

    https://docs.usesmileid.com/further-reading/kyc-receipts
    """
    return f"Sign in to the portal of partner {partner_id} to see receipt {smile_job_id}", 401


def _authenticated() -> Json:
    body = fields.json_body()
    authentication.by_signature(body, "partner_id")
    if fields.text(body, "environment") not in ("test", "production"):
        raise Refused(WRONG_TYPE, "Error - environment must be test or production")
    return body


def _change_user(body: Json) -> Response:
    """Change the enrolment of the user that the body names.

    https://docs.usesmileid.com/further-reading/faqs/how-to-re-enroll-deactivate-or-block-a-user
    """
    sandbox = current()
    user_id = fields.text(body, "user_id")
    flags = {name: fields.flag(body, name) for name in _FLAGS if name in body}
    if len(flags) != 1:
        raise Refused(MISSING, f"Error - exactly one of {', '.join(_FLAGS)} is required")
    with sandbox.store.lock:
        user = sandbox.store.users.get(user_id)
        if user is None or user.deleted:
            raise Refused(USER_UNKNOWN)
        user.may_enrol_again = flags.get("allow_new_enroll", user.may_enrol_again)
        user.active = flags.get("active", user.active)
        user.fraudulent = flags.get("is_fraudulent", user.fraudulent)
        user.deleted = flags.get("delete", user.deleted)
        sandbox.store.save_user(user)
    return jsonify({"success": True})
