"""Smile's refusals in plain words, with advice."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.products import ENROLLING
from dashboard.smile import Refused
from dashboard.smile.v3.refusals import CODES

CHECK_KEY = "Check in the settings that the API key belongs to this partner and this environment."
WHAT_TO_DO = {
    "2203": "Smile did not understand the request. Please report this: it is a fault of this dashboard.",
    "2204": "Check that the partner id has its leading zeros, and that the key belongs to this environment.",
    "2205": CHECK_KEY,
    "2405": CHECK_KEY,
    "2207": "This customer is blocked at Smile. Unblock the user there, or use another user id.",
    "2208": "This customer was deleted at Smile. Use another user id.",
    "2209": "This customer is already enrolled. Create an authentication instead, or use another user id.",
    "2210": f"Register this customer first, with {' or '.join(facts.name for facts in ENROLLING.values())}.",
    "2211": "This customer must be registered again before an authentication is possible.",
    "2212": "Your account may not run this product. Ask Smile to activate it.",
    "2213": "Something that Smile requires is missing. Fill in every field and create a new job.",
    "2413": "Something that Smile requires is missing or unsupported. Check every field and create a new job.",
    "2215": "This job id was used before. Create a new job and leave the job id empty.",
    "2216": "This customer was enrolled without a photo. Register them again.",
    "2220": "Your account has no access to production yet. Ask Smile to activate it.",
    # v3 has no codes; these are the client's names of the cases. A refused request creates no job.
    "invalid": "Nothing was charged. Correct the field that Smile names and create a new job.",
    "wrong_number": "Nothing was charged. Check the number with the customer and create a new job.",
    "consent_in_future": "This machine's clock is ahead of Smile's: set it. Nothing was charged.",
    "no_callback": "Nothing was charged. Enter a callback address in Smile's portal and create a new job.",
    "callback_not_allowed": "Nothing was charged. Allow this dashboard's address in Smile's portal, then run it again.",
    "token_refused": CHECK_KEY,
    "wallet_empty": "Nothing was charged. Add funds in Smile's portal, then run it again.",
    "product_not_enabled": "Nothing was charged. Ask Smile to activate this product, then run it again.",
    "id_type_not_enabled": "Nothing was charged. Ask Smile to activate this ID type, or choose another one.",
    "production_not_enabled": "Your account has no access to production yet. Ask Smile to activate it.",
    "sdk_blocked": "Smile no longer accepts this version of the dashboard. Update it, then run it again.",
    "token_for_another_user": "Nothing was charged. Please report this: it is a fault of this dashboard.",
    "not_allowed": "Nothing was charged. Ask Smile whether this machine's address is allowed.",
    "not_enrolled": f"Register this customer first, with {' or '.join(facts.name for facts in ENROLLING.values())}.",
    "no_prior_record": "Smile holds no usable record of this customer. Register them first.",
    "user_id_taken": "Nothing was charged. Use another user id.",
    "too_large": "Nothing was charged. Take smaller images and create a new job.",
    "wrong_content_type": "Nothing was charged. Please report this: it is a fault of this dashboard.",
    "number_blocked": "Nothing was charged. Ask Smile's support to unblock this number.",
}


def explain_refusal(error: Refused) -> str:
    return refusal_words(refusal_facts(error))


def refusal_facts(error: Refused) -> dict[str, Any]:
    """The stored facts of a refusal; `said` is Smile's own text."""
    return {"status": error.status, "code": error.code, "said": error.reason, "may_retry": error.may_retry}


def refusal_words(facts: Mapping[str, Any]) -> str:
    has_code = facts["code"] and facts["code"] not in CODES
    code = f" (code {facts['code']})" if has_code else f" (HTTP {facts['status']})"
    said = facts["said"].removeprefix("Error - ").rstrip(".") or "no reason given"
    advice = WHAT_TO_DO.get(facts["code"] or "")
    if advice is None:
        may_retry = facts["may_retry"]
        advice = "Nothing was charged. Try again later." if may_retry else "Ask Smile's support and quote the code."
    return f"Smile refused this{code}: {said}. {advice}"
