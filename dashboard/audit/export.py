"""Exports lines of the trail in batches: CSV for people, JSON for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dashboard.audit.models import AuditEntry
from dashboard.audit.wording import Sentence
from dashboard.web.pages.answers import json_time

HEADER = (
    *("number", "at", "who", "action", "subject", "details", "from address", "previous hash", "hash"),
    "sentence",
)


def as_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": json_time(entry.at),
        "who": entry.who,
        "member_id": str(entry.member_id) if entry.member_id else None,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "from_address": entry.from_address,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def as_row(entry: AuditEntry, sentence: Sentence) -> tuple[Any, ...]:
    details = ", ".join(f"{name}: {value}" for name, value in entry.details.items())
    facts = (entry.sequence, entry.at, entry.who, entry.action, entry.subject, details, entry.from_address)
    return (*facts, entry.previous_hash, entry.hash, sentence.text)


def json_pieces(batches: Iterable[Sequence[AuditEntry]]) -> Iterator[str]:
    """A JSON object with all lines, a batch at a time."""
    separator = ""
    yield '{"items": ['
    for batch in batches:
        if batch:
            yield separator + ",\n".join(json.dumps(as_json(entry)) for entry in batch)
            separator = ",\n"
    yield "]}"
