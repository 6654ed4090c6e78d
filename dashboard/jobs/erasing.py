"""Erases a job's personal data: single parts when their time is up, or all of it. The decision stays.

These functions only name the files. The caller removes them after the commit, so that no row ever lacks its file.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

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

    manifest: dict[str, Any]
    files: list[str] = field(default_factory=list)  # relative to the media folder


def erase_images(session: Session, job: Job, images: Sequence[Image], rule: Rule, now: datetime) -> list[str]:
    """Erases these images and returns the files to remove."""
    files = [image_path(job, image) for image in images]
    for image in images:
        session.delete(image)
    if images:
        _note_erased(session, job, "images", len(images), rule, now)
    return files


def erase_results(session: Session, by_job: Sequence[tuple[Job, Sequence[Result]]], rule: Rule, now: datetime) -> None:
    """Erases Smile's answers; their codes, times and digests stay."""
    erase_personal_facts(session, [job.id for job, _ in by_job])
    for job, results in by_job:
        for result in results:
            result.payload_sealed, result.erased_at = b"", now
        if results:
            _note_erased(session, job, "results", len(results), rule, now)


def erase_given(session: Session, jobs: Sequence[Job], rule: Rule, now: datetime) -> None:
    """Erases the ID numbers and everything else that was given about the customers."""
    forget_name_parts(session, [job.id for job in jobs])
    for job in jobs:
        job.id_number_sealed = job.id_number_digest = job.person_sealed = job.phone_digest = None
        _note_erased(session, job, "person", 1, rule, now)


def erase_jobs(session: Session, jobs: Sequence[Job], rule: Rule, now: datetime) -> list[ErasedParts]:
    """Erases everything about the person. The rows stay, with their decisions, codes, times and digests.

    Each table is read once for all jobs, since others wait meanwhile.
    """
    ids = [job.id for job in jobs]
    texts = {job.id: _texts_of_person(session, job) for job in jobs}
    images, results, events = (_of_jobs(session, table, ids) for table in (Image, Result, JobEvent))
    erase_warnings(session, jobs)
    erase_reasons(session, ids)
    kept = {job.id: [result for result in results[job.id] if result.erased_at is None] for job in jobs}
    gone = [ErasedParts(_manifest_of(job, images[job.id], kept[job.id])) for job in jobs]
    for job, parts in zip(jobs, gone, strict=True):
        parts.files = erase_images(session, job, images[job.id], rule, now)
    erase_results(session, [(job, kept[job.id]) for job in jobs], rule, now)
    for job in jobs:
        _clean_events(events[job.id], texts[job.id])
        for result in results[job.id]:
            result.result_code = erased_if_personal(result.result_code, texts[job.id])
            result.result_text = erased_if_personal(result.result_text, texts[job.id])
        _clean_row(keyring_of(session), job, texts[job.id])
    erase_given(session, jobs, rule, now)
    erase_reports(session, jobs)
    for job in jobs:
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


def _of_jobs(session: Session, table: Any, ids: Collection[UUID]) -> Mapping[UUID, list[Any]]:
    """The rows of these jobs by job, in the order of their ids."""
    by_job = defaultdict[UUID, list[Any]](list)
    for row in session.exec(select(table).where(col(table.job_id).in_(ids)).order_by(col(table.id))).all():
        by_job[row.job_id].append(row)
    return by_job


def _manifest_of(job: Job, images: Sequence[Image], results: Sequence[Result]) -> dict[str, Any]:
    return {
        "job": str(job.id),
        "images": [{"id": str(image.id), "sha256": image.sha256} for image in images],
        "results": [{"id": str(result.id), "sha256": result.payload_digest} for result in results],
    }


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


def _clean_events(events: Iterable[JobEvent], texts: Sequence[str]) -> None:
    for event in events:
        text, facts = event.text, event.facts
        if event.kind in OF_CALLBACKS:
            text, facts = "", {name: facts[name] for name in CALLBACK_FACTS if name in facts} | {"is_erased": True}
        elif event.kind not in OWN or any(
            erased_if_personal(each, texts) == ERASED for each in (text, *_texts_in(facts))
        ):
            text, facts = ERASED, {}
        event.text, event.facts = text, facts


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
