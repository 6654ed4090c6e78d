"""Reads a callback: its body strictly as JSON, then the facts that receiving needs, of body and headers."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.jobs.submitting.markers import MARKER
from dashboard.smile.results import parse_result
from dashboard.smile.typed import fold, number_key
from dashboard.smile.v3_names import summary_of

MAX_DEPTH = 32
MAX_DIGITS = 100  # Smile's numbers have at most about twenty; Python is slow with thousands.
#: RFC 8259, section 8.1: senders must not add one, and readers may ignore it. Some tools add it by default.
BYTE_ORDER_MARK = "\ufeff"
NUL, NUL_MARK = "\0", "\N{REPLACEMENT CHARACTER}"
MAX_FACT = 200  # Longer values are still in the body; what is searched and listed stays short.
MILLISECONDS_BEGIN_AT = 10**11  # As seconds this is the year 5138, as milliseconds 1973.
#: Where v3 signs, and where it names its ids; names of headers are in lower case here.
SIGNATURE_HEADER, TIMESTAMP_HEADER = "response-signature", "response-timestamp"
JOB_HEADER, USER_HEADER = "job-id", "user-id"
MOST_IN_HEADER = 3
HIDDEN, DIGEST = "[masked]", "sha256:"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Malformed(Exception):
    """The body is not JSON that we accept. The message quotes nothing from the body."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a repeated key: one parser may use the first value, another the last."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed(RefusalReason.DUPLICATE_KEY, "The JSON has the same key twice in one object.")
    return fields


def _no_constant(_: str) -> NoReturn:
    raise Malformed(RefusalReason.NOT_A_NUMBER, "The JSON contains NaN or Infinity.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(RefusalReason.LONG_NUMBER, "The JSON contains a number that is too long.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or math.isinf(number):
        raise Malformed(RefusalReason.LONG_NUMBER, "The JSON contains a number that is too large.")
    return number


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
)


def parse(body: bytes) -> dict[str, Any]:
    """Reads the body as a JSON object. A NUL becomes a visible mark: databases reject it in text."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(RefusalReason.NOT_UTF8, "The body is not UTF-8.") from None
    try:
        value = DECODER.decode(text.removeprefix(BYTE_ORDER_MARK))
    except RecursionError:
        raise Malformed(RefusalReason.NESTED, "The JSON is nested too deeply.") from None
    except json.JSONDecodeError:
        raise Malformed(RefusalReason.NOT_JSON, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Malformed(RefusalReason.NOT_AN_OBJECT, "The JSON is not an object.")
    # Only an escape can produce a NUL or half of a surrogate pair, and so few brackets cannot be nested too deeply.
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        _check_nesting_and_text(value)
    return _with_marks(value) if "\\u0000" in text else value


def _check_nesting_and_text(value: dict[str, Any]) -> None:
    """Checks depth and texts without recursion, since a deep body would exhaust the stack."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            parts = [*container, *container.values()] if isinstance(container, dict) else container
            if isinstance(container, dict) and any(NUL in key for key in container):
                raise Malformed(RefusalReason.NUL_IN_KEY, "The JSON contains a NUL character in a key.")
            for part in parts:
                if isinstance(part, str):
                    _check_text(part)
                elif isinstance(part, dict | list):
                    below.append(part)
        if not below:
            return
        level = below
    raise Malformed(RefusalReason.NESTED, "The JSON is nested too deeply.")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed(RefusalReason.SURROGATE, "The JSON contains half of a surrogate pair.") from None


def _with_marks(value: Any) -> Any:
    """Replaces each NUL by a mark. It may be recursive, since the depth was checked."""
    if isinstance(value, str):
        return value.replace(NUL, NUL_MARK)
    if isinstance(value, dict):
        return {key: _with_marks(part) for key, part in value.items()}
    return [_with_marks(part) for part in value] if isinstance(value, list) else value


class Pair(NamedTuple):
    """A timestamp and its signature, from the headers if they hold a signature, else from the body.

    Of a signature in a header only `digest` is known: what is stored of it is its digest. None if it is no signature.
    """

    timestamp: str | int | float | None
    signature: str | None  # or a sec_key, which partners with a legacy key get instead
    has_signature: bool  # true even if it is not text
    is_in_header: bool = False
    digest: str | None = None
    is_several: bool = False  # the header came several times, or is a list
    is_in_body_too: bool = False  # that one is never judged


