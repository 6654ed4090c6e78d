"""Reads the body of a v3 webhook or of an answer at once under the field names of v1, so that both read alike.

It stands beside the package `v3` and imports nothing from it, since reading an answer must not load a client.
https://github.com/smileidentity/api-reference
"""

from collections.abc import Mapping
from typing import Any

#: Fields that only a body of v1 has.
_OF_V1 = ("ResultCode", "result", "PartnerParams", "SmileJobID")
#: Name in v1 -> name in `id_fields`.
FIELDS = {
    "Country": "country",
    "IDType": "id_type",
    "IDNumber": "id_number",
    "FullName": "full_name",
    "FirstName": "first_name",
    "LastName": "last_name",
    "OtherName": "other_names",
    "DOB": "date_of_birth",
    "Gender": "gender",
    "PhoneNumber": "phone_number",
    "Address": "address",
    "IssuanceDate": "issuance_date",
    "ExpirationDate": "expiration_date",
}
_V1_NAMES = {own: name for name, own in FIELDS.items()}
#: What a finished job of v3 says, and what one says that is still running.
DECISIONS = frozenset({"clear", "block", "attention", "error"})
RUNNING = "processing"
#: Fields of the body that say nothing about the customer.
IMPERSONAL = frozenset(
    {"status", "message", "reason", "product", "created_at", "completed_at", "strict_match", "no_of_persons_found"}
)


def is_v3(payload: Mapping[str, Any]) -> bool:
    """Whether a body has the shape of v3: a status, and no field that only v1 has."""
    return isinstance(payload.get("status"), str) and not any(name in payload for name in _OF_V1)


def decision_in(payload: Mapping[str, Any]) -> str:
    """The word of its status in lower case."""
    return str(payload["status"])[:50].strip().lower()


def in_v1_names(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The result in a body of v3, under the names of v1. What has no name there is only in the body itself."""
    found = payload.get("id_fields")
    fields = found if isinstance(found, dict) else {}
    entry = {
        "ResultCode": payload.get("reason"),
        "ResultText": payload.get("message"),
        "SmileJobID": payload.get("job_id"),
        "PartnerParams": {"user_id": payload.get("user_id")},
        "KYCReceipt": payload.get("kyc_receipt"),
        "IsFinalResult": decision_in(payload) in DECISIONS,
    }
    for name, value in fields.items():
        if value is not None and (own := _V1_NAMES.get(name)):
            entry[own] = value
    return entry


def summary_of(decision: str, reason: str | None) -> str:
    """Decision and reason in one text, as a list shows them: "clear", "block: high_risk"."""
    return f"{decision}: {reason}" if reason else decision


def parts_of(summary: str) -> tuple[str, str | None]:
    """Decision and reason of such a text. The decision is "" for a text that is none, such as a code of v1."""
    decision, _, reason = summary.partition(": ")
    return (decision, reason or None) if decision in DECISIONS else ("", summary or None)
