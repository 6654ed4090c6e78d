"""What Smile answers, with types. Reading is tolerant: a field of an unexpected type counts as absent.

Every answer keeps all that was sent in `payload`, and a new field of Smile's is found there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.smile.results import text_of
from dashboard.smile.v3.constants import Decision

Payload = dict[str, Any]
_DECISIONS = frozenset(Decision)


@dataclass(frozen=True)
class Accepted:
    """A job that Smile accepted; its result follows. created_at: None where the answer does not say it.

    https://github.com/smileidentity/api-reference
    """

    job_id: str
    user_id: str
    message: str = ""
    created_at: datetime | None = None
    payload: Payload = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class JobStatus:
    """The status of a job: its decision, and nothing about its reason or data.

    status: "processing", "not_found", a `Decision`, or a word that is new. created_at: when the answer was made.

    https://github.com/smileidentity/api-reference
    """

    status: str
    job_id: str
    user_id: str = ""
    message: str = ""
    created_at: datetime | None = None
    payload: Payload = field(default_factory=dict, repr=False)

    @property
    def decision(self) -> Decision | None:
        """The decision, or None while there is none."""
        return Decision(self.status) if self.status in _DECISIONS else None

    @property
    def is_final(self) -> bool:
        """Whether the job is finished."""
        return self.status not in ("processing", "not_found", "")


@dataclass(frozen=True)
class Result:
    """The result of a job, from a webhook or a synchronous answer.

    status: as in `JobStatus`. reason: Smile's word for it, "" if the person passed. product: its name.
    id_fields, image_links: {} where there are none. created_at, completed_at: None where they are not said.

    https://github.com/smileidentity/api-reference
    """

    status: str
    reason: str
    message: str
    product: str
    job_id: str
    user_id: str
    created_at: datetime | None = None
    completed_at: datetime | None = None
    partner_params: Payload = field(default_factory=dict, repr=False)
    id_fields: Payload = field(default_factory=dict, repr=False)
    image_links: Payload = field(default_factory=dict, repr=False)
    people: list[Payload] = field(default_factory=list, repr=False)
    payload: Payload = field(default_factory=dict, repr=False)

    @property
    def decision(self) -> Decision | None:
        """The decision, or None while there is none."""
        return Decision(self.status) if self.status in _DECISIONS else None

    @property
    def is_fraud_detected(self) -> bool:
        """Whether Smile saw signs of fraud; a result that is clear may have them, and should be looked at."""
        summary = table(table(self.payload, "antifraud"), "summary")
        return summary.get("fraud_detected") is True


@dataclass(frozen=True)
class Webhook:
    """A webhook whose signature is the partner's.

    The signature covers the moment it was sent and the partner id, not the result: `sent_at` says how old it is, and
    only the job's status confirms what it claims. None if the moment cannot be read.
    """

    result: Result
    sent_at: datetime | None


@dataclass(frozen=True)
class Queued:
    """A replay or a report of fraud that Smile accepted. job_id: "" for a report.

    https://github.com/smileidentity/api-reference
    """

    user_id: str
    job_id: str = ""
    message: str = ""
    payload: Payload = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Link:
    """A Smile Link. link: its address. ref_id: for `Links.get`. user_id: "" unless it was given.

    https://github.com/smileidentity/api-reference
    """

    link: str
    ref_id: str
    user_id: str = ""
    payload: Payload = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class News:
    """One page of the news about a person. articles: the objects of the answer. total: of all pages.

    https://github.com/smileidentity/api-reference
    """

    articles: list[Payload] = field(repr=False)
    page: int
    total: int
    payload: Payload = field(default_factory=dict, repr=False)


def result_of(payload: Payload, headers: Mapping[str, str]) -> Result:
    """The result in a body. headers: hold the ids where the body does not; names in any case."""
    ids = {name.lower(): value for name, value in headers.items()}
    people = payload.get("people")
    return Result(
        status=word(payload, "status").lower(),
        reason=word(payload, "reason"),
        message=word(payload, "message"),
        product=word(payload, "product"),
        job_id=word(payload, "job_id") or ids.get("job-id", "") or ids.get("smileid-job-id", ""),
        user_id=word(payload, "user_id") or ids.get("user-id", ""),
        created_at=moment(payload, "created_at"),
        completed_at=moment(payload, "completed_at"),
        partner_params=table(payload, "partner_params"),
        id_fields=table(payload, "id_fields"),
        image_links=table(payload, "image_links"),
        people=[each for each in people if isinstance(each, dict)] if isinstance(people, list) else [],
        payload=payload,
    )


def word(payload: Mapping[str, Any], name: str) -> str:
    """A text, "" if it is missing or no text."""
    value = payload.get(name)
    return text_of(value) if isinstance(value, str) else ""


def table(payload: Mapping[str, Any], name: str) -> Payload:
    """An object, {} if it is missing or none."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def rows(payload: Mapping[str, Any], name: str) -> list[Payload]:
    """The objects of a list, [] if it is missing or none."""
    value = payload.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(payload: Mapping[str, Any], name: str) -> int:
    """A whole number of 0 or more, 0 if it is missing or none."""
    value = payload.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def moment(payload: Mapping[str, Any], name: str) -> datetime | None:
    """A moment with its zone, None if it is missing or none."""
    return moment_of(payload.get(name))


def moment_of(text: Any) -> datetime | None:
    """The moment that ISO 8601 text with a zone names, else None."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
