"""Warnings on purpose: what an answer says besides its outcome, and the separate callback of Smile Secure.

POST /_sandbox/warnings with `{"warnings": ["number_seen_before", ...], "smile_secure": "none|suspects|failed"}`, or the
console, sets them for all jobs that are processed from then on. `sandbox_warnings` in partner_params sets them for one
job: the same names in one text, separated by commas, and `smile_secure_...`. POST /_sandbox/smile-secure with
`{"job_id", "result": "none|suspects|failed"}` sends a callback about an existing job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import WRONG_TYPE, Refused
from dashboard.sandbox.world.store import Job, Store
from dashboard.smile.constants import JobType

#: Smile Secure's results: code, text. https://docs.usesmileid.com/products/for-individuals-kyc/smile-secure
SMILE_SECURE = {
    "none": ("5210", "No Suspect Users Found"),
    "suspects": ("5211", "Suspect Users Found"),
    "failed": ("5212", "System Error"),
}
#: The job types whose faces Smile Secure compares.
SEARCHED_JOB_TYPES = frozenset(
    {JobType.BIOMETRIC_KYC, JobType.SMARTSELFIE_AUTHENTICATION, JobType.DOCUMENT_VERIFICATION}
)
#: The earlier users where the simulator knows no others.
SAMPLE_USERS = ("sample-user-1", "sample-user-2")


def _number_seen_before(users: list[str]) -> Json:
    return {"IDNumberPreviouslyRegistered": True, "UserIDsOfPreviousRegistrants": users}


def _suspects(reason: str, users: list[str]) -> Json:
    suspects = [{"user_id": user, "reasons": [reason]} for user in users]
    code, text = SMILE_SECURE["suspects"]
    secure = {"ResultCode": code, "ResultText": text, "SuspectUsers": suspects}
    return {
        "Antifraud": {
            "summary": {"fraud_detected": True, "fraud_sources": ["smile_secure"]},
            "smile_secure": secure,
        }
    }


#: What each warning adds to an answer; `Actions` are merged.
#: Undocumented: the names of the checks for copies and tampering.
WARNINGS: Mapping[str, Callable[[list[str]], Json]] = {
    "number_seen_before": _number_seen_before,
    "face_seen_before": lambda users: _suspects("same-person", users),
    "suspects": lambda users: _suspects("shared-device", users),
    "deceased": lambda _: {"IDStatus": "Deceased", "DateOfDeath": "2020-02-01"},
    "not_alive": lambda _: {"IsAlive": False},
    "document_expired": lambda _: {"ExpirationDate": "2020-11-26"},
    "document_copied": lambda _: {"Actions": {"Document_Copy_Check": "Failed"}},
    "document_tampered": lambda _: {"Actions": {"Document_Tamper_Check": "Failed"}},
    "id_not_active": lambda _: {"IDStatus": "Suspended"},
    "name_differs": lambda _: {"Actions": {"Names": "Partial Match"}},
    "details_differ": lambda _: {"Actions": {"DOB": "No Match"}},
    "on_watch_list": lambda _: {
        "no_of_persons_found": 1,
        "people": [{"name": "Joe Doe", "pep": {"count": 1}, "sanctions": [], "adverse_media": {"count": 0}}],
    },
}
IN_PARAMS = "sandbox_warnings"
SECURE_IN_PARAMS = {f"smile_secure_{result}": result for result in SMILE_SECURE}


@dataclass(frozen=True)
class WarningSwitch:
    """The warnings of all jobs from now on: names of WARNINGS, and a key of SMILE_SECURE or ""."""

    names: tuple[str, ...] = ()
    smile_secure: str = ""


def read_switch(names: object, smile_secure: object) -> WarningSwitch:
    """The switch that a request describes. Raises Refused (2204) for an unknown name."""
    if not isinstance(names, list) or not all(isinstance(name, str) and name in WARNINGS for name in names):
        raise Refused(WRONG_TYPE, f"warnings must be a list of {', '.join(WARNINGS)}")
    if smile_secure not in (None, "") and smile_secure not in SMILE_SECURE:
        raise Refused(WRONG_TYPE, f"smile_secure must be one of {', '.join(SMILE_SECURE)}")
    return WarningSwitch(tuple(dict.fromkeys(names)), str(smile_secure or ""))


def check_params(params: Json) -> None:
    """Check the warnings that partner_params ask for. Raises Refused (2204) for an unknown name."""
    wished = params.get(IN_PARAMS)
    known = {*WARNINGS, *SECURE_IN_PARAMS}
    if wished is not None and (not isinstance(wished, str) or not set(_names(wished)) <= known):
        raise Refused(WRONG_TYPE, f"Error - {IN_PARAMS} must be a text of {', '.join(sorted(known))}")


def with_warnings(entry: Json, job: Job, outcome: str, switch: WarningSwitch, store: Store) -> Json:
    """A result of `job` with its warnings added; errors and the ID step have none."""
    if outcome in ("error", "step"):
        return entry
    wished = _names(job.partner_params.get(IN_PARAMS))
    for name in [*switch.names, *(name for name in wished if name in WARNINGS and name not in switch.names)]:
        added = WARNINGS[name](_others(job, store))
        entry = entry | added | {"Actions": entry["Actions"] | added.get("Actions", {})}
    return entry


def smile_secure_entry(job: Job, switch: WarningSwitch, store: Store) -> Json | None:
    """The body of Smile Secure's separate callback, unsigned; None if none is set, or the product has none.

    https://docs.usesmileid.com/products/for-individuals-kyc/smile-secure
    """
    wished = _names(job.partner_params.get(IN_PARAMS))
    result = next((SECURE_IN_PARAMS[name] for name in wished if name in SECURE_IN_PARAMS), switch.smile_secure)
    if not result or job.job_type not in SEARCHED_JOB_TYPES:
        return None
    return smile_secure_result(job, result, store)


def smile_secure_result(job: Job, result: str, store: Store) -> Json:
    """The body of Smile Secure's callback for a chosen result, unsigned.

    result: a key of SMILE_SECURE.
    Returns `Antifraud`, `PartnerParams`, `ResultCode`, `ResultText` and `SmileJobID`.

    https://docs.usesmileid.com/products/for-individuals-kyc/smile-secure
    """
    code, text = SMILE_SECURE[result]
    users = _others(job, store) if result == "suspects" else []
    return {
        "Antifraud": {"SuspectUsers": [{"user_id": user, "reason": "same-person"} for user in users]},
        "PartnerParams": dict(job.partner_params),
        "ResultCode": code,
        "ResultText": text,
        "SmileJobID": job.smile_job_id,
    }


def _names(text: object) -> list[str]:
    """The names in a text with commas; none for another type, since not every endpoint checks it."""
    return [] if not isinstance(text, str) else [name.strip() for name in text.split(",") if name.strip()]


def _others(job: Job, store: Store) -> list[str]:
    """Up to two other users with the same number, or else made-up ones."""
    number = job.id_info.get("id_number")
    with store.lock:
        users = [
            other.user_id
            for other in reversed(store.jobs.values())
            if number and other.user_id != job.user_id and other.id_info.get("id_number") == number
        ]
    return list(dict.fromkeys(users))[:2] or list(SAMPLE_USERS)
