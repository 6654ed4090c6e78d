"""What of callbacks is sealed, told to whoever rotates keys: bodies with the number in them, and searches of runs."""

import base64
from typing import Any
from uuid import UUID

from dashboard.callbacks.facts import read_facts
from dashboard.callbacks.parsing import parse


def number_in_body(body: bytes) -> str:
    return read_facts(parse(body)).id_number


def search_identity(run_id: UUID) -> str:
    """What the sealed search of a run is bound to."""
    return f"processing_run:{run_id}:q"


def sealed_search(filters: dict[str, Any]) -> bytes | None:
    return base64.b64decode(filters["q"]) if "q" in filters else None


def with_search(filters: dict[str, Any], sealed: bytes) -> dict[str, Any]:
    return filters | {"q": base64.b64encode(sealed).decode()}
