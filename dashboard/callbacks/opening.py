"""One callback opened: its row, its body, its job and its proof, for every page that shows it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from dashboard.callbacks.models import Callback
from dashboard.callbacks.parsing import parse
from dashboard.callbacks.pictures import EmbeddedPicture, find_pictures
from dashboard.callbacks.proof import Proof, prove
from dashboard.callbacks.queries import body_of, confirmed_results, find_callback
from dashboard.context import current
from dashboard.jobs.models import Job


@dataclass(frozen=True)
class Opened:
    """One callback with what its page and its twin both tell of it."""

    callback: Callback
    body: bytes
    payload: dict[str, Any]
    job: Job | None
    proof: Proof

    @property
    def pictures(self) -> list[EmbeddedPicture]:
        return find_pictures(self.payload)


def open_callback(session: Session, callback_id: UUID) -> Opened:
    callback = find_callback(session, current().settings.environment, callback_id)
    body = body_of(session, callback)
    payload = parse(body)
    job = session.get(Job, callback.job_id) if callback.job_id else None
    results = confirmed_results(session, callback) if job else ()
    proof = prove(callback, body, payload, job, results, current().settings.smile_partner_id)
    return Opened(callback, body, payload, job, proof)
