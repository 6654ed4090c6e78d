"""Smile's refusals in plain words, with advice."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.products import ENROLLING
from dashboard.smile import Refused

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
}


def explain_refusal(error: Refused) -> str:
    return refusal_words(refusal_facts(error))


def refusal_facts(error: Refused) -> dict[str, Any]:
    """The stored facts of a refusal; `said` is Smile's own text."""
    return {"status": error.status, "code": error.code, "said": error.reason, "may_retry": error.may_retry}


def refusal_words(facts: Mapping[str, Any]) -> str:
    code = f" (code {facts['code']})" if facts["code"] else f" (HTTP {facts['status']})"
    said = facts["said"].removeprefix("Error - ").rstrip(".") or "no reason given"
    advice = WHAT_TO_DO.get(facts["code"] or "")
    if advice is None:
        may_retry = facts["may_retry"]
        advice = "Nothing was charged. Try again later." if may_retry else "Ask Smile's support and quote the code."
    return f"Smile refused this{code}: {said}. {advice}"
