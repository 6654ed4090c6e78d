"""The name of a callback's verdict, and the advice on what to do next."""

from dashboard.callbacks.inspecting.proof import Proof
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.steps import StepKind, kind_of

NAMES = {
    Verdict.VALID: "Valid signature",
    Verdict.WRONG: "Wrong signature",
    Verdict.MISSING: "No signature",
    Verdict.STALE: "Stale timestamp",
    Verdict.FUTURE: "Future timestamp",
    Verdict.REUSED: "Reused signature",
    Verdict.REFLECTED: "Our own signature",
    Verdict.DUPLICATE: "Duplicate",
}
CONTRADICTED = "Do not act on this callback. Go by its job, which has Smile's own answer."
#: Smile did not send it, or not for this job.
SUSPICIOUS = (
    "Do not act on this callback. If it happens again, somebody has one of your signatures: replace the API key in "
    "Smile's portal and add the new one under Settings."
)
STEPS = {
    Verdict.WRONG: (
        "Nothing, unless Smile signs with a key that is missing here: in that case add it under Settings and press "
        "Process again."
    ),
    Verdict.MISSING: "Nothing. Smile signs what it sends, so this is treated as coming from somebody else.",
    Verdict.STALE: "Nothing. Its job goes by Smile's own answer, even if a callback arrives late.",
    Verdict.FUTURE: "Check that the clock of this machine is right, under Settings, Health.",
    Verdict.REUSED: SUSPICIOUS,
    Verdict.REFLECTED: SUSPICIOUS,
}
ORPHAN = (
    "Nothing, if its job was created elsewhere, such as with a web token or a Smile Link. Here its result is only a "
    "claim."
)
OF_ANOTHER_JOB = "Do not act on this callback. It names another job at Smile than the one at whose address it arrived."
IN_PROGRESS = "Wait: it will be passed to its job in a moment."
NOT_CONFIRMED = "Wait until Smile has confirmed it, or press Ask Smile now."
NOTHING = "Nothing to do. Its job goes by Smile's own answer."


def verdict_name(verdict: Verdict | str) -> str:
    return NAMES[Verdict(verdict)]


def callback_next(callback: Callback, proof: Proof) -> str:
    if callback.erased_at:
        return "Nothing to do. Its content was erased."
    if proof.alarm:
        return CONTRADICTED
    if callback.verdict in STEPS:
        return STEPS[callback.verdict]
    if callback.job_id is None:
        return ORPHAN
    if any(kind_of(step) == StepKind.NOT_THIS_JOB and step["passed"] is False for step in proof.steps):
        return OF_ANOTHER_JOB
    if not callback.handled_at:
        return IN_PROGRESS
    return NOTHING if proof.confirmed_at else NOT_CONFIRMED
