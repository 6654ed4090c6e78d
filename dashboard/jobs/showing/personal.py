"""Shows a body from Smile with personal data masked, secrets hidden and images shortened."""

import re
from typing import Any

from dashboard.smile.results import plain
from dashboard.smile.v3_names import IMPERSONAL as IMPERSONAL_IN_V3
from dashboard.smile.v3_names import is_v3
from dashboard.web.pages.filters import MASK, file_size, masked, readable_json
from dashboard.web.pages.invisible_characters import MarkEverything

#: Never shown: a signature fits any body, so anyone who reads one could send a forged callback with it.
SECRET_FIELDS = frozenset({"signature", "sec_key"})
#: Numbers whose last four digits are shown, so that two can be told apart.
NUMBER_KEYS = frozenset(
    {"IDNumber", "id_number", "Secondary_ID_Number", "SecondaryIDNumber", "PhoneNumber", "PhoneNumber2", "phone_number"}
)
#: Fields that say nothing about the customer, where the value is a text, a number or a boolean.
IMPERSONAL_KEYS = frozenset(
    {"JSONVersion", "SmileJobID", "ResultType", "ResultText", "ResultCode", "IsFinalResult", "IsMachineResult"}
    | {"Source", "ConfidenceValue", "Country", "IDType", "timestamp", "success", "code", "error", "smile_job_id"}
    | {"job_complete", "job_success", "user_id", "job_id", "job_type"}
)
#: The only partner parameters shown unmasked.
PARTNER_PARAMS = frozenset({"user_id", "job_id", "job_type"})
#: Fields that contain a result, which is masked like a result.
HOLDERS = frozenset({"result", "history"})
#: Masked inside Actions too, where they do not belong.
OF_THE_CUSTOMER = frozenset(
    {"FullName", "FirstName", "LastName", "OtherName", "DOB", "Address", "address", "Photo", "Document", "FullData"}
    | {"PartnerParams", "bvn", "email"}
)
FOLD_AFTER = 200
#: Keeps pages light, however long a body is; the JSON for programs has all of it.
MOST_SHOWN = 40_000

# In a raw body a slash may be written "\/", and a line break "\n".
_SIGN = r"(?:[A-Za-z0-9+/_-]|\\/)"
_BREAK = r"(?:\s|\\[nr])"
_LAST_LINE = rf"(?:[\r\n]|\\[nr])++{_SIGN}{{1,19}}+={{0,2}}+"
BASE64 = re.compile(
    rf"(?:data:[\w/+.;=\\-]{{1,100}};base64,)?{_SIGN}{{20,}}+(?:{_BREAK}++{_SIGN}{{20,}}+)*+(?:{_LAST_LINE}|={{1,2}}+)?+"
)


def shown_body(payload: dict[str, Any], is_revealed: bool) -> dict[str, Any]:
    """A copy with the same shape, without signatures, and with personal data masked unless `is_revealed`."""
    readable: dict[str, Any] = plain(payload)
    return _without_secrets(readable) if is_revealed else mask_personal(readable)


def mask_personal(payload: dict[str, Any]) -> dict[str, Any]:
    """A copy with the same shape, in which masked values are short texts."""
    clear = IMPERSONAL_IN_V3 if is_v3(payload) else frozenset[str]()
    return {
        name: value if name in clear and _is_single(value) else _mask(name, value) for name, value in payload.items()
    }


def body_as_json(payload: dict[str, Any], is_revealed: bool) -> str:
    """The body as readable JSON for a page, with base64 replaced by its size."""
    return MarkEverything(cut(readable_json(fold_base64(shown_body(payload, is_revealed)))))


def fold_base64(value: Any) -> Any:
    """A copy in which each image reads "<base64, 41 KB>"."""
    if isinstance(value, dict):
        return {key: fold_base64(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fold_base64(item) for item in value]
    return fold_text(value) if isinstance(value, str) else value


def fold_text(text: str) -> str:
    """The same for any text, such as a raw body."""
    if len(text) <= FOLD_AFTER:
        return text
    return BASE64.sub(lambda found: base64_note(found[0]) if len(found[0]) > FOLD_AFTER else found[0], text)


def base64_note(text: str) -> str:
    signs = len("".join(text.rpartition(";base64,")[2].split()))
    return f"<base64, {file_size(signs * 3 // 4)}>"


def cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n... {len(text) - MOST_SHOWN:,} characters more"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: MASK if _is_secret(name) else _without_secrets(part) for name, part in value.items()}
    return [_without_secrets(part) for part in value] if isinstance(value, list) else value


def _mask(name: str, value: Any) -> Any:
    if value in (None, "", "Not Available", [], {}):
        return value  # That a value is missing is no secret.
    if _is_secret(name):
        return MASK
    if name in NUMBER_KEYS and isinstance(value, str | int):
        return masked(str(value)) if len(str(value)) <= FOLD_AFTER else MASK
    if name == "Actions":
        return _masked_actions(value)
    if isinstance(value, dict):
        if name == "PartnerParams":
            return {
                key: part if key in PARTNER_PARAMS and _is_single(part) else _mask("", part)
                for key, part in value.items()
            }
        return mask_personal(value) if name in HOLDERS else MASK
    if isinstance(value, list):
        return [_mask(name, part) for part in value] if name == "history" else MASK
    return value if name in IMPERSONAL_KEYS or name in HOLDERS else MASK


def _masked_actions(value: Any) -> Any:
    """Smile's words about its checks, whatever their shape, with the customer's fields masked."""
    if isinstance(value, dict):
        return {name: _masked_actions(part) if _is_of_checks(name) else MASK for name, part in value.items()}
    return [_masked_actions(part) for part in value] if isinstance(value, list) else value


def _is_of_checks(name: str) -> bool:
    return not _is_secret(name) and name not in NUMBER_KEYS and name not in OF_THE_CUSTOMER


def _is_secret(name: str) -> bool:
    return name.lower() in SECRET_FIELDS


def _is_single(value: Any) -> bool:
    return not isinstance(value, dict | list)
