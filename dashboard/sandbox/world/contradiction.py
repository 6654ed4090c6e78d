"""The result of a lying callback: the opposite of what job_status says."""

from dashboard.sandbox.fields import Json
from dashboard.sandbox.world.outcomes import APPROVED, REJECTED, table
from dashboard.sandbox.world.store import Job
from dashboard.sandbox.world.v3_results import contradicted_body


def contradicted(job: Job, entry: Json, outcome: str) -> Json:
    """`entry` with code, text, type and actions of the opposite outcome; the rest stays true."""
    if job.version == "v3":
        return contradicted_body(entry)
    wanted = REJECTED if outcome == "approved" else APPROVED
    row = next(
        row for row in table() if row.product == job.product and row.sandbox_result == wanted and row.outcome != "step"
    )
    claim = entry | {
        "ResultCode": row.code,
        "ResultText": row.text,
        "ResultType": row.result_type,
        "IsFinalResult": "true",
        "Actions": dict(row.actions),
    }
    if row.confidence:
        claim["ConfidenceValue"] = row.confidence
    return claim
