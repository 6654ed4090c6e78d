"""Words the steps of a callback's proof, for one reader, when they are shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard.callbacks.models import Step
from dashboard.callbacks.steps import GONE, StepKind, kind_of
from dashboard.feature import EventWords
from dashboard.jobs.problems import fixed_words, outcome_and_code
from dashboard.web.pages.filters import duration_in_words
from dashboard.web.pages.locales import Formats, formats_here


def step_text(step: Step, formats: Formats | None = None) -> str:
    """The step in words, in the reader's formats. Steps of earlier versions hold their text."""
    if "text" in step:
        return str(step["text"])
    return WORDS[StepKind(step["kind"])](step["facts"], formats or formats_here())


def shown_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps for pages and JSON: whether each passed, its words and its facts."""
    return [
        {"passed": step["passed"], "text": step_text(step), "kind": step.get("kind"), "facts": step.get("facts", {})}
        | ({"is_erased": True} if "is_erased" in step or kind_of(step) in GONE else {})
        for step in steps
    ]


def _age(facts: Mapping[str, Any], formats: Formats) -> str:
    """The age, with the moment itself where that is too far off."""
    seconds = facts["age_seconds"]
    span = duration_in_words(timedelta(seconds=abs(seconds)), formats)
    when = f", {_moment(formats, facts['signed_at'])}," if "signed_at" in facts else ""
    return _counted(facts, f"The timestamp{when} is {f'{span} old' if seconds >= 0 else f'{span} ahead of our clock'}")


def _age_unknown(facts: Mapping[str, Any], _: Formats) -> str:
    return _counted(facts, "The timestamp is missing or cannot be read, so its age is unknown")


def _counted(facts: Mapping[str, Any], said: str) -> str:
    return f"{said}, which is ignored this time." if facts.get("is_ignored") else f"{said}."


def _moment(formats: Formats, text: str) -> str:
    moment = datetime.fromisoformat(text)
    try:
        return formats.moment(moment)
    except (OverflowError, ValueError):  # A sender may name a day at either end of the calendar.
        return text


def _key_matches(facts: Mapping[str, Any], formats: Formats) -> str:
    added = f" (added {_day(formats, facts['added_at'])})" if "added_at" in facts else ""
    return f"The signature matches key {facts['key']}{added}."


def _no_key_matches(facts: Mapping[str, Any], _: Formats) -> str:
    which = "the key" if facts["keys"] == 1 else f"any of the {facts['keys']} keys"
    return f"The signature does not match {which} of partner {facts['partner_id']}."


def _day(formats: Formats, text: str) -> str:
    return formats.day(datetime.fromisoformat(text))


def _same_millisecond(facts: Mapping[str, Any], formats: Formats) -> str:
    number = facts["others"]
    others = "Another callback" if number == 1 else f"{formats.number(number)} other callbacks"
    verb = "carries" if number == 1 else "carry"
    words = f"{others} of the same millisecond {verb} this signature, for another job, and arrived within seconds."
    return f"{words} So the result in this one does not count as a claim."


def _used_far_apart(facts: Mapping[str, Any], formats: Formats) -> str:
    apart = duration_in_words(timedelta(seconds=facts["apart_seconds"]), formats)
    return f"It also arrived for another job, {apart} apart, so it was not signed for both."


def _confirmed(facts: Mapping[str, Any], formats: Formats) -> str:
    seconds = facts["after_seconds"]
    span = duration_in_words(timedelta(seconds=abs(seconds)), formats)
    when = f"{span} later" if seconds >= 0 else f"{span} before it arrived"
    if facts["still_says_so"]:
        when += ", and still said the same afterwards"
    word = "Confirmed with Smile" if facts["is_same"] else "Compared with Smile"
    said = " ".join(filter(None, (facts["code"], facts["text"]))) or facts.get("outcome") or "no code"
    return f"{word} {when}: Smile answered our own request with {said}."


def _contradicted(facts: Mapping[str, Any], _: Formats) -> str:
    claimed, confirmed = (outcome_and_code(facts, each) for each in ("claimed", "confirmed"))
    return f"It claims {claimed}, but Smile itself says {confirmed}."


def _not_this_job(facts: Mapping[str, Any], _: Formats) -> str:
    if facts["known"]:
        return f"Smile's id of this job is {facts['known']}, so what it claims is about another job."
    return "It is not known yet whether it is about this job, so what it claims does not count."


def _with(sentence: str) -> EventWords:
    """A sentence with the facts inserted as they are."""
    return lambda facts, _: sentence.format(**facts)


WORDS: dict[StepKind, EventWords] = {
    StepKind.WELL_FORMED: fixed_words("The JSON is well formed."),
    StepKind.SIGNED_IN_HEADERS: fixed_words("It is signed in its headers, as Smile's v3 API does."),
    StepKind.SIGNED_IN_BOTH: fixed_words(
        "It is signed in its headers, so only that signature counts. The one in its body is not looked at."
    ),
    StepKind.AGE: _age,
    StepKind.AGE_UNKNOWN: _age_unknown,
    StepKind.NO_SIGNATURE: fixed_words("There is no signature."),
    StepKind.NO_TIMESTAMP: fixed_words("There is no timestamp, and without it the signature proves nothing."),
    StepKind.EMPTY_HEADER: fixed_words("Its header Response-Signature is empty, so there is no signature."),
    StepKind.NO_TIMESTAMP_HEADER: fixed_words(
        "There is no header Response-Timestamp, and without it the signature proves nothing."
    ),
    StepKind.SEVERAL_SIGNATURES: fixed_words(
        "Its header Response-Signature came more than once or holds several values. Smile sends one, so none of them "
        "counts."
    ),
    StepKind.NOT_A_SIGNATURE: fixed_words("The signature is not 32 bytes in base64, so it is not Smile's."),
    StepKind.KEY_MATCHES: _key_matches,
    StepKind.NO_KEY_MATCHES: _no_key_matches,
    StepKind.OTHER_PARTNER: _with(
        "The signature was made for partner id {made_for} instead of {partner_id}: the leading zeros were lost."
    ),
    StepKind.OTHER_ENVIRONMENT: _with(
        "The signature was made with a {environment} key, and this is the other environment."
    ),
    StepKind.RETIRED_KEY: lambda facts, formats: (
        f"The signature was made with key {facts['key']}, which was retired on {_day(formats, facts['retired_at'])}."
    ),
    StepKind.OURS: fixed_words("It is a signature from one of our own requests."),
    StepKind.NOT_OURS: fixed_words("It is not a signature from one of our own requests."),
    StepKind.NEVER_BEFORE: fixed_words("It has not arrived with another body before."),
    StepKind.SAME_MILLISECOND: _same_millisecond,
    StepKind.USED_BEFORE: fixed_words("It arrived earlier with another body."),
    StepKind.USED_FOR_SAME_JOB: fixed_words("It arrived earlier for the same job with another body."),
    StepKind.USED_FOR_NO_JOB: fixed_words("It arrived earlier with another body, and one of the two names no job."),
    StepKind.USED_NOT_FRESH: fixed_words("It arrived earlier for another job, and the two are not both fresh."),
    StepKind.USED_FAR_APART: _used_far_apart,
    StepKind.USED_TOO_OFTEN: lambda facts, formats: (
        f"{formats.number(facts['callbacks'])} callbacks for other jobs carried it within seconds, "
        "too many for one millisecond."
    ),
    StepKind.ACCEPTED_AS: _with("It was accepted as callback {callback_id}, which has another body."),
    StepKind.AT_ADDRESS: _with("It arrived at the address of job {job_id}."),
    StepKind.AT_OTHER_ADDRESS: _with(
        "It arrived at the address of job {job_id} but names job {named}, so it belongs to neither."
    ),
    StepKind.NAMES_NO_JOB: fixed_words("It names no job, so it is kept as an orphan."),
    StepKind.NAMES_UNKNOWN_JOB: _with("No job here has the id {job_id}, so it is kept as an orphan."),
    StepKind.NAMES_TWO_JOBS: fixed_words("Its header and its body name different jobs, so it belongs to neither."),
    StepKind.AWAITS_ID: _with(
        "It arrived at the address of job {job_id}, whose id at Smile is not known yet. Smile is asked about {named}."
    ),
    StepKind.NAMES_OUR_JOB: _with("It names job {job_id}, which is ours."),
    StepKind.ERASED: fixed_words("These findings were erased together with the person's data."),
    StepKind.UNTOUCHED: fixed_words("The body is unchanged since it was received: its SHA-256 is still the same."),
    StepKind.CHANGED: fixed_words("The body was changed after it was received: its SHA-256 is different."),
    StepKind.CANNOT_BE_OPENED: fixed_words(
        "The body cannot be opened: it was damaged, or its encryption key is missing."
    ),
    StepKind.BODY_ERASED: lambda facts, formats: (
        f"Its body was erased on {_day(formats, facts['erased_at'])}. Its SHA-256 is kept."
    ),
    StepKind.CONFIRMED: _confirmed,
    StepKind.NOT_CONFIRMED: fixed_words("Not confirmed yet. Only Smile's answer to our own request decides the job."),
    StepKind.CONTRADICTED: _contradicted,
    StepKind.NOT_THIS_JOB: _not_this_job,
}
