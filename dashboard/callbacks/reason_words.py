"""Why a callback was judged as it was, in words: made of its verdict and its steps when it is shown, for one reader."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from dashboard.callbacks.models import Callback, Step, Verdict
from dashboard.callbacks.step_words import step_text
from dashboard.callbacks.steps import OF_ORPHANS, StepKind, kind_of, said_in_reason
from dashboard.jobs.erasing import ERASED
from dashboard.web.pages.locales import Formats, formats_here


class Judged(Protocol):
    """A callback, or a judgement that is not stored."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def steps(self) -> list[Step]: ...


def reason_text(judged: Judged) -> str:
    """As the reader reads it. Callbacks of before hold their reason."""
    stored = judged.reason if isinstance(judged, Callback) else ""
    return stored or reason_words(judged.verdict, said_in_reason(judged.verdict, judged.steps), formats_here())


def reason_facts(callback: Callback) -> list[Step] | str:
    """For a timeline, which outlives the callback: the steps that say why; of a callback of before its words."""
    return callback.reason or said_in_reason(callback.verdict, callback.steps)


def reason_words(verdict: Verdict, said: Sequence[Step], formats: Formats) -> str:
    if any(kind_of(step) == StepKind.ERASED for step in said):
        return f"It was judged {verdict} when it came. {ERASED}"
    of_orphan = [step_text(step, formats) for step in said if kind_of(step) in OF_ORPHANS]
    sentences = [step_text(step, formats) for step in said if kind_of(step) not in OF_ORPHANS]
    return " ".join([JOINED[verdict](sentences), *of_orphan])


def _joined(word: str, more: str = "") -> Callable[[Sequence[str]], str]:
    """Two sentences as one; `more` goes behind."""

    def join(sentences: Sequence[str]) -> str:
        first, second = sentences
        return f"{first.removesuffix('.')}, {word} {second[0].lower()}{second[1:]}{more}"

    return join


def _alone(sentences: Sequence[str]) -> str:
    return " ".join(sentences)


def _reflected(_: Sequence[str]) -> str:
    return "The signature is one that we sent with a request of our own: somebody sent it back to us."


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
    """The line of a job's timeline about a callback."""
    return f"Callback, {facts.get('verdict', 'unknown')}. {_reason_in(facts, formats)}"


def callback_again_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """The line about one that somebody had processed again."""
    if facts.get("is_erased"):
        return callback_words(facts, formats)
    return f"{facts['by']} asked. {processed_words(facts, formats)}"


def processed_words(facts: Mapping[str, Any], formats: Formats) -> str:
    """What became of it."""
    if facts["accepted_as"]:
        return "The same callback came again meanwhile and was accepted; that one counts, and this one stays as it is."
    now, before = facts["verdict"], facts["before"]
    words = f"still {now}" if now == before else f"{now} now (was {before})"
    if facts["found_job"]:
        words += ", and its job is known now"
    return f"Processed again: {words}. {_reason_in(facts, formats)}"


def _reason_in(facts: Mapping[str, Any], formats: Formats) -> str:
    if facts.get("is_erased"):
        return ERASED
    reason = facts["reason"]
    return reason if isinstance(reason, str) else reason_words(Verdict(facts["verdict"]), reason, formats)
