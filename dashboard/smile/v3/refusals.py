"""Tells Smile's v3 errors apart: there are no codes, so the status and the beginning of the text decide."""

from dashboard.smile.errors import Refused

#: (HTTP status, beginning of the text) -> our name of the case; the first that fits.
_CASES = (
    (400, "A valid callback_url is required", "no_callback"),
    (400, "Invalid ID number format", "wrong_number"),
    (400, "Required field 'consent.granted_at' cannot", "consent_in_future"),
    (400, "", "invalid"),
    (401, "", "token_refused"),
    (402, "", "wallet_empty"),
    (403, "Callback url", "callback_not_allowed"),
    (403, "Product not enabled", "product_not_enabled"),
    (403, "This feature requires", "product_not_enabled"),
    (403, "ID type not enabled", "id_type_not_enabled"),
    (403, "Production", "production_not_enabled"),
    (403, "SDK version", "sdk_blocked"),
    (403, "Token is not authorized", "token_for_another_user"),
    (403, "", "not_allowed"),
    (404, "No enrolled user", "not_enrolled"),
    (404, "No prior KYC", "no_prior_record"),
    (404, "", "unknown"),
    (408, "", "authority_silent"),
    (409, "User ID", "user_id_taken"),
    (409, "", "still_running"),
    (413, "", "too_large"),
    (415, "", "wrong_content_type"),
    (424, "", "authority_down"),
    (429, "This ID number", "number_blocked"),
    (429, "", "too_many"),
    (504, "", "authority_silent"),
)
#: All names; `errors.py` explains those that a person can do something about.
CODES = frozenset(code for _, _, code in _CASES)


def with_code(error: Refused) -> Refused:
    """The same error with the name of its case in `code`, where Smile gave none."""
    for status, beginning, code in _CASES:
        if error.code is None and error.status == status and error.reason.startswith(beginning):
            error.code = code
    # A number that was asked for too often stays blocked.
    error.may_retry = error.may_retry and error.code != "number_blocked"
    return error
