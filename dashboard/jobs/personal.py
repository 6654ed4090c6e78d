"""Personal values in Smile's answers: masked until somebody reveals them, and long base64 folded for the page."""

import re
from typing import Any

from dashboard.web.filters import file_size, masked

#: Numbers of which the last four digits are shown, so that two can be told apart.
NUMBER_KEYS = frozenset(
    {"IDNumber", "id_number", "Secondary_ID_Number", "SecondaryIDNumber", "PhoneNumber", "PhoneNumber2", "phone_number"}
)
#: Masked wherever they stand, inside what is impersonal as well.
SENSITIVE_KEYS = NUMBER_KEYS | {"Address", "address", "Photo", "Document", "FullData", "bvn", "signature"}
#: What says nothing about the customer. Everybody sees these, and of everything else that it is there.
IMPERSONAL_KEYS = frozenset(
    {"JSONVersion", "SmileJobID", "PartnerParams", "ResultType", "ResultText", "ResultCode", "IsFinalResult"}
    | {"IsMachineResult", "Actions", "Source", "ConfidenceValue", "Country", "IDType", "timestamp", "success"}
    | {"user_id", "job_id", "job_type", "code", "job_complete", "job_success"}
)
FOLD_AFTER = 200
BASE64 = re.compile(r"[A-Za-z0-9+/=\s_-]+")


def mask_personal(payload: dict[str, Any]) -> dict[str, Any]:
    """A copy with the same shape, in which masked values are short texts."""
    return {key: _walk(item) if key in IMPERSONAL_KEYS else _mask(key, item) for key, item in payload.items()}


def fold_base64(value: Any) -> Any:
    """A copy in which a picture reads "<base64, 41 KB>"."""
    if isinstance(value, dict):
        return {key: fold_base64(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fold_base64(item) for item in value]
    if isinstance(value, str) and len(value) > FOLD_AFTER and BASE64.fullmatch(value):
        return base64_note(value)
    return value


def base64_note(text: str) -> str:
    return f"<base64, {file_size(len(text) * 3 // 4)}>"


def _walk(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mask(key, item) if key in SENSITIVE_KEYS else _walk(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item) for item in value]
    return value


def _mask(key: str, value: Any) -> Any:
    if value in (None, "", "Not Available", [], {}):
        return value  # That there is nothing is no secret.
    return masked(value) if key in NUMBER_KEYS and isinstance(value, str) and len(value) <= FOLD_AFTER else "•" * 7
