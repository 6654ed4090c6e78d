"""Retention rules: how long each kind of data is kept, what a rule would erase, and erasing it in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.retention import forget_lines_before
from dashboard.audit.trail import record
from dashboard.callbacks.erasing import erase_body, forget_refused
from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import REFUSED_VERDICTS, Callback
from dashboard.callbacks.refused.erasing import forget_deliveries
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.db import first_id_of
from dashboard.health_checks import CheckContext, Finding, ok, warn
from dashboard.jobs.erasing import Rule, erase_given, erase_images, erase_results
from dashboard.jobs.models import HOLDS_PERSON, IS_KEPT, Image, Job, Result
from dashboard.links.erasing import erase_prefill
from dashboard.links.messages import HOLDS_EMAIL, LinkMessage
from dashboard.links.models import HOLDS_PREFILL, Link
from dashboard.privacy.finding import ENVIRONMENTS
from dashboard.stored_settings import read_setting, write_setting
from dashboard.web.lists.pagination import COUNT_CAP

RULES = "retention"
REACHED = "retention_reached"  # the last callback whose body was erased, so that earlier rows are not read again
WHO = "worker"
MOST_DAYS = 36_500
YEAR = 365


@dataclass(frozen=True)
class DataKind:
    """A kind of data with its own rule. With 0 days it is kept forever."""

    name: str
    label: str
    default_days: int
    explained: str


KINDS = (
    DataKind("images", "Images", 5 * YEAR, "Faces and documents that you sent to Smile. Their size and hash stay."),
    DataKind(
        "bodies",
        "Callback bodies and Smile's answers",
        5 * YEAR,
        "Everything that Smile sent and answered, in full. Outcome, code and hash stay.",
    ),
    DataKind(
        "persons",
        "Customer details",
        5 * YEAR,
        "ID numbers, names, dates of birth, what links were prefilled with, and where they were e-mailed. The decision"
        " stays.",
    ),
    DataKind(
        "refused",
        "Refused callbacks",
        30,
        "Unsigned and wrongly signed callbacks, whole, and the list of refused deliveries. At most the last 1,000 of"
        " each are kept.",
    ),
    DataKind("audit", "Audit trail", 7 * YEAR, "The oldest lines. The rest can still be checked for changes."),
)


@dataclass(frozen=True)
class Due:
    """What a rule would erase now. `count` stops at COUNT_CAP + 1."""

    count: int
    oldest: datetime | None

    @property
    def count_in_words(self) -> str:
        return f"{self.count:,}" if self.count <= COUNT_CAP else f"more than {COUNT_CAP:,}"


def read_rules(session: Session) -> dict[str, int]:
    stored = read_setting(session, RULES) or {}
    return {kind.name: stored.get(kind.name, kind.default_days) for kind in KINDS}


def write_rules(session: Session, rules: Mapping[str, int], now: datetime) -> None:
    """Stores the rules. The caller checks the permission and adds the line to the audit trail."""
    write_setting(session, RULES, dict(rules), now)


def what_would_go(session: Session, rules: Mapping[str, int], now: datetime) -> dict[str, Due]:
    """What these rules would erase now. Changes nothing."""
    return {kind.name: _due(session, kind.name, _ends(rules[kind.name], now)) for kind in KINDS}


def kinds_kept_forever(context: CheckContext) -> Finding:
    """The health check: whether every kind of personal data is erased after its time."""
    rules = read_rules(context.session)
    forever = [kind.label for kind in KINDS if not rules[kind.name]]
    if forever:
        advice = "Set how long each kind is kept under Settings, How long data is kept."
        return warn(f"Kept forever: {', '.join(forever)}.", advice)
    return ok("Every kind of personal data is erased after its time.")


def erase_batch(session: Session, kind: str, days: int, now: datetime, most: int = 100) -> tuple[int, list[str]]:
    """Erases the oldest rows that the rule covers, at most so many of each table.

    Returns how many, and the files to remove after the commit.
    """
    ends = _ends(days, now)
    if ends is None:
        return 0, []
    count, files = _ERASE[kind](session, ends, {"days": days}, now, most)
    if count and kind != "audit":  # It adds its own line, with the anchor.
        record(session, "retention.erased", kind, now, who=WHO, details={"count": str(count), "days": str(days)})
    return count, files


def _ends(days: int, now: datetime) -> datetime | None:
    return now - timedelta(days=days) if days else None


def _due(session: Session, kind: str, ends: datetime | None) -> Due:
    counts = 0
    oldest: list[datetime] = []
    for table, conditions, at in _LOOK[kind](session, ends) if ends else ():
        found = select(table.id if hasattr(table, "id") else table.sequence).where(*conditions)
        counts += session.exec(select(func.count()).select_from(found.limit(COUNT_CAP + 1).subquery())).one()
        oldest += session.exec(select(at).where(*conditions).order_by(col(at)).limit(1)).all()
    return Due(min(counts, COUNT_CAP + 1), min(oldest, default=None))


Look = tuple[Any, Sequence[Any], Any]


def _images(_: Session, ends: datetime) -> list[Look]:
    of_settled = select(Job.id).where(col(Job.id) == col(Image.job_id), Job.is_settled).exists()
    return [(Image, [col(Image.id) < first_id_of(ends), of_settled], Image.created_at)]


def _bodies(session: Session, ends: datetime) -> list[Look]:
    reached = UUID((read_setting(session, REACHED) or {}).get("callback", UUID(int=0).hex))
    callbacks = [col(Callback.id) > reached, col(Callback.id) < first_id_of(ends), col(Callback.erased_at).is_(None)]
    results = [IS_KEPT, col(Result.id) < first_id_of(ends)]
    return [(Callback, callbacks, Callback.received_at), (Result, results, Result.received_at)]


def _persons(_: Session, ends: datetime) -> list[Look]:
    jobs = [HOLDS_PERSON, col(Job.id) < first_id_of(ends), Job.is_settled]
    is_over = or_(col(Link.revoked_at).is_not(None), col(Link.expires_at) <= ends)
    links = [HOLDS_PREFILL, col(Link.id) < first_id_of(ends), is_over]
    of_ended = select(Link.id).where(col(Link.id) == col(LinkMessage.link_id), is_over).exists()
    messages = [HOLDS_EMAIL, col(LinkMessage.id) < first_id_of(ends), of_ended]
    return [(Job, jobs, Job.created_at), (Link, links, Link.created_at), (LinkMessage, messages, LinkMessage.at)]


def _refused(_: Session, ends: datetime) -> list[Look]:
    of_all = col(Callback.environment).in_(ENVIRONMENTS)  # The index begins with this column.
    refused = [of_all, col(Callback.verdict).in_(REFUSED_VERDICTS), col(Callback.id) < first_id_of(ends)]
    deliveries = [col(RefusedDelivery.environment).in_(ENVIRONMENTS), col(RefusedDelivery.id) < first_id_of(ends)]
    return [
        (Callback, refused, Callback.received_at),
        (RefusedDelivery, deliveries, RefusedDelivery.received_at),
    ]


def _audit(_: Session, ends: datetime) -> list[Look]:
    return [(AuditEntry, [col(AuditEntry.at) < ends], AuditEntry.at)]


_LOOK = {"images": _images, "bodies": _bodies, "persons": _persons, "refused": _refused, "audit": _audit}


def _oldest(session: Session, look: Look, most: int, *options: Any) -> Sequence[Any]:
    table, conditions, _ = look
    found = select(table).where(*conditions).options(*options).order_by(col(table.id)).limit(most)
    return session.exec(found.with_for_update()).all()


Erased = tuple[int, list[str]]


def _erase_images(session: Session, ends: datetime, rule: Rule, now: datetime, most: int) -> Erased:
    images, files = _oldest(session, _images(session, ends)[0], most), []
    for job, of_job in _by_job(session, images):
        files += erase_images(session, job, of_job, rule, now)
    return len(images), files


def _erase_bodies(session: Session, ends: datetime, rule: Rule, now: datetime, most: int) -> Erased:
    look_for_callbacks, look_for_results = _bodies(session, ends)
    callbacks = _oldest(session, look_for_callbacks, most, WITHOUT_BODY)
    results = _oldest(session, look_for_results, most)
    for callback in callbacks:
        erase_body(callback, now)
    if callbacks:
        write_setting(session, REACHED, {"callback": callbacks[-1].id.hex}, now)
    erase_results(session, _by_job(session, results), rule, now)
    return len(callbacks) + len(results), []


def _erase_persons(session: Session, ends: datetime, rule: Rule, now: datetime, most: int) -> Erased:
    jobs, links, messages = (_oldest(session, look, most) for look in _persons(session, ends))
    erase_given(session, jobs, rule, now)
    for link in links:
        erase_prefill(link, now)
    for message in messages:
        message.email_sealed = None
    return len(jobs) + len(links) + len(messages), []


def _erase_refused(session: Session, ends: datetime, _: Rule, __: datetime, most: int) -> Erased:
    look_for_callbacks, look_for_deliveries = _refused(session, ends)
    callbacks = _oldest(session, look_for_callbacks, most, WITHOUT_BODY)
    forget_refused(session, [callback.id for callback in callbacks])
    deliveries = _oldest(session, look_for_deliveries, most)
    forget_deliveries(session, [delivery.id for delivery in deliveries])
    return len(callbacks) + len(deliveries), []


def _erase_audit(session: Session, ends: datetime, _: Rule, now: datetime, most: int) -> Erased:
    return forget_lines_before(session, ends, now, most), []


_ERASE = {
    "images": _erase_images,
    "bodies": _erase_bodies,
    "persons": _erase_persons,
    "refused": _erase_refused,
    "audit": _erase_audit,
}


def _by_job(session: Session, rows: Sequence[Any]) -> list[tuple[Job, list[Any]]]:
    """Groups the rows by job. The jobs are locked, since the worker may be saving one."""
    ids = {row.job_id for row in rows}
    jobs: Sequence[Job] = session.exec(
        select(Job).where(col(Job.id).in_(ids)).order_by(col(Job.id)).with_for_update()
    ).all()
    return [(job, [row for row in rows if row.job_id == job.id]) for job in jobs]
