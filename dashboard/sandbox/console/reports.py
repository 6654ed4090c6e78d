"""Reports about the simulator, for /_sandbox and the console."""

from dataclasses import asdict
from datetime import UTC, datetime

from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.outcomes import table
from dashboard.sandbox.world.store import Job


def requests(sandbox: Sandbox) -> list[Json]:
    """The request log, oldest first, with the fields of `RequestLog.open`; `at` is ISO 8601 in UTC."""
    return [entry | {"at": _iso(entry["at"])} for entry in sandbox.requests.listed()]


def jobs(sandbox: Sandbox) -> dict[str, Json]:
    """The jobs, by job_id.

    Each has its ids, `job_type`, `product`, the counts `prepared`, `zips`, `charged` and `results`, `state`, `success`,
    `result_code`, `result_text`, `created_at`, and `callbacks`: a list of {"url", "mode", "result_code",
    "next_attempt_at", "attempts"}. Moments are ISO 8601 in UTC.
    """
    with sandbox.store.lock:
        return {job_id: _job(job) for job_id, job in sandbox.store.jobs.items()}


def outcomes() -> list[Json]:
    """The rows of the table of outcomes, as dicts."""
    return [asdict(step) for step in table()]


def _job(job: Job) -> Json:
    return {
        "job_id": job.job_id,
        "user_id": job.user_id,
        "job_type": job.job_type,
        "product": job.product,
        "smile_job_id": job.smile_job_id,
        "created_at": _iso(job.created_at),
        "prepared": job.prepared,
        "zips": job.zips,
        "charged": job.charged,
        "state": job.state,
        "success": job.success,
        "version": job.version,
        "result_code": _code(job.result),
        "result_text": job.result.get("ResultText") or job.result.get("reason"),
        "results": len(job.history),
        "callbacks": [_delivery(delivery) for delivery in job.deliveries],
    }


def _delivery(delivery: Json) -> Json:
    return {
        "url": delivery["url"],
        "mode": delivery["mode"],
        "result_code": _code(delivery["entry"]),
        "next_attempt_at": _iso(delivery["due"]) if delivery["due"] is not None else None,
        "attempts": [answer | {"at": _iso(answer["at"])} for answer in delivery["attempts"]],
    }


def _code(entry: Json) -> str | None:
    """The code of a result; in v3 its decision."""
    return entry.get("ResultCode") or entry.get("status")


def _iso(moment: float) -> str:
    return iso(datetime.fromtimestamp(moment, UTC))
