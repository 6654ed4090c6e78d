"""Callbacks of before, which hold sentences: the only place that reads one of them to decide something."""

from dashboard.callbacks.models import Callback, Step

#: How the last step of an orphan began, and the kind that it has today.
BEGINNINGS = {
    "It came to the address of job ": "at_other_address",
    "It names no job,": "names_no_job",
    "No job here has the id ": "names_unknown_job",
}


def job_step_in_legacy_text(step: Step) -> str | None:
    """The kind of a step that says in words why its callback is nobody's. No column tells it."""
    if step["passed"] is not False:
        return None
    return next((kind for begins, kind in BEGINNINGS.items() if str(step.get("text")).startswith(begins)), None)


def legacy_reason_without_job(callback: Callback) -> str:
    """The reason of an orphan whose job is known by now. It was stored with the words of the last step behind it."""
    return callback.reason.removesuffix(callback.steps[-1].get("text", "")).rstrip() if callback.steps else ""
