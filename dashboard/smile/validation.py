"""The rules for requests, checked before anything is sent.

Each check adds to one dict, field -> message, so that all mistakes are reported together. The rules for images are in
images.py.
"""

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dashboard.smile import constants
from dashboard.smile.errors import InvalidRequest
from dashboard.smile.plain_values import NotPlain, plain
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
#: The fields of id_info besides country, id_type and id_number.
ID_INFO_TEXTS = (
    *("first_name", "middle_name", "last_name", "dob", "gender", "phone_number", "bank_code", "citizenship"),
    *("session_id", "company", "business_type", "postal_address", "postal_code"),
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING = "is missing"
NO_OBJECT = "has to be an object of names and values"
NO_BOOLEAN = "has to be true or false"
NO_TEXT = "has to be text"


def refuse_if(wrong: Wrong) -> None:
    """Report what is wrong, if anything is.

    Raises InvalidRequest.
    """
    if wrong:
        raise InvalidRequest(wrong)


def checked_options(options: Any, wrong: Wrong, *, has_legacy_key: bool) -> dict[str, Any]:
    """The options as a dict, without those that were left out.

    has_legacy_key: the client signs with a v1 key.
    """
    given = checked_object(options, "options", wrong)
    if given.get("optional_callback") == "":
        # An empty form field or setting stands for the default callback.
        del given["optional_callback"]
    for name, value in given.items():
        if name in OPTION_FLAGS:
            check_flag(value, name, wrong)
        elif name == "optional_callback":
            check_address(value, name, wrong)
        else:
            # A misspelt option would otherwise be charged, silently.
            wrong[name] = "is not an option"
    if given.get("signature") is False and not has_legacy_key:
        wrong["signature"] = "cannot be false: only a v1 key can make a sec_key"
    if given.get("signature") is True and has_legacy_key:
        wrong["signature"] = (
            "cannot be true: the API key is a v1 key, which makes a sec_key; a signature needs a v2 key"
        )
    return given


def checked_partner_params(
    partner_params: Any, wrong: Wrong, job_types: frozenset[int] | None, *, name: str = "partner_params"
) -> dict[str, Any]:
    """The partner params, with job_type as a number.

    job_types: the allowed ones; None where no job type is needed. name: the name of the argument in errors.
    """
    given = checked_object(partner_params, name, wrong)
    for each in ("user_id", "job_id"):
        check_text(given.get(each), each, wrong)
        if isinstance(given.get(each), str) and has_control_characters(given[each]):
            wrong.setdefault(each, "holds control characters")
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
    """The id_info, with `entered` as text and a clean id_number, without what was left out."""
    given = checked_object(id_info, "id_info", wrong)
    entered = given.get("entered")
    if isinstance(entered, bool):
        given["entered"] = "true" if entered else "false"
    elif entered is not None and entered not in ("true", "false"):
        wrong["entered"] = NO_BOOLEAN
    check_optional_texts(given, ID_INFO_TEXTS, wrong)
    if not isinstance(given.get("consent_information", {}), dict):
        wrong["consent_information"] = NO_OBJECT
    if isinstance(given.get("id_number"), str):
        # A number that cleaning would empty stays, and is refused below.
        given["id_number"] = clean_number(given["id_number"]) or given["id_number"]
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
    """Check the fields that only Business Verification has.

    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """
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
    """Check that a required text is there and can be sent."""
    if value is None or value == "":
        wrong[name] = _MISSING
    elif not isinstance(value, str):
        wrong[name] = NO_TEXT
    elif not value.strip():
        wrong[name] = "is blank"
    elif _SURROGATE.search(value):
        wrong[name] = "holds a broken character, which cannot be sent"


def check_optional_texts(given: Mapping[str, Any], names: tuple[str, ...], wrong: Wrong) -> None:
    """Check that the given values are text: a number would lose its leading zeros."""
    for name in names:
        if given.get(name) not in (None, ""):
            check_text(given[name], name, wrong)


def check_flag(value: Any, name: str, wrong: Wrong) -> None:
    """Check that a value is a boolean."""
    if not isinstance(value, bool):
        wrong[name] = NO_BOOLEAN


def check_number(value: Any, name: str, wrong: Wrong, *, is_whole: bool = False) -> None:
    """Check that a value is a finite number of 0 or more; `is_whole`: an integer."""
    kinds = int if is_whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value) or value < 0:
        wrong[name] = "has to be a whole number, 0 or more" if is_whole else "has to be a number, 0 or more"


def check_callable(value: Any, name: str, wrong: Wrong) -> None:
    """Check that a value is a function or None."""
    if value is not None and not callable(value):
        wrong[name] = "has to be a function"


def check_address(value: Any, name: str, wrong: Wrong) -> None:
    """Check that a required value is a full http or https address."""
    if value is None or value == "":
        wrong[name] = _MISSING
        return
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_address = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        wrong[name] = "has to be a full web address"


def checked_object(value: Any, name: str, wrong: Wrong) -> dict[str, Any]:
    """A copy of `value` with JSON types, without entries that are None; {} if `value` is None.

    A value that JSON cannot carry is reported and left out, so that the others are still checked.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        wrong[name] = NO_OBJECT
        return {}
    given: dict[str, Any] = {}
    for key, item in value.items():
        try:
            given |= {each: made for each, made in plain({key: item}).items() if made is not None}
        except NotPlain as error:
            wrong[name] = str(error)
    return given
