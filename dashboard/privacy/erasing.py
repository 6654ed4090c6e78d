"""Erases one person everywhere, and again after an older backup was restored. A proof of the erasure stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.callbacks.erasing import erase_callbacks, forget_searches
from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import Callback
from dashboard.callbacks.refused.erasing import forget_deliveries_of, lock_deliveries_of
from dashboard.callbacks.text_index import lock_texts
from dashboard.db import keyring_of
from dashboard.errors import Conflict, NotFound
from dashboard.jobs.erasing import Rule, erase_jobs
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.submission import cancel_job
from dashboard.jobs.warnings import lock_users_of_warnings
from dashboard.links.erasing import erase_link, erase_starts, erase_token, refuse_live_smile_link
from dashboard.links.messages import cancel_link_mails
from dashboard.links.models import Link, WebToken
from dashboard.privacy.finding import FoundPerson, HeldData, what_is_held
from dashboard.privacy.models import Erasure, hash_of_manifest
from dashboard.saved_views.erasing import forget_views_of

STRAGGLERS_FOR = timedelta(days=2)


@dataclass(frozen=True)
class Erased:
    """The result of an erasure. Its `files` must be removed after the commit."""

    erasure: Erasure
    files: Sequence[str]


def erase_person(
    session: Session, found: FoundPerson, job_ids: Iterable[UUID], erased_by: str, member_id: UUID | None, now: datetime
) -> Erased:
    """Erases the personal data in the chosen jobs, their callbacks and links, and in all else with the identifier."""
    seen = what_is_held(session, found.identifier, found.chosen(job_ids))
    cancel_link_mails(session, [link.id for link in seen.links])
    jobs = _locked(session, seen)
    was_erased_meanwhile = len(jobs) < len(seen.jobs)
    held = what_is_held(session, found.identifier, jobs) if was_erased_meanwhile else replace(seen, jobs=jobs)
    if held.is_nothing:
        raise NotFound("Nothing was chosen, or it has just been erased.")
    for job in jobs:
        _stop(session, job, erased_by, now)
    for link in held.links:
        refuse_live_smile_link(link, now)
    erasure = Erasure(at=now, erased_by=erased_by, member_id=member_id, manifest_sha256="")
    names = _names(found.identifier, jobs)  # Before they are erased.
    erasure.identifier_digests = _digests(session, names, jobs)
    manifest, files = _erase_rows(session, held, {"proof": str(erasure.id)}, now)
    erasure.manifest, erasure.manifest_sha256 = manifest, hash_of_manifest(manifest)
    erasure.counts = held.counts
    session.add(erasure)
    forget_searches(session)
    forget_views_of(session, names)
    session.flush()
    return Erased(erasure, files)


def erase_rows_of(session: Session, erasure: Erasure, now: datetime) -> list[str]:
    """Repeats an erasure where a backup brought data back. Returns the files to remove."""
    rows = erasure.manifest
    cancel_link_mails(session, _ids(rows["links"]))
    held = HeldData(
        jobs=_rows(session, Job, [each["job"] for each in rows["jobs"]]),
        callbacks=_callbacks_again(session, rows),
        links=_rows(session, Link, rows["links"]),
        tokens=session.exec(select(WebToken).where(col(WebToken.id).in_(_ids(rows["tokens"])))).all(),
        counts={},
    )
    return _erase_rows(session, held, {"proof": str(erasure.id)}, now)[1]


def latest_erasures(session: Session, now: datetime) -> Sequence[UUID]:
    """Those that may have missed something."""
    return session.exec(select(Erasure.id).where(Erasure.at > now - STRAGGLERS_FOR).order_by(col(Erasure.id))).all()


def erase_stragglers(session: Session, erasure_id: UUID, now: datetime) -> list[str]:
    """Erases what was being stored for a person at the moment of the erasure, which did not see it."""
    return erase_rows_of(session, session.get_one(Erasure, erasure_id), now)


def find_erasure(session: Session, erasure_id: UUID) -> Erasure:
    erasure = session.get(Erasure, erasure_id)
    if erasure is None:
        raise NotFound("There is no proof of erasure with this number here.")
    return erasure


def _erase_rows(session: Session, held: HeldData, rule: Rule, now: datetime) -> tuple[dict[str, Any], list[str]]:
    manifest: dict[str, Any] = {
        "callbacks": [{"id": str(each.id), "sha256": each.body_sha256} for each in held.callbacks],
        "links": [str(link.id) for link in held.links],
        "tokens": [str(token.id) for token in held.tokens],
    }
    forget_deliveries_of(session, held.jobs)  # First, since it needs the current names of the jobs.
    erased = erase_jobs(session, held.jobs, rule, now)
    erase_callbacks(session, held.callbacks, held.jobs, now)
    for link in held.links:
        erase_link(session, link, now)
    for token in held.tokens:
        erase_token(token)
    erase_starts(session, [job.id for job in held.jobs])
    manifest["jobs"] = [each.manifest for each in erased]
    return manifest, [file for each in erased for file in each.files]


def _stop(session: Session, job: Job, erased_by: str, now: datetime) -> None:
    """Cancels a job that Smile does not know yet. Refuses one that Smile is working on: its answer would arrive."""
    if job.may_cancel and job.lease is None:
        cancel_job(session, job, erased_by, now)
    elif not job.is_settled:
        raise Conflict(f"Job {job.job_id} is not settled yet, so nothing was erased. Try again when it is settled.")
    elif job.lease is not None:
        raise Conflict(f"Smile is being asked about job {job.job_id} right now. Try again in a minute.")


def _locked(session: Session, held: HeldData) -> list[Job]:
    """Locks all rows and returns the jobs not yet erased. The order avoids deadlocks with the worker."""
    _lock(session, Callback, held.callbacks, WITHOUT_BODY)
    lock_deliveries_of(session, held.jobs)
    _lock(session, Link, held.links)
    _lock(session, WebToken, held.tokens)
    jobs = _lock(session, Job, held.jobs)
    lock_users_of_warnings(session, jobs)
    lock_texts(session, held.callbacks)
    return [job for job in jobs if job.erased_at is None]


def _lock(session: Session, table: Any, rows: Sequence[Any], *options: Any) -> Sequence[Any]:
    """Locks rows in order of id, and reads them as they are now."""
    chosen = select(table).where(col(table.id).in_([row.id for row in rows])).order_by(col(table.id))
    locked = chosen.options(*options).with_for_update().execution_options(populate_existing=True)
    return session.exec(locked).all() if rows else ()


def _names(identifier: str, jobs: Sequence[Job]) -> set[str]:
    """All ids that the person had here."""
    names = {identifier} | {job.user_id for job in jobs} | {job.customer_reference for job in jobs}
    return {name for name in names if name}


def _digests(session: Session, names: Iterable[str], jobs: Sequence[Job]) -> list[str]:
    """Digests of all ids that the person had here. Anyone who knows one of them can check that it was erased."""
    keyring = keyring_of(session)
    numbers = {job.id_number_digest for job in jobs if job.id_number_digest}
    return sorted({keyring.digest_for_search(text) for text in names} | numbers)


def _callbacks_again(session: Session, rows: dict[str, Any]) -> Sequence[Callback]:
    """Callbacks to erase again. Includes those that had been deleted before the erasure, if a backup restored them."""
    ids, jobs = _ids(each["id"] for each in rows["callbacks"]), _ids(each["job"] for each in rows["jobs"])
    again = select(Callback).where(col(Callback.id).in_(ids) | col(Callback.job_id).in_(jobs))
    again = again.where(col(Callback.erased_at).is_(None) | (col(Callback.search_text) != ""))
    return session.exec(again.options(WITHOUT_BODY)).all()


def _rows(session: Session, table: Any, ids: Iterable[str]) -> Sequence[Any]:
    return session.exec(select(table).where(col(table.id).in_(_ids(ids)), col(table.erased_at).is_(None))).all()


def _ids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(text) for text in texts]
