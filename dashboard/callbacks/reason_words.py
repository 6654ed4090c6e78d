"""Words the reason of a callback's verdict from its steps, for one reader, when it is shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from dashboard.callbacks.models import Callback, Step, Verdict
from dashboard.callbacks.step_words import step_text
from dashboard.callbacks.steps import OF_ORPHANS, StepKind, kind_of, reason_steps
from dashboard.jobs.erasing import ERASED
from dashboard.web.pages.locales import Formats, formats_here


class Judged(Protocol):
    """A callback, or a judgement that is not stored."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def steps(self) -> list[Step]: ...


def reason_text(judged: Judged) -> str:
    """The reason in the reader's formats. Callbacks of earlier versions hold theirs as text."""
    stored = judged.reason if isinstance(judged, Callback) else ""
    return stored or reason_words(judged.verdict, reason_steps(judged.verdict, judged.steps), formats_here())


def reason_facts(callback: Callback) -> list[Step] | str:
    """The reason as a job's timeline keeps it: the steps that say why, or the text of an earlier callback."""
    return callback.reason or reason_steps(callback.verdict, callback.steps)


def reason_words(verdict: Verdict, said: Sequence[Step], formats: Formats) -> str:
    if any(kind_of(step) == StepKind.ERASED for step in said):
        return f"It was judged {verdict} when it came. {ERASED}"
    of_orphan = [step_text(step, formats) for step in said if kind_of(step) in OF_ORPHANS]
    sentences = [step_text(step, formats) for step in said if kind_of(step) not in OF_ORPHANS]
    return " ".join([JOINED[verdict](sentences), *of_orphan])


def _joined(word: str, more: str = "") -> Callable[[Sequence[str]], str]:
    """Joins two sentences by `word`, with `more` at the end."""

    def join(sentences: Sequence[str]) -> str:
        first, second = sentences
        return f"{first.removesuffix('.')}, {word} {second[0].lower()}{second[1:]}{more}"

    return join


def _alone(sentences: Sequence[str]) -> str:
    return " ".join(sentences)


def _reflected(_: Sequence[str]) -> str:
    return "We sent this signature with one of our own requests: somebody sent it back to us."


JOINED: Mapping[Verdict, Callable[[Sequence[str]], str]] = {
    Verdict.VALID: _joined("and"),
    Verdict.STALE: _joined("but"),
    Verdict.FUTURE: _joined("but"),
    Verdict.REUSED: _joined("but", " Somebody may be using it again."),
    Verdict.REFLECTED: _reflected,
    Verdict.WRONG: _alone,
    Verdict.MISSING: _alone,
    Verdict.DUPLICATE: _alone,
}


def callback_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """The line on a job's timeline about a callback."""
    return f"Callback, {facts.get('verdict', 'unknown')}. {_reason_in(facts, formats)}"


def callback_again_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """The line on a job's timeline about a callback that was processed again."""
    if facts.get("is_erased"):
        return callback_words(facts, formats)
    return f"{facts['by']} asked for it. {processed_words(facts, formats)}"


def processed_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """The result of processing again."""
    if facts["accepted_as"]:
        return "The same callback arrived again meanwhile and was accepted. That one counts; this one stays as it is."
    now, before = facts["verdict"], facts["before"]
    words = f"still {now}" if now == before else f"now {now} (was {before})"
    if facts["found_job"]:
        words += ", and its job is now known"
    return f"Processed again: {words}. {_reason_in(facts, formats)}"


def _reason_in(facts: Mapping[str, Any], formats: Formats) -> str:
    if facts.get("is_erased"):
        return ERASED
    reason = facts["reason"]
    return reason if isinstance(reason, str) else reason_words(Verdict(facts["verdict"]), reason, formats)
