"""What a callback claims, in words: its code by the shipped table, its text as it came."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.callbacks.models import Callback
from dashboard.jobs.models import JobEvent
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.wording import BY_CODE
from dashboard.smile.constants import result_codes
from dashboard.web.filters import file_size

OUTCOMES = frozenset({"approved", "rejected", "provisional", "error"})


def outcome_claimed(code: str | None) -> str:
    """As the table has it; "unknown" for a code that nobody documented, nothing where there is no code."""
    if not code:
        return ""
    found = next((row.outcome for row in result_codes() if row.code == code), "")
    return found if found in OUTCOMES else "unknown"


def text_claimed(code: str | None, text: str | None, product: Product | None) -> str:
    """The text that came, else what the table has for this code and product."""
    if text:
        return text
    rows = [row for row in result_codes() if row.code == code and row.text]
    fitting = [row for row in rows if product and product.value in row.products]
    return (fitting or rows)[0].text if rows else ""


def sentence_claimed(code: str | None, text: str | None, product: Product | None) -> str:
    """For somebody who does not know the codes."""
    outcome = outcome_claimed(code)
    if not outcome:
        return "It brings no result."
    if outcome == "unknown":
        return "It brings a result code that is not documented."
    said = BY_CODE.get(code or "") or text_claimed(code, text, product)
    what = FACTS[product].name if product else "The verification"
    return (
        f"{what} {'has an error' if outcome == 'error' else f'is {outcome}'}{f': {said}' if said else ''}".rstrip(".")
        + "."
    )


def timeline_of(callback: Callback, events: Sequence[JobEvent]) -> list[tuple[datetime, str]]:
    """What happened to it and, from its arrival on, to its job; oldest first."""
    source = callback.source_address or "an unknown address"
    moments = [(callback.received_at, f"Received and stored: {file_size(callback.body_size)} from {source}.")]
    if callback.times_seen > 1:
        text = f"Came once more, unchanged; {callback.times_seen:,} times in all so far."
        moments.append((callback.last_seen_at, text))
    if callback.job_id and callback.handled_at:
        moments.append((callback.handled_at, "Handed to its job."))
    moments += [(event.at, f"Job: {event.text}") for event in events]
    return sorted(moments, key=lambda moment: moment[0])
