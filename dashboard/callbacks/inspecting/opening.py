"""Opens one callback for the pages that show it: its row, body, job and proof."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from dashboard.callbacks.inspecting.claims import cause_of, claim_of
from dashboard.callbacks.inspecting.proof import Proof, prove
from dashboard.callbacks.models import Callback
from dashboard.callbacks.queries import NOTHING, body_or_none, confirmed_results, find_callback
from dashboard.callbacks.receiving.parsing import parse
from dashboard.context import current
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.jobs.embedded_images import EmbeddedImage, find_embedded_images
from dashboard.jobs.following.outcome import StatusAnswer, UnknownCause
from dashboard.jobs.models import Job
from dashboard.jobs.showing.personal import body_as_json
from dashboard.smile.results import SmileResult, parse_result


@dataclass(frozen=True)
class OpenedCallback:
    """One callback with all that its page and its JSON show. A body that cannot be opened is empty."""

    callback: Callback
    body: bytes
    payload: dict[str, Any]
    job: Job | None
    proof: Proof
    is_unreadable: bool = False

    @property
    def claim(self) -> StatusAnswer:
        """What it claims about its job, or about the product that it names."""
        return claim_of(self.callback, self.payload, self.job)

    @property
    def unknown_cause(self) -> UnknownCause:
        """Why the outcome that it claims is unknown, if it is."""
        return cause_of(self.callback, self.claim)

    @property
    def result(self) -> SmileResult:
        """The result in its body, whatever its shape and types."""
        return parse_result(self.payload)

    @property
    def images(self) -> list[EmbeddedImage]:
        return find_embedded_images(self.payload)

    def as_json(self, is_revealed: bool) -> str:
        """The body as text for a page."""
        return CANNOT_BE_OPENED if self.is_unreadable else body_as_json(self.payload, is_revealed)


def open_callback(session: Session, callback_id: UUID) -> OpenedCallback:
    callback = find_callback(session, current().settings.environment, callback_id)
    opened = body_or_none(session, callback)
    body = NOTHING if opened is None else opened
    payload = parse(body)
    job = session.get(Job, callback.job_id) if callback.job_id else None
    results = confirmed_results(session, callback) if job else ()
    proof = prove(callback, opened, payload, job, results, current().settings.smile_partner_id)
    return OpenedCallback(callback, body, payload, job, proof, is_unreadable=opened is None)
