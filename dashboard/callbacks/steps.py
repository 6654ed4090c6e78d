"""The checks of a callback, each as a kind and facts. step_words.py words them when they are shown."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from dashboard.callbacks.earlier_texts import job_step_in_legacy_text
from dashboard.callbacks.models import Step, Verdict


class StepKind(StrEnum):
    WELL_FORMED = "well_formed"
    SIGNED_IN_HEADERS = "signed_in_headers"
    SIGNED_IN_BOTH = "signed_in_both"
    # The timestamp.
    AGE = "age"
    AGE_UNKNOWN = "age_unknown"
    # The signature.
    NO_SIGNATURE = "no_signature"
    NO_TIMESTAMP = "no_timestamp"
    EMPTY_HEADER = "empty_header"
    NO_TIMESTAMP_HEADER = "no_timestamp_header"
    SEVERAL_SIGNATURES = "several_signatures"
    NOT_A_SIGNATURE = "not_a_signature"
    KEY_MATCHES = "key_matches"
    NO_KEY_MATCHES = "no_key_matches"
    OTHER_PARTNER = "other_partner"
    OTHER_ENVIRONMENT = "other_environment"
    RETIRED_KEY = "retired_key"
    # Other uses of the signature.
    OURS = "ours"
    NOT_OURS = "not_ours"
    NEVER_BEFORE = "never_before"
    SAME_MILLISECOND = "same_millisecond"
    USED_BEFORE = "used_before"
    USED_FOR_SAME_JOB = "used_for_same_job"
    USED_FOR_NO_JOB = "used_for_no_job"
    USED_NOT_FRESH = "used_not_fresh"
    USED_FAR_APART = "used_far_apart"
    USED_TOO_OFTEN = "used_too_often"
    ACCEPTED_AS = "accepted_as"
    # The job that it belongs to.
    AT_ADDRESS = "at_address"
    AT_OTHER_ADDRESS = "at_other_address"
    NAMES_NO_JOB = "names_no_job"
    NAMES_UNKNOWN_JOB = "names_unknown_job"
    NAMES_OUR_JOB = "names_our_job"
    NAMES_TWO_JOBS = "names_two_jobs"
    AWAITS_ID = "awaits_id"
    # Replaces all of the above once they are erased.
    ERASED = "erased"
    # Checked when the callback is shown, and not stored.
    UNTOUCHED = "untouched"
    CHANGED = "changed"
    CANNOT_BE_OPENED = "cannot_be_opened"
    BODY_ERASED = "body_erased"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    CONTRADICTED = "contradicted"
    NOT_THIS_JOB = "not_this_job"


OF_AGE = frozenset({StepKind.AGE, StepKind.AGE_UNKNOWN})
OF_SIGNATURE = frozenset(
    {StepKind.NO_SIGNATURE, StepKind.NO_TIMESTAMP, StepKind.NOT_A_SIGNATURE, StepKind.KEY_MATCHES}
    | {StepKind.EMPTY_HEADER, StepKind.NO_TIMESTAMP_HEADER, StepKind.SEVERAL_SIGNATURES}
    | {StepKind.NO_KEY_MATCHES, StepKind.OTHER_PARTNER, StepKind.OTHER_ENVIRONMENT, StepKind.RETIRED_KEY}
)
#: Somebody else used the signature too.
ALARMS = frozenset(
    {StepKind.USED_BEFORE, StepKind.USED_FOR_SAME_JOB, StepKind.USED_FOR_NO_JOB}
    | {StepKind.USED_NOT_FRESH, StepKind.USED_FAR_APART, StepKind.USED_TOO_OFTEN}
)
OF_ORPHANS = frozenset(
    {StepKind.AT_OTHER_ADDRESS, StepKind.NAMES_NO_JOB, StepKind.NAMES_UNKNOWN_JOB, StepKind.NAMES_TWO_JOBS}
)
OF_ERASED = frozenset({StepKind.ERASED})
GONE = frozenset({StepKind.ERASED, StepKind.BODY_ERASED})
#: The steps that each verdict rests on, in the order of the sentence.
REASONS: dict[Verdict, tuple[frozenset[StepKind], ...]] = {
    Verdict.VALID: (OF_SIGNATURE, OF_AGE),
    Verdict.STALE: (OF_SIGNATURE, OF_AGE),
    Verdict.FUTURE: (OF_SIGNATURE, OF_AGE),
    Verdict.REUSED: (OF_SIGNATURE, ALARMS),
    Verdict.REFLECTED: (frozenset({StepKind.OURS}),),
    Verdict.WRONG: (OF_SIGNATURE,),
    Verdict.MISSING: (OF_SIGNATURE,),
    Verdict.DUPLICATE: (),  # Counted on the first one, and not stored.
}


def make_step(passed: bool | None, kind: StepKind, **facts: Any) -> Step:
    """Makes a step. `facts` must be JSON: times as ISO 8601, numbers as numbers."""
    return {"passed": passed, "kind": kind.value, "facts": facts}


def kind_of(step: Step) -> StepKind | None:
    """The kind of a step. None for one that was stored as text, unless something depends on it."""
    kind = step.get("kind") or job_step_in_legacy_text(step)
    return StepKind(kind) if kind else None


def reason_steps(verdict: Verdict, steps: Sequence[Step]) -> list[Step]:
    """The steps that are the reason for the verdict."""
    groups = (*REASONS[verdict], OF_ORPHANS, OF_ERASED)
    with_kinds = [(kind_of(step), step) for step in steps]
    return [step for group in groups for kind, step in with_kinds if kind in group]
