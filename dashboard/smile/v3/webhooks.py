"""Reads the body of a webhook."""

import json
from typing import Any

from dashboard.smile.errors import InvalidRequest

MOST_BYTES = 2 * 1024 * 1024


def body_of(body: bytes | str) -> dict[str, Any]:
    """The JSON object in a body of at most 2 MB (`MOST_BYTES`).

    Raises InvalidRequest for anything else.
    """
    payload = None
    try:
        payload = json.loads(body) if len(body) <= MOST_BYTES else None
    except (TypeError, ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise InvalidRequest({"body": "is no JSON object of at most 2 MB"})
    return payload
