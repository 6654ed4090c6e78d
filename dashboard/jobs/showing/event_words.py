"""The words of a job's timeline, made when it is shown: in the reader's time zone and number format.

Slices that add kinds of events word them in their own modules and register the words in their feature.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from dashboard.context import current
from dashboard.feature import EventWords
from dashboard.jobs.dealt_with import CAME_BACK
from dashboard.jobs.following.binding import NotBound
from dashboard.jobs.models import JobEvent
from dashboard.jobs.problems import disagreement_words, fixed_words, problem_words
from dashboard.jobs.smile_actions.fraud import REASONS as FRAUD_REASONS
from dashboard.jobs.timeline import EventKind, SentHow
from dashboard.jobs.warning_labels import LABELS
from dashboard.smile.warnings import WarningKind
from dashboard.web.pages.filters import file_size, words
from dashboard.web.pages.locales import Formats, formats_here

SENT: dict[SentHow, EventWords] = {
    SentHow.IMAGES: lambda facts, formats: (
        f"{_images(facts['count'], formats)} sent, {file_size(facts['size'], formats)}."
    ),
    SentHow.IMAGES_KNOWN: fixed_words("Smile has the images already; they were not sent again."),
    SentHow.CALL_KNOWN: fixed_words("Smile has this request already and is still working on it."),
    SentHow.ANSWERED_BEFORE: fixed_words("Smile had already answered this request."),
    SentHow.ANSWERED_AT_ONCE: fixed_words("Sent, and answered at once."),
    SentHow.WITHOUT_RESULT: fixed_words("Sent. Smile has it, but the ID authority did not answer in time."),
    SentHow.BOUND: fixed_words("Smile has it: a callback named its job id, and Smile confirms that it is this job's."),
    SentHow.SMILE_HAS_IT: fixed_words("Smile has the customer's verification."),
    SentHow.BROWSER_SAYS_SO: lambda facts, _: (
        "The customer's browser reports that everything was sent."
        + (f" It names Smile's job {facts['smile_job_id']}, which is no proof." if "smile_job_id" in facts else "")
    ),
}
NOT_BOUND = {
    NotBound.OTHER_USER: "Smile says that it belongs to another user.",
    NotBound.OTHER_JOB: "Another job here has it.",
    NotBound.UNKNOWN: "Smile does not know it.",
    NotBound.SECOND: "Smile has given this job another id, so something may have been submitted and charged twice.",
}
ERASED_PARTS = {
    "images": "Images",
    "results": "Smile's answers",
    "person": "The customer's details",
}


def event_text(event: JobEvent) -> str:
    """A line of the timeline, worded for the reader. Older lines and erased ones hold their text."""
    if event.text:
        return event.text
    worded = current().features.event_words.get(event.kind)
    return worded(event.facts, formats_here()) if worded else f"{words(event.kind).capitalize()}."


def by_day(events: Sequence[JobEvent]) -> list[tuple[str, list[JobEvent]]]:
    """Groups events by day in the reader's time zone, newest first."""
    formats = formats_here()
    return [(day, list(those)) for day, those in groupby(reversed(events), lambda event: formats.day(event.at))]


def erased_text(part: Mapping[str, Any]) -> str:
    """One entry of `Job.erased`, worded for the reader."""
    formats = formats_here()
    day = formats.day(datetime.fromisoformat(part["at"]))
    return f"{_erased_part(part, formats)}, on {day}"


def by_rule(erased: Sequence[Mapping[str, Any]]) -> list[tuple[Any, list[Mapping[str, Any]]]]:
    """Groups neighbouring entries of `Job.erased` by the rule that erased them."""
    return [(rule, list(parts)) for rule, parts in groupby(erased, key=lambda part: part["rule"])]


def rule_text(rule: Mapping[str, Any] | str) -> str:
    """Why these parts were erased, worded for the reader."""
    return rule_words(rule, formats_here())


def rule_words(rule: Mapping[str, Any] | str, formats: Formats) -> str:
    """Why something was erased. Older erasures hold their words."""
    if isinstance(rule, str):
        return rule
    if "proof" in rule:
        return f"The person was erased on request, proof {rule['proof']}."
    return f"Rule: kept for {formats.number(rule['days'])} day{'' if rule['days'] == 1 else 's'}."


def _images(count: int, formats: Formats) -> str:
    return "1 image" if count == 1 else f"{formats.number(count)} images"


def _sent(facts: Mapping[str, Any], formats: Formats) -> str:
    return SENT[SentHow(facts["how"])](facts, formats)


