"""What a callback claims, in words, and its timeline."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.callbacks.models import Callback
from dashboard.jobs.following.outcome import StatusAnswer, UnknownCause
from dashboard.jobs.models import JobEvent, Outcome
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.showing.event_words import event_text
from dashboard.jobs.showing.result_words import meaning_of, quoted
from dashboard.smile.constants import result_codes
from dashboard.smile.results import code_of
from dashboard.web.pages.filters import file_size, number

#: Why a claim has no known outcome.
UNKNOWN = {
    UnknownCause.NO_CODE: "It brings no result.",
    UnknownCause.UNDOCUMENTED: "It brings a result code that is not documented.",
    UnknownCause.NOT_AN_OUTCOME: "It brings a code that is documented, but not as an outcome.",
    UnknownCause.ID_STEP: "It brings the ID step alone, which says nothing about the face.",
    UnknownCause.SELF_CONTRADICTION: "It contradicts itself: its code and its job_success say opposite things.",
}


def text_claimed(code: str | None, text: str | None, product: Product | None) -> str:
    """The text that came, else what the table has for this code and product."""
    if text:
        return text
    rows = [row for row in result_codes() if row.code == code_of(code) and row.text]
    fitting = [row for row in rows if product and product.value in row.products]
    return (fitting or rows)[0].text if rows else ""


def sentence_claimed(claim: StatusAnswer, product: Product | None, cause: UnknownCause) -> str:
    """For somebody who does not know the codes. `cause`: why the outcome is unknown, where it is."""
    if not claim.code and claim.text:
        return f"It brings no result. {quoted(claim.text)}"
    if claim.outcome is None or claim.outcome == Outcome.UNKNOWN:
        return UNKNOWN[cause]
    what = FACTS[product].name if product else "The verification"
    is_what = "has an error" if claim.outcome == Outcome.ERROR else f"is {claim.outcome}"
    said = text_claimed(claim.code, claim.text, product)
    if claim.outcome != Outcome.PROVISIONAL:
        said = meaning_of(claim.code, claim.text) or said
    return f"{what} {is_what}: {said}".rstrip(" :.") + ("" if said.endswith("\u201d") else ".")


def timeline_of(callback: Callback, events: Sequence[JobEvent]) -> list[tuple[datetime, str]]:
    """What happened to it and, from its arrival on, to its job; oldest first."""
    source = callback.source_address or "an unknown address"
    moments = [(callback.received_at, f"Received and stored: {file_size(callback.body_size)} from {source}.")]
    if callback.times_seen > 1:
        text = f"Came once more, unchanged; {number(callback.times_seen)} times in all so far."
        moments.append((callback.last_seen_at, text))
    if callback.job_id and callback.handled_at:
        moments.append((callback.handled_at, "Handed to its job."))
    moments += [(event.at, f"Job: {event_text(event)}") for event in events]
    return sorted(moments, key=lambda moment: moment[0])
