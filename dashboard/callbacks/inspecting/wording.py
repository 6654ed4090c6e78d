"""The claim of a callback in words, and its timeline."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.callbacks.models import Callback
from dashboard.jobs.following.outcome import StatusAnswer, UnknownCause
from dashboard.jobs.models import JobEvent, Outcome
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.showing.event_words import event_text
from dashboard.jobs.showing.result_words import meaning_of, quote_smile
from dashboard.smile.constants import result_codes
from dashboard.smile.results import code_of
from dashboard.web.pages.filters import file_size, number

#: Why a claim has no known outcome.
UNKNOWN = {
    UnknownCause.NO_CODE: "It contains no result.",
    UnknownCause.UNDOCUMENTED: "Its result code is not documented.",
    UnknownCause.NOT_AN_OUTCOME: "Its result code is documented, but not as an outcome.",
    UnknownCause.ID_STEP: "It contains only the ID step, which says nothing about the face.",
    UnknownCause.SELF_CONTRADICTION: "It contradicts itself: its code and its job_success say opposite things.",
}

IS_WHAT = {Outcome.ERROR: "has an error", Outcome.ATTENTION: "passed, but a person should look at it"}


def text_claimed(code: str | None, text: str | None, product: Product | None) -> str:
    """The text in the callback, or else Smile's documented text for this code and product."""
    if text:
        return text
    rows = [row for row in result_codes() if row.code == code_of(code) and row.text]
    fitting = [row for row in rows if product and product.value in row.products]
    return (fitting or rows)[0].text if rows else ""


def sentence_claimed(claim: StatusAnswer, product: Product | None, cause: UnknownCause) -> str:
    """The claim as a sentence that needs no knowledge of codes. `cause`: why its outcome is unknown, if it is."""
    if not claim.code and claim.text and claim.outcome in (None, Outcome.UNKNOWN):
        return f"It contains no result. {quote_smile(claim.text)}"
    if claim.outcome is None or claim.outcome == Outcome.UNKNOWN:
        return UNKNOWN[cause]
    what = FACTS[product].name if product else "The verification"
    is_what = IS_WHAT.get(claim.outcome, f"is {claim.outcome}")
    said = text_claimed(claim.code, claim.text, product)
    if claim.outcome != Outcome.PROVISIONAL:
        said = meaning_of(claim.code, claim.text) or said
    return f"{what} {is_what}: {said}".rstrip(" :.") + ("" if said.endswith("\u201d") else ".")


def timeline_of(callback: Callback, events: Sequence[JobEvent]) -> list[tuple[datetime, str]]:
    """What happened to the callback and, since its arrival, to its job; oldest first."""
    source = callback.source_address or "an unknown address"
    moments = [(callback.received_at, f"Received and stored: {file_size(callback.body_size)} from {source}.")]
    if callback.times_seen > 1:
        text = f"Arrived again, unchanged; {number(callback.times_seen)} times in total so far."
        moments.append((callback.last_seen_at, text))
    if callback.job_id and callback.handled_at:
        moments.append((callback.handled_at, "Passed to its job."))
    moments += [(event.at, f"Job: {event_text(event)}") for event in events]
    return sorted(moments, key=lambda moment: moment[0])
