"""The reasons for refusing a delivery, as stored and in words."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from dashboard.web.pages.locales import Formats


class RefusalReason(StrEnum):
    MEDIA_TYPE = "media_type"
    NO_MEDIA_TYPE = "no_media_type"
    ENCODED = "encoded"
    NETWORK = "network"
    TOO_LARGE = "too_large"
    ENDED_EARLY = "ended_early"
    TOO_SLOW = "too_slow"
    THROTTLED = "throttled"
    UNKNOWN_KEY = "unknown_key"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    NOT_A_NUMBER = "not_a_number"
    LONG_NUMBER = "long_number"
    NESTED = "nested"
    SURROGATE = "surrogate"
    NUL_IN_KEY = "nul_in_key"


WORDS = {
    RefusalReason.MEDIA_TYPE: "not sent as application/json",
    RefusalReason.NO_MEDIA_TYPE: "no content type",
    RefusalReason.ENCODED: "compressed or otherwise encoded",
    RefusalReason.NETWORK: "network not allowed",
    RefusalReason.TOO_LARGE: "larger than 2 MB",
    RefusalReason.ENDED_EARLY: "ended early",
    RefusalReason.TOO_SLOW: "arrived too slowly",
    RefusalReason.THROTTLED: "too many without a valid signature",
    RefusalReason.UNKNOWN_KEY: "address of an unknown job",
    RefusalReason.NOT_UTF8: "not UTF-8",
    RefusalReason.NOT_JSON: "not JSON",
    RefusalReason.NOT_AN_OBJECT: "JSON, but not an object",
    RefusalReason.DUPLICATE_KEY: "same key twice",
    RefusalReason.NOT_A_NUMBER: "NaN or Infinity",
    RefusalReason.LONG_NUMBER: "number too long",
    RefusalReason.NESTED: "nested too deeply",
    RefusalReason.SURROGATE: "half of a surrogate pair",
    RefusalReason.NUL_IN_KEY: "NUL in a field name",
}


def refused_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """The line on a job's timeline, such as "1 delivery for this job was refused: not JSON."."""
    reasons = Counter(facts["reasons"])
    total = reasons.total()
    subject = "1 delivery for this job was refused"
    if total > 1:
        last = formats.moment(datetime.fromisoformat(facts["last_at"]))
        subject = f"{formats.number(total)} deliveries for this job were refused, the last {last}"
    causes = [(WORDS[RefusalReason(reason)], count) for reason, count in reasons.most_common()]
    if len(causes) == 1:
        return f"{subject}: {causes[0][0]}."
    return f"{subject}: {', '.join(f'{words} ({formats.number(count)})' for words, count in causes)}."
