"""The reasons of v3 in words, each with what to do. Smile documents them by name; a new one is shown as it is."""

from dashboard.jobs.models import Outcome

RUN_LATER = "Run it again later; each run is charged."
BETTER_IMAGES = "Take better images, then create a new job."
ASK_CUSTOMER = "Ask the customer for another document, or decline."
LOOK = "Look at it, decide, then mark it as dealt with."

#: Reason -> what it means, and what to do; empty where the outcome decides that.
REASONS = {
    "high_risk": ("Smile rates the risk of fraud as high.", ""),
    "medium_risk": ("Smile rates the risk of fraud as medium.", LOOK),
    "identifier_not_found": ("The authority has nobody on record under this number.", ""),
    "age_requirement_not_met": ("The customer is younger than this check allows.", ""),
    "face_verification_failed": ("The faces do not match.", ""),
    "spoof_detected": ("Smile suspects a picture or a mask rather than a live person.", ""),
    "account_locked": ("This user is locked at Smile.", "Ask Smile's support why, and quote the user id below."),
    "account_locked_fraud": (
        "This user was reported for fraud and is locked at Smile.",
        "Clear the report if it was a mistake.",
    ),
    "document_check_failed": ("The document failed the check of its security features.", ""),
    "unsupported_document": ("Smile does not support this document.", "Ask the customer for another document."),
    "document_expired": ("The document has expired.", LOOK),
    "document_copy_detected": ("The document looks like a copy.", LOOK),
    "document_unclassifiable": ("Smile could not tell which document it is.", BETTER_IMAGES),
    "invalid_id_number": (
        "The number on the document does not have the format that the authority uses.",
        "Check the number with the customer, then create a new job.",
    ),
    "service_unavailable": ("The authority's database does not answer at the moment.", RUN_LATER),
    "internal_error": ("Smile had a problem and could not finish the check.", RUN_LATER),
    "image_unavailable_or_invalid": ("The images cannot be used.", BETTER_IMAGES),
    "content_policy_violated": ("Smile's rules for content do not allow these images.", BETTER_IMAGES),
    "aml_match_found": ("The customer is on a watch-list.", LOOK),
    "news_media_match": ("The customer is in the news.", LOOK),
    "address_out_of_range": ("The address is too far from the one on record.", ASK_CUSTOMER),
    "name_mismatch": ("The address on record belongs to another name.", ASK_CUSTOMER),
    "no_address_on_record": ("There is no address on record.", ASK_CUSTOMER),
    "information_outdated": ("The record of the address is more than six months old.", LOOK),
}
#: The decision where Smile's answer names no reason, or one that is not documented.
OF_OUTCOME = {
    Outcome.REJECTED: "Smile decided against this customer",
    Outcome.ERROR: "Smile could not carry out the check",
    Outcome.ATTENTION: "The check passed, but Smile wants a person to look at it",
}
ATTENTION = "The check passed, but a person should look at it."


def reason_sentence(reason: str | None) -> str:
    """What a documented reason means; empty for any other."""
    return REASONS.get(reason or "", ("", ""))[0]


def reason_step(reason: str | None) -> str:
    """What to do about a documented reason; empty where its outcome decides that."""
    return REASONS.get(reason or "", ("", ""))[1]


def decision_sentence(outcome: Outcome, reason: str | None) -> str:
    """A decision of v3 other than an approval, as a sentence."""
    if meaning := reason_sentence(reason):
        return f"{ATTENTION} {meaning}" if outcome == Outcome.ATTENTION else meaning
    if reason:
        return f"{OF_OUTCOME[outcome]}, for a reason that is not documented ({reason})."
    return f"{OF_OUTCOME[outcome]}. Its status names no reason; a callback may claim one."
