"""Personal values in Smile's answers: what is masked for whom, and long base64 folded so that a page stays readable."""

import re
from typing import Any

from dashboard.web.filters import file_size, masked

#: Shown to nobody without a press of "reveal", which is recorded.
SENSITIVE_KEYS = frozenset(
    {"IDNumber", "id_number", "Secondary_ID_Number", "SecondaryIDNumber", "PhoneNumber", "PhoneNumber2", "phone_number"}
    | {"Address", "address", "Photo", "Document", "FullData", "bvn", "signature"}
)
#: Shown to those who work with customers, masked for those who only read.
PERSONAL_KEYS = frozenset(
    {"FullName", "FirstName", "MiddleName", "LastName", "OtherName", "DOB", "Gender", "directors", "proprietors"}
    | {"fiduciaries", "beneficial_owners", "ImageLinks"}
)
FOLD_AFTER = 200
BASE64 = re.compile(r"[A-Za-z0-9+/=\s_-]+")


def mask_personal(value: Any, sees_persons: bool) -> Any:
    """A copy with the same shape, in which masked values are short texts."""
    hidden = SENSITIVE_KEYS if sees_persons else SENSITIVE_KEYS | PERSONAL_KEYS
    return _walk(value, hidden)


def fold_base64(value: Any) -> Any:
    """A copy in which a picture reads "<base64, 41 KB>"."""
    if isinstance(value, dict):
        return {key: fold_base64(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fold_base64(item) for item in value]
    if isinstance(value, str) and len(value) > FOLD_AFTER and BASE64.fullmatch(value):
        return f"<base64, {file_size(len(value) * 3 // 4)}>"
    return value


def _walk(value: Any, hidden: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _mask(item) if key in hidden else _walk(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, hidden) for item in value]
    return value


def _mask(value: Any) -> Any:
    if value in (None, "", "Not Available", [], {}):
        return value  # That there is nothing is no secret.
    return masked(value) if isinstance(value, str) and len(value) <= FOLD_AFTER else "•" * 7
