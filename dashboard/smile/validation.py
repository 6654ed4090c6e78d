"""The rules that a request has to keep before it may leave, each reported under the name of its field.

Every check adds to one dict, field -> message, so that a person hears of all mistakes at once. What images have to
be is in images.py.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dashboard.smile import constants
from dashboard.smile.errors import InvalidRequest
from dashboard.smile.typed import clean_number, has_control_characters

Wrong = dict[str, str]

OPTION_FLAGS = (
    "return_job_status",
    "return_history",
    "return_image_links",
    "return_images",
    "use_enrolled_image",
    "signature",
    "async",
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_MISSING = "is missing"


def refuse_if(wrong: Wrong) -> None:
    if wrong:
        raise InvalidRequest(wrong)


def checked_options(options: Any, wrong: Wrong, *, has_legacy_key: bool) -> dict[str, Any]:
    """The options as a dict without what was left out."""
    given = _mapping(options, "options", wrong)
    for name, value in given.items():
        if name in OPTION_FLAGS:
            if not isinstance(value, bool):
                wrong[name] = "has to be true or false"
        elif name == "optional_callback":
            check_address(value, name, wrong)
        else:
            # A misspelt option would otherwise be paid for, silently.
            wrong[str(name)] = "is not an option"
    if given.get("signature") is False and not has_legacy_key:
        wrong["signature"] = "cannot be false: only a v1 key can make a sec_key"
    return given


def checked_partner_params(partner_params: Any, wrong: Wrong, job_types: frozenset[int] | None) -> dict[str, Any]:
    """The partner params with job_type as a number. job_types: those allowed; None where no job type is needed."""
    given = _mapping(partner_params, "partner_params", wrong)
    for name in ("user_id", "job_id"):
        check_text(given.get(name), name, wrong)
        if isinstance(given.get(name), str) and has_control_characters(given[name]):
            wrong.setdefault(name, "holds control characters")
    if job_types is None:
        return given
    job_type = given.get("job_type")
    if isinstance(job_type, str) and job_type.isascii() and job_type.isdigit():
        job_type = given["job_type"] = int(job_type[:4])
    if job_type is None or job_type == "":
        wrong["job_type"] = _MISSING
    elif not isinstance(job_type, int) or isinstance(job_type, bool):
        wrong["job_type"] = "has to be a number"
    elif job_type not in job_types:
        wrong["job_type"] = "has to be one of " + ", ".join(map(str, sorted(job_types)))
    else:
        given["job_type"] = int(job_type)
    return given


def checked_id_info(id_info: Any, wrong: Wrong, job_type: Any) -> dict[str, Any]:
    """The id_info with `entered` as text and without what was left out."""
    given = _mapping(id_info, "id_info", wrong)
    entered = given.get("entered")
    if isinstance(entered, bool):
        given["entered"] = "true" if entered else "false"
    elif entered is not None and entered not in ("true", "false"):
        wrong["entered"] = "has to be true or false"
    if isinstance(given.get("id_number"), str):
        given["id_number"] = clean_number(given["id_number"])
    needs = _needed_id_info(job_type, is_entered=given.get("entered") == "true")
    for name in ("country", "id_type", "id_number"):
        if name in needs or given.get(name, "") != "":
            check_text(given.get(name), name, wrong)
    country = given.get("country")
    if country and "country" not in wrong and not _COUNTRY.fullmatch(country):
        wrong["country"] = "has to be a country code of two capital letters"
    if job_type == constants.JobType.BUSINESS_VERIFICATION:
        _check_business(given, wrong)
    return given


def _needed_id_info(job_type: Any, *, is_entered: bool) -> tuple[str, ...]:
    if is_entered or job_type in constants.ID_API_JOB_TYPES:
        return ("country", "id_type", "id_number")
    if job_type == constants.JobType.ENHANCED_DOCUMENT_VERIFICATION:
        return ("country", "id_type")
    return ("country",) if job_type == constants.JobType.DOCUMENT_VERIFICATION else ()


def _check_business(given: Mapping[str, Any], wrong: Wrong) -> None:
    """https://docs.usesmileid.com/products/for-businesses-kyb/business-verification"""
    country, id_type = given.get("country"), given.get("id_type")
    if "id_type" not in wrong and id_type not in constants.BUSINESS_ID_TYPES:
        wrong["id_type"] = "has to be one of " + ", ".join(constants.BUSINESS_ID_TYPES)
    if country == "NG" and id_type in ("BASIC_BUSINESS_REGISTRATION", "BUSINESS_REGISTRATION"):
        business_type = given.get("business_type")
        if not isinstance(business_type, str) or business_type not in constants.BUSINESS_TYPES:
            wrong["business_type"] = "has to be one of " + ", ".join(constants.BUSINESS_TYPES)
    if country == "KE" and id_type == "BUSINESS_REGISTRATION":
        for name in ("postal_address", "postal_code"):
            check_text(given.get(name), name, wrong)


def check_text(value: Any, name: str, wrong: Wrong) -> None:
    if value is None or value == "":
        wrong[name] = _MISSING
    elif not isinstance(value, str):
        wrong[name] = "has to be text"
    elif not value.strip():
        wrong[name] = "is blank"


def check_address(value: Any, name: str, wrong: Wrong) -> None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_address = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        wrong[name] = "has to be a full web address"


def _mapping(value: Any, name: str, wrong: Wrong) -> dict[str, Any]:
    """A copy without the keys whose value is None; `value` may be left out altogether."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        wrong[name] = "has to be an object of names and values"
        return {}
    given = {key: item for key, item in value.items() if item is not None}
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        wrong[name] = "holds a value that JSON cannot carry"
        return {key: item for key, item in given.items() if isinstance(item, str | int | bool)}
    return given
