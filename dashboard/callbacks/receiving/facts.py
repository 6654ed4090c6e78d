"""What receiving needs of a callback: who it is about and how it is signed. Its fields are read by smile/results.py."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dashboard.smile.results import parse_result
from dashboard.smile.typed import fold, number_key

MAX_FACT = 200  # Longer ones are still in the body; what is searched and shown in lists stays short.
MILLISECONDS_BEGIN_AT = 10**11  # As seconds this is the year 5138, as milliseconds 1973.


class Facts(NamedTuple):
    timestamp: str | int | float | None
    signature: str | None  # or a sec_key, which a partner with a legacy key gets instead
    has_signature: bool  # also true when it is not even text
    job_id: str
    smile_job_id: str
    job_type: int | None
    country: str | None
    id_type: str | None
    id_number: str
    result_code: str | None
    result_text: str | None
    search_text: str

    @property
    def signed_at(self) -> datetime | None:
        return read_timestamp(self.timestamp)


def read_facts(payload: dict[str, Any]) -> Facts:
    """In either shape: that of job_status is read through its `result`, and signed around it."""
    result = parse_result(payload)
    signature = payload.get("signature") or payload.get("sec_key")
    timestamp = payload.get("timestamp")
    is_readable = isinstance(timestamp, str | int | float) and not isinstance(timestamp, bool)
    job_id, smile_job_id = result.job_id[:MAX_FACT], result.smile_job_id[:MAX_FACT]
    result_code, result_text = _short(result.code), _short(result.text)
    country, id_type = result.value("Country")[:MAX_FACT], result.value("IDType")[:MAX_FACT]
    # Ids, codes and kinds only: what describes the customer is never searchable in plain text.
    ids = [job_id, result.user_id[:MAX_FACT], smile_job_id]
    kinds = [result.value("ResultType")[:MAX_FACT], result.value("Source")[:MAX_FACT], country, id_type]
    searchable = " ".join(filter(None, [*ids, result_code, result_text, *kinds])).lower()
    return Facts(
        timestamp=timestamp if is_readable and timestamp != "" else None,
        signature=signature if isinstance(signature, str) else None,
        has_signature=bool(signature),
        job_id=job_id,
        smile_job_id=smile_job_id,
        job_type=result.job_type,
        country=country or None,
        id_type=id_type or None,
        id_number=number_key(result.value("IDNumber")[:MAX_FACT]),
        result_code=result_code,
        result_text=result_text,
        search_text=with_folded_ids(searchable, ids),
    )


def with_folded_ids(search_text: str, ids: Sequence[str]) -> str:
    """Behind the text, each id as it is compared in search, where that is something else.

    A mark before each keeps them apart from whole words, by which a person is found.
    """
    folded = dict.fromkeys(fold(each) for each in ids)
    return " ".join([search_text, *(f"~{each}" for each in folded if each and each not in search_text.split())])


def read_timestamp(value: str | float | None) -> datetime | None:
    """ISO 8601, or a number of seconds or milliseconds; a time without zone counts as UTC."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit()):
            return _read_iso(value)
        if len(value) > 18:
            return None
        value = int(value)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS_BEGIN_AT else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _short(text: str | None) -> str | None:
    return text[:MAX_FACT] if text else None
