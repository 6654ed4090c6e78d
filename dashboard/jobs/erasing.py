"""Erases a job's personal data: single parts when their time is up, or all of it. The decision stays.

These functions only name the files. The caller removes them after the commit, so that no row ever lacks its file.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from dashboard.crypto import KeyRing
from dashboard.db import keyring_of
from dashboard.jobs.dealt_with import erase_reasons
from dashboard.jobs.models import Image, Job, JobEvent, Result
from dashboard.jobs.name_search.parts import forget_name_parts
from dashboard.jobs.smile_actions.fraud import erase_reports
from dashboard.jobs.submitting.submission import given_data
from dashboard.jobs.timeline import CALLBACK_FACTS, OF_CALLBACKS, EventKind, add_event
from dashboard.jobs.warnings import erase_personal_facts, erase_warnings

ERASED = "[erased]"
#: Why something is erased: {"days": ...}, or {"proof": its id} where it was requested.
Rule = dict[str, Any]
#: A generated id describes nobody; a typed one may.
MADE_UP_JOB_ID = re.compile(r"job-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Events that may quote personal data, from Smile's answer or from a request. So may events of an unknown kind.
QUOTING = frozenset({EventKind.DELAYED, EventKind.CLOCK_OFF, EventKind.FAILED, EventKind.REFUSED_DELIVERY})
OWN = frozenset(EventKind) - QUOTING - OF_CALLBACKS


@dataclass
class ErasedParts:
    """What was erased from one job: the files to remove after the commit, and what a proof may state."""

    files: list[str] = field(default_factory=list)  # relative to the media folder
    manifest: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def erase_images(session: Session, job: Job, images: Sequence[Image], rule: Rule, now: datetime) -> list[str]:
    """Erases these images and returns the files to remove."""
    files = [image_path(job, image) for image in images]
    for image in images:
        session.delete(image)
    if images:
        _note_erased(session, job, "images", len(images), rule, now)
    return files


def erase_results(session: Session, job: Job, results: Sequence[Result], rule: Rule, now: datetime) -> None:
    """Erases Smile's answers; their codes, times and digests stay."""
    for result in results:
        result.payload_sealed, result.erased_at = b"", now
    erase_personal_facts(session, job)
    if results:
        _note_erased(session, job, "results", len(results), rule, now)


def erase_given(session: Session, job: Job, rule: Rule, now: datetime) -> None:
    """Erases the ID number and everything else that was given about the customer."""
    job.id_number_sealed = job.id_number_digest = job.person_sealed = job.phone_digest = None
    forget_name_parts(session, [job.id])
    _note_erased(session, job, "person", 1, rule, now)


def erase_job(session: Session, job: Job, rule: Rule, now: datetime) -> ErasedParts:
    """Erases everything about the person. The row stays, with its decision, codes, times and digests."""
    texts = _texts_of_person(session, job)
    images = session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all()
    results = session.exec(select(Result).where(Result.job_id == job.id).order_by(col(Result.id))).all()
    kept = [result for result in results if result.erased_at is None]
    gone = ErasedParts(
        manifest={
            "job": str(job.id),
            "images": [{"id": str(image.id), "sha256": image.sha256} for image in images],
            "results": [{"id": str(result.id), "sha256": result.payload_digest} for result in kept],
        },
        counts={"images": len(images), "results": len(kept), "events": _clean_events(session, job, texts)},
    )
    gone.files = erase_images(session, job, images, rule, now)
    erase_results(session, job, kept, rule, now)
    for result in results:
        result.result_code = erased_if_personal(result.result_code, texts)
        result.result_text = erased_if_personal(result.result_text, texts)
    erase_warnings(session, job)
    _clean_row(keyring_of(session), job, texts)
    erase_given(session, job, rule, now)
    erase_reasons(session, job)
    erase_reports(session, job, job.user_id)
    job.erased_at = now
    return gone


def erased_job_ids(keyring: KeyRing, job_id: str) -> list[str]:
    """The ids that may replace this job id after erasure, so that a later mention of it is still recognized."""
    return [f"erased-{digest[:32]}" for digest in keyring.digests_for_search(job_id)]


def erased_if_personal(text: str | None, texts: Iterable[str]) -> str | None:
    """The text, or "[erased]" if it contains one of the person's own texts."""
    if text and any(own in text.casefold() for own in texts):
        return ERASED
    return text


def image_path(job: Job, image: Image) -> str:
    return f"{job.environment}/{image.media_path}"


def _texts_of_person(session: Session, job: Job) -> list[str]:
    """The person's texts that can be opened; the others do not prevent the erasure."""
    given = given_data(session, job)
    known_by = [job.user_id, job.customer_reference, given.id_number or ""]
    if not MADE_UP_JOB_ID.fullmatch(job.job_id):
        known_by.append(job.job_id)
    return [text.casefold() for text in (*known_by, *given.texts.values()) if len(text) > 2]


def _clean_row(keyring: KeyRing, job: Job, texts: Iterable[str]) -> None:
    if not MADE_UP_JOB_ID.fullmatch(job.job_id) and job.erased_at is None:
        job.job_id = erased_job_ids(keyring, job.job_id)[0]
    job.user_id = f"erased-{job.id.hex}"
    job.customer_reference = ERASED if job.customer_reference else ""
    job.partner_params = {}
    job.upload_url_sealed = None
    job.note_problem(None)
    job.result_code, job.result_text = (
        erased_if_personal(job.result_code, texts),
        erased_if_personal(job.result_text, texts),
    )
    job.disagreement = erased_if_personal(job.disagreement, texts)
    if any(erased_if_personal(each, texts) == ERASED for each in _texts_in(job.disagreement_facts)):
        job.disagreement, job.disagreement_facts = ERASED, None
    job.due_at = None


def _clean_events(session: Session, job: Job, texts: Iterable[str]) -> int:
    cleaned = 0
    for event in session.exec(select(JobEvent).where(JobEvent.job_id == job.id)).all():
        text, facts = event.text, event.facts
        if event.kind in OF_CALLBACKS:
            text, facts = "", {name: facts[name] for name in CALLBACK_FACTS if name in facts} | {"is_erased": True}
        elif event.kind not in OWN or any(
            erased_if_personal(each, texts) == ERASED for each in (text, *_texts_in(facts))
        ):
            text, facts = ERASED, {}
        cleaned += (event.text, event.facts) != (text, facts)
        event.text, event.facts = text, facts
    return cleaned


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts_in(part)


def _note_erased(session: Session, job: Job, what: str, count: int, rule: Rule, now: datetime) -> None:
    facts = {"what": what, "count": count, "rule": rule}
    job.erased = [*job.erased, facts | {"at": now.isoformat()}]
    add_event(session, job, EventKind.ERASED, now, facts)
    job.changed(now)
