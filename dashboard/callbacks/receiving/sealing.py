"""How key rotation reads and writes the sealed values of callbacks: bodies, and the searches of runs."""

import base64
from typing import Any
from uuid import UUID

from dashboard.callbacks.receiving.parsing import Malformed, parse, read_facts


def number_in_body(body: bytes) -> str:
    """The ID number in a body; empty for a body that was accepted under earlier rules."""
    try:
        return read_facts(parse(body)).id_number
    except Malformed:
        return ""


def search_associated_data(run_id: UUID) -> str:
    """The identity that the sealed search of a run is bound to."""
    return f"processing_run:{run_id}:q"


def sealed_search(filters: dict[str, Any]) -> bytes | None:
    """The sealed search; None if there is none. A damaged text is returned as it is: no key opens it."""
    if "q" not in filters:
        return None
    try:
        return base64.b64decode(filters["q"], validate=True)
    except ValueError:
        return str(filters["q"]).encode()


def with_search(filters: dict[str, Any], sealed: bytes) -> dict[str, Any]:
    return filters | {"q": base64.b64encode(sealed).decode()}
