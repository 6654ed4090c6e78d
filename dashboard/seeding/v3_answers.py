"""What v3 answers at once about a number, in the simulator's shape, with holes for the customer."""

from typing import Any

from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.world.store import Job as SimulatedJob
from dashboard.sandbox.world.v3_decisions import Verdict
from dashboard.sandbox.world.v3_results import result_body
from dashboard.seeding.forms import hole

#: By the names of endings in answers.py. The last one has a reason that nobody documented.
VERDICTS = {
    "APPROVED": Verdict("clear", ""),
    "REJECTED": Verdict("block", "high_risk"),
    "REVIEWED": Verdict("attention", "medium_risk"),
    "NOT_FOUND": Verdict("block", "identifier_not_found"),
    "BAD_FORMAT": Verdict("error", "invalid_id_number"),
    "AUTHORITY_DOWN": Verdict("error", "service_unavailable"),
    "UNDOCUMENTED": Verdict("clear", "under_further_assessment"),
}
POLICY = "https://example.com/privacy"


def v3_entry(product: str, ending: str, job_type: int) -> dict[str, Any]:
    """The body that decides a job of this product."""
    details = {
        "given_names": hole("first_name"),
        "last_name": hole("last_name"),
        "email": hole("email"),
        "phone_number": hole("phone"),
    }
    given = {
        "country": hole("country"),
        "id_type": hole("id_type"),
        "id_number": hole("digits"),
        "user_details": details,
        "consent": consent_of(hole("asked_at")),
    }
    job = SimulatedJob(
        hole("smile_job_id"),
        hole("user_id"),
        job_type,
        product,
        {"desk_job_id": hole("job_id")},
        hole("smile_job_id"),
        "https://portal.example.com",
        id_info=given,
        created_at=0.0,
        version="v3",
    )
    body = result_body(job, VERDICTS[ending], {}, SandboxSettings())
    body |= {"created_at": hole("asked_at"), "completed_at": hole("told_at")}
    if body["id_fields"]:
        names = {"first_name": hole("first_name"), "other_names": "", "last_name": hole("last_name")}
        body["id_fields"] |= names | {"full_name": hole("full_name"), "date_of_birth": hole("born")}
    return body


def consent_of(granted_at: str) -> dict[str, Any]:
    return {
        "granted": True,
        "granted_at": granted_at,
        "notice_language": "EN",
        "notice_privacy_policy_url": POLICY,
    }
