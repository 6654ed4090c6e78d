"""What of callbacks is sealed, told to whoever rotates keys: bodies with the number in them, and searches of runs."""

import base64
from typing import Any
from uuid import UUID

from dashboard.callbacks.facts import read_facts
from dashboard.callbacks.models import Callback, ProcessingRun, body_identity
from dashboard.callbacks.parsing import parse
from dashboard.sealed import is_sealed


def number_in_body(body: bytes) -> str:
    return read_facts(parse(body)).id_number


def search_identity(run_id: UUID) -> str:
    """What the sealed search of a run is bound to."""
    return f"processing_run:{run_id}:q"


def sealed_search(filters: dict[str, Any]) -> bytes | None:
    return base64.b64decode(filters["q"]) if "q" in filters else None


def with_search(filters: dict[str, Any], sealed: bytes) -> dict[str, Any]:
    return filters | {"q": base64.b64encode(sealed).decode()}


is_sealed(Callback, "body_sealed", body_identity, digest="id_number_digest", digested=number_in_body)
is_sealed(ProcessingRun, "filters", search_identity, take_out=sealed_search, put_in=with_search)
