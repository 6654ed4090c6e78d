"""Reads the sentences that callbacks of earlier versions hold, where something depends on them. Nothing else does."""

from dashboard.callbacks.models import Callback, Step

#: How the text of an orphan's last step began, and the kind of that step today.
BEGINNINGS = {
    "It came to the address of job ": "at_other_address",
    "It names no job,": "names_no_job",
    "No job here has the id ": "names_unknown_job",
}


def job_step_in_legacy_text(step: Step) -> str | None:
    """The kind of a step that says in words why its callback belongs to no job. No column says it."""
    if step["passed"] is not False:
        return None
    return next((kind for begins, kind in BEGINNINGS.items() if str(step.get("text")).startswith(begins)), None)


def legacy_reason_without_job(callback: Callback) -> str:
    """The reason of an earlier orphan whose job is now known, without the words of the last step at its end."""
    return callback.reason.removesuffix(callback.steps[-1].get("text", "")).rstrip() if callback.steps else ""