class Facts(NamedTuple):
    pair: Pair
    job_id: str  # what it calls its job: our id, or with v3 Smile's
    smile_job_id: str
    job_type: int | None
    country: str | None
    id_type: str | None
    id_number: str
    result_code: str | None
    result_text: str | None
    search_text: str
    is_v3: bool  # the shape of the body
    named_ids: frozenset[str]  # of v3: by body and headers; two contradict each other
    product: str  # as v3 names it
    marker: str

    @property
    def signed_at(self) -> datetime | None:
        return read_timestamp(self.pair.timestamp)


def read_facts(payload: dict[str, Any], headers: Mapping[str, str] = NO_HEADERS) -> Facts:
    """Reads a body of either generation. `headers`: as they are stored, with names in lower case.

    That of job_status holds its facts in `result` and is signed outside of it. v3 may name its ids in headers alone.
    """
    result = parse_result(payload)
    job_id, smile_job_id, user_id, result_code = result.job_id, result.smile_job_id, result.user_id, result.code
    product = marker = ""
    named_ids = frozenset[str]()
    if result.is_v3:
        named_ids = frozenset({smile_job_id, headers.get(JOB_HEADER, "")} - {""})
        job_id = smile_job_id = smile_job_id or headers.get(JOB_HEADER, "")
        user_id = user_id or headers.get(USER_HEADER, "")
        result_code = summary_of(result.decision, result_code)
        product, marker = _text_in(payload, "product"), _text_in(payload.get("partner_params"), MARKER)
    job_id, smile_job_id = job_id[:MAX_FACT], smile_job_id[:MAX_FACT]
    result_code, result_text = _short(result_code), _short(result.text)
    country, id_type = result.value("Country")[:MAX_FACT], result.value("IDType")[:MAX_FACT]
    # Ids, codes and kinds only: personal data is never searchable in plain text.
    ids = [job_id, user_id[:MAX_FACT], *([] if result.is_v3 else [smile_job_id])]
    kinds = [result.value("ResultType")[:MAX_FACT], result.value("Source")[:MAX_FACT], country, id_type]
    searchable = " ".join(filter(None, [*ids, result_code, result_text, *kinds])).lower()
    return Facts(
        pair=_pair_in_header(payload, headers) if SIGNATURE_HEADER in headers else _pair_in_body(payload),
        job_id=job_id,
        smile_job_id=smile_job_id,
        job_type=result.job_type,
        country=country or None,
        id_type=id_type or None,
        id_number=number_key(result.value("IDNumber")[:MAX_FACT]),
        result_code=result_code,
        result_text=result_text,
        search_text=with_folded_ids(searchable, ids),
        is_v3=result.is_v3,
        named_ids=named_ids,
        product=product,
        marker=marker,
    )


def shown_signature(header: str) -> str:
    """What is stored of a signature in a header: its digest, since the signature itself would fit any other body.

    A header that came several times is a list here. What is no signature is only marked.
    """
    return ",".join(_shown_part(part) for part in header.split(",", MOST_IN_HEADER)[:MOST_IN_HEADER])


def _shown_part(text: str) -> str:
    digest = digest_of_signature(text)
    return f"{DIGEST}{digest}" if digest else HIDDEN if text.strip() else ""


def _pair_in_header(payload: dict[str, Any], headers: Mapping[str, str]) -> Pair:
    shown = headers[SIGNATURE_HEADER]
    return Pair(
        timestamp=headers.get(TIMESTAMP_HEADER) or None,
        signature=None,
        has_signature=bool(shown),
        is_in_header=True,
        digest=shown.removeprefix(DIGEST) if shown.startswith(DIGEST) and "," not in shown else None,
        is_several="," in shown,
        is_in_body_too=bool(payload.get("signature") or payload.get("sec_key")),
    )


def _pair_in_body(payload: dict[str, Any]) -> Pair:
    signature = payload.get("signature") or payload.get("sec_key")
    timestamp = payload.get("timestamp")
    is_readable = isinstance(timestamp, str | int | float) and not isinstance(timestamp, bool)
    return Pair(
        timestamp=timestamp if is_readable and timestamp != "" else None,
        signature=signature if isinstance(signature, str) else None,
        has_signature=bool(signature),
    )


def _text_in(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value[:MAX_FACT] if isinstance(value, str) else ""


def with_folded_ids(search_text: str, ids: Sequence[str]) -> str:
    """Appends each id in the form that search compares, where it differs from the id as written.

    A mark in front of each sets them apart from whole words, which are used to find a person.
    """
    folded = dict.fromkeys(fold(each) for each in ids)
    return " ".join([search_text, *(f"~{each}" for each in folded if each and each not in search_text.split())])


def read_timestamp(value: str | float | None) -> datetime | None:
    """Reads ISO 8601, or a number of seconds or milliseconds. A time without a zone counts as UTC."""
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