def _opened(facts: Mapping[str, Any], _: Formats) -> str:
    if facts["is_first"]:
        return "Smile's page was opened with a new token."
    return "Smile's page was opened again, with another token."


def _delayed(facts: Mapping[str, Any], formats: Formats) -> str:
    at = formats.clock(datetime.fromisoformat(facts["next_try_at"]))
    return f"{_problem(facts, formats)} Trying again in {formats.number(facts['wait_seconds'])} s, at {at}."


def _problem(facts: Mapping[str, Any], formats: Formats) -> str:
    return problem_words(facts["problem"], formats)


def _confirmed(facts: Mapping[str, Any], _: Formats) -> str:
    was = f" (was {facts['before']})" if "before" in facts else ""
    code = f", code {facts['result_code']}" if facts["result_code"] else ""
    return f"Confirmed with Smile: {facts['outcome']}{was}{code}."


def _late_result(facts: Mapping[str, Any], _: Formats) -> str:
    what = "result of the ID step alone" if facts["is_id_step"] else "provisional result"
    return f"An older {what} ({facts['code']}) was seen again."


def _not_bound(facts: Mapping[str, Any], _: Formats) -> str:
    return f"Smile's job {facts['smile_job_id']} is not this one. {NOT_BOUND[NotBound(facts['why'])]}"


def _fraud_report(facts: Mapping[str, Any], _: Formats) -> str:
    if not facts["is_fraud"]:
        return f"{facts['by']} took back the report of fraud about this customer."
    reason = FRAUD_REASONS.get(facts["reason"], facts["reason"])
    return f"{facts['by']} reported this customer to Smile as fraudulent: {reason[:1].lower()}{reason[1:]}."


def _warning(facts: Mapping[str, Any], _: Formats) -> str:
    how = "Smile warns" if facts["is_confirmed"] else "A callback claims a warning"
    return f"{how}: {LABELS[WarningKind(facts['kind'])]}."


def _erased(facts: Mapping[str, Any], formats: Formats) -> str:
    return f"{_erased_part(facts, formats)}: erased. {rule_words(facts['rule'], formats)}"


def _erased_part(facts: Mapping[str, Any], formats: Formats) -> str:
    return ERASED_PARTS[facts["what"]] + (f" ({formats.number(facts['count'])})" if facts["count"] > 1 else "")


WORDS: dict[str, EventWords] = {
    EventKind.CREATED: lambda facts, _: (
        f"Created by {facts['by']}" + (", to run an earlier job again." if "again_of" in facts else ".")
    ),
    EventKind.STARTED: fixed_words("The customer pressed Start."),
    EventKind.OPENED: _opened,
    EventKind.PREPARED: fixed_words("Upload prepared: Smile is ready for the images."),
    EventKind.SENT: _sent,
    EventKind.ZIP_LOST: fixed_words("Smile has not received this job's images, so they are sent again."),
    EventKind.MAY_HAVE_ARRIVED: lambda facts, formats: f"{_problem(facts, formats)} It is not sent again.",
    EventKind.CANDIDATE: lambda facts, _: (
        f"A callback names Smile's job {facts['smile_job_id']} as this one; Smile is asked."
    ),
    EventKind.NOT_BOUND: _not_bound,
    EventKind.DELAYED: _delayed,
    EventKind.CLOCK_OFF: _problem,
    EventKind.FAILED: _problem,
    EventKind.EXPIRED: _problem,
    EventKind.CANCELLED: lambda facts, _: f"Cancelled by {facts['by']} before anything was sent.",
    EventKind.CHECK_REQUESTED: lambda facts, _: f"{facts['by']} asked to check with Smile.",
    EventKind.OVERDUE: fixed_words("The callback is overdue; asking Smile directly instead."),
    EventKind.CONFIRMED: _confirmed,
    EventKind.LATE_RESULT: _late_result,
    EventKind.DISAGREEMENT: lambda facts, _: disagreement_words(facts),
    EventKind.WARNING: _warning,
    EventKind.DEALT_WITH: lambda facts, _: f"Marked as dealt with by {facts['by']}.",
    EventKind.CAME_BACK: lambda facts, _: f"Needs you again: {CAME_BACK[facts['because']]}.",
    EventKind.REPLAY: lambda facts, _: f"{facts['by']} asked Smile to send the webhook again.",
    EventKind.FRAUD_REPORT: _fraud_report,
    EventKind.ERASED: _erased,
}
