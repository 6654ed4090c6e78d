"""Reads request bodies: JSON objects, and fields of the expected type."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import request

from dashboard.sandbox.refusals import INVALID_JSON, MISSING, WRONG_TYPE, Refused

Json = dict[str, Any]


def json_body() -> Json:
    """The JSON object in the body of the request. Raises Refused (2203) for anything else."""
    if request.mimetype != "application/json":
        raise Refused(INVALID_JSON, "The body must be sent as application/json")
    return json_object(request.get_data())


def json_object(data: bytes | str) -> Json:
    """Parse a JSON object; NaN and Infinity are not JSON. Raises Refused (2203) for anything else."""
    try:
        body = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(INVALID_JSON) from error
    if not isinstance(body, dict):
        raise Refused(INVALID_JSON, "The body must be a JSON object")
    return body


def _refuse_constant(name: str) -> None:
    # NaN and Infinity are Python's additions to JSON.
    raise ValueError(name)


def text(body: Mapping[str, Any], name: str, code: str = MISSING) -> str:
    """The text of a required field.

    code: the error code if it is missing or blank, by default 2213.
    Raises Refused: `code`, or 2204 for another type.
    """
    value = optional_text(body, name)
    if not value.strip():
        raise Refused(code, f"Error - A required parameter is missing: {name}", business=code != MISSING)
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str:
    """The text of a field, "" if it is missing or null. Raises Refused (2204) for another type."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(WRONG_TYPE, f"Error - {name} is of the wrong data type: text expected")
    # JSON can contain a lone surrogate, which neither a database nor a signature can hold.
    if not value.isascii() and value != value.encode("utf-8", "replace").decode():
        raise Refused(WRONG_TYPE, f"Error - {name} is not valid text")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool:
    """The boolean of a field, False if it is missing or null. Raises Refused (2204) for another type."""
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Refused(WRONG_TYPE, f"Error - {name} is of the wrong data type: boolean expected")
    return value


def mapping(body: Mapping[str, Any], name: str) -> Json:
    """The object of a field, empty if it is missing or null. Raises Refused (2204) for another type."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(WRONG_TYPE, f"Error - {name} is of the wrong data type: object expected")
    return value


def callback_url(body: Mapping[str, Any]) -> str:
    """The job's callback address; "" means the partner's default.

    Raises Refused (2204) for anything but an http or https address.
    """
    address = optional_text(body, "callback_url")
    if address and (urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc):
        raise Refused(WRONG_TYPE, "Error - callback_url is not an http or https address")
    return address


def partner_params(given: Json) -> Json:
    """Check `user_id`, `job_id`, `job_type` and `sandbox_result` of partner_params; other keys pass.

    Raises Refused: 2204 wrong type, 2213 missing field.
    """
    for name in ("user_id", "job_id"):
        text(given, name)
    job_type(given)
    wished = given.get("sandbox_result")
    if wished is not None and wished not in ("0", "1", "2"):
        raise Refused(WRONG_TYPE, 'Error - sandbox_result must be the text "0", "1" or "2"')
    return given


def job_type(params: Mapping[str, Any]) -> int:
    """The job type as a number; text of digits is accepted.

    Raises Refused: 2204 wrong type, 2213 missing.
    """
    value = params.get("job_type")
    if value is None or value == "":
        raise Refused(MISSING, "Error - A required parameter is missing: job_type")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(WRONG_TYPE, "Error - job_type is of the wrong data type: number expected")
    return value


def source_sdk(body: Mapping[str, Any], required: bool) -> None:
    """Check the name and version of the caller's software.

    Raises Refused: 2204 wrong type, 2213 missing although `required`.
    """
    for name in ("source_sdk", "source_sdk_version"):
        if required:
            text(body, name)
        else:
            optional_text(body, name)
