"""Callbacks as JSON: the facts of the pages, under names that programs rely on."""

from typing import Any

from dashboard.callbacks.comparing import Line
from dashboard.callbacks.models import Callback, ProcessingRun
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.steps import reason_steps
from dashboard.callbacks.today import DayCount
from dashboard.smile.v3_names import parts_of
from dashboard.web.pages.answers import json_time


def callback_to_json(callback: Callback) -> dict[str, Any]:
    decision, code = parts_of(callback.result_code or "")
    return {
        "id": str(callback.id),
        "received_at": json_time(callback.received_at),
        "verdict": callback.verdict,
        "reason": reason_text(callback),
        "reason_facts": None if callback.reason else reason_steps(callback.verdict, callback.steps),
        "job_id": str(callback.job_id) if callback.job_id else None,
        "claimed_job_id": callback.claimed_job_id,
        "smile_job_id": callback.claimed_smile_job_id,
        "product": callback.product,
        "country": callback.country,
        "id_type": callback.id_type,
        "decision": decision or None,
        "result_code": code,
        "result_text": callback.result_text,
        "body_sha256": callback.body_sha256,
        "body_size": callback.body_size,
        "times_seen": callback.times_seen,
        "last_seen_at": json_time(callback.last_seen_at),
        "handled_at": json_time(callback.handled_at),
        "erased_at": json_time(callback.erased_at),
        "source_address": callback.source_address,
    }


def run_to_json(run: ProcessingRun) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "asked_by": run.asked_by,
        "asked_at": json_time(run.asked_at),
        "total": run.total,
        "done": run.done,
        "finished_at": json_time(run.finished_at),
    }


def today_to_json(counts: list[DayCount]) -> dict[str, int]:
    return {each.name: each.count for each in counts}


def lines_to_json(lines: list[Line]) -> list[dict[str, str]]:
    return [{"change": line.change, "text": line.text} for line in lines]
