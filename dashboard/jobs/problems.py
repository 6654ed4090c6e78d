"""Why a job makes no progress, as a kind and facts: stored on the job and its timeline, worded when shown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dashboard.feature import EventWords
from dashboard.jobs.models import Job
from dashboard.jobs.smile_api.job_lookup import JobLookupUnclear
from dashboard.jobs.smile_api.refusals import refusal_facts, refusal_words
from dashboard.jobs.smile_api.smile_clock import SmileClock, clock_in_words
from dashboard.smile import Refused, SmileError
from dashboard.web.pages.locales import Formats, formats_here

#: {"kind": a ProblemKind, "facts": {...}}, as JSON.
Problem = dict[str, Any]


class ProblemKind(StrEnum):
    NO_ANSWER = "no_answer"
    NO_TOKEN = "no_token"  # noqa: S105  # the name of a problem, not a token
    REFUSED = "refused"
    REFUSED_HERE = "refused_here"
    UNREADABLE = "unreadable"
    ADDRESS_REFUSED = "address_refused"
    KNOWN_ALREADY = "known_already"
    CLOCK_OFF = "clock_off"
    CUSTOMER_GAVE_UP = "customer_gave_up"
    NO_RESULT = "no_result"
    START_BROKE_OFF = "start_broke_off"
    MAY_HAVE_ARRIVED = "may_have_arrived"
    NO_CALLBACK = "no_callback"
    NOT_KNOWN = "not_known"


def problem(kind: ProblemKind, **facts: Any) -> Problem:
    return {"kind": kind.value, "facts": facts}


def problem_of(error: SmileError, kind: ProblemKind = ProblemKind.NO_ANSWER) -> Problem:
    """The problem behind an error; `kind` applies where Smile did not refuse."""
    if isinstance(error, JobLookupUnclear):
        error = error.refusal
    if isinstance(error, Refused):
        return problem(ProblemKind.REFUSED, **refusal_facts(error))
    return problem(kind, said=str(error))


def problem_of_clock(clock: SmileClock, *, is_followed: bool = True) -> Problem:
    """The clock is off, in whole minutes: the same problem then has the same facts each time.

    `is_followed`: whether the job continues by itself.
    """
    minutes = round((clock.offset_seconds or 0) / 60)
    return problem(ProblemKind.CLOCK_OFF, offset_minutes=minutes, is_followed=is_followed)


def at_the_last_attempt(found: Problem) -> Problem:
    return found | {"is_last": True}


def fixed_words(words: str) -> EventWords:
    return lambda _facts, _formats: words


def _clock_off(facts: Mapping[str, Any], formats: Formats) -> str:
    off = clock_in_words(facts["offset_minutes"] * 60, formats)
    said = f"Smile refuses our signatures: {off}."
    return f"{said} The job continues by itself once the clock is set." if facts["is_followed"] else said


def _may_have_arrived(facts: Mapping[str, Any], _: Formats) -> str:
    said = f" {facts['said'].rstrip('.')}." if facts["said"] else ""
    follows = "A callback can still settle it" if facts["has_callback"] else "This product has no callback"
    return f"Smile's answer was lost, so Smile may have this job and may have charged it.{said} {follows}."


def _no_callback(facts: Mapping[str, Any], _: Formats) -> str:
    if facts["is_from_link"]:
        return "No callback came within seven days, so whether Smile has the verification is not known."
    return (
        "Nothing came from Smile within seven days, so whether it has this job is not known. It may have been charged."
    )


WORDS: dict[ProblemKind, EventWords] = {
    ProblemKind.NO_ANSWER: lambda facts, _: facts["said"],
    ProblemKind.NO_TOKEN: lambda facts, _: f"Smile gave no web token: {facts['said']}",
    ProblemKind.REFUSED: lambda facts, _: refusal_words(facts),
    ProblemKind.REFUSED_HERE: lambda facts, _: facts["said"],
    ProblemKind.UNREADABLE: fixed_words("The stored data of this job cannot be read: a key or an image is missing."),
    ProblemKind.ADDRESS_REFUSED: fixed_words("The upload address was refused; a new one is fetched."),
    ProblemKind.KNOWN_ALREADY: fixed_words("Smile already has this job; asking for its status."),
    ProblemKind.CLOCK_OFF: _clock_off,
    ProblemKind.CUSTOMER_GAVE_UP: fixed_words(
        "The customer did not finish within a day. Send the link again if the verification is still needed."
    ),
    ProblemKind.NO_RESULT: fixed_words(
        "Smile gave no result within seven days. Ask Smile's support and quote the ids below."
    ),
    ProblemKind.START_BROKE_OFF: fixed_words(
        "The start was interrupted on our side before Smile was asked. The link works again."
    ),
    ProblemKind.MAY_HAVE_ARRIVED: _may_have_arrived,
    ProblemKind.NO_CALLBACK: _no_callback,
    ProblemKind.NOT_KNOWN: fixed_words("Smile accepted this job but does not find it yet; it is asked again."),
}


def problem_words(found: Problem, formats: Formats) -> str:
    words = WORDS[ProblemKind(found["kind"])](found["facts"], formats)
    if not found.get("is_last"):
        return words
    return f"{words.rstrip('.')}. All attempts are used up; run it again when Smile can be reached."


def problem_text(job: Job) -> str | None:
    """The job's problem, worded for the reader. Older jobs hold the words themselves."""
    return problem_words(job.problem, formats_here()) if job.problem else job.last_error


#: The value of `Job.disagreement` while there is one; its words are made from `disagreement_facts`.
CONTRADICTED = "contradicted"


def disagreement_words(facts: Mapping[str, Any]) -> str:
    claimed, confirmed = (outcome_and_code(facts, who) for who in ("claimed", "confirmed"))
    return f"A callback claimed {claimed}, but Smile confirms {confirmed}."


def outcome_and_code(facts: Mapping[str, Any], who: str) -> str:
    """What a claim or Smile says. v3 has no code, and /v3/status confirms no reason."""
    code = facts[f"{who}_code"]
    if not code:
        return str(facts[who])
    return f"{facts[who]} (code {code})" if code.isdigit() else f"{facts[who]} ({code.replace('_', ' ')})"


def disagreement_text(job: Job) -> str | None:
    """The job's disagreement, worded for the reader. Older jobs hold the words themselves."""
    return disagreement_words(job.disagreement_facts) if job.disagreement_facts else job.disagreement
