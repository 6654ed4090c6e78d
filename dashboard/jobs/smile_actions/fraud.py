"""Reports a user to Smile as fraudulent, or takes that back.

Smile then puts the person's face, devices and numbers on its lists, and blocks jobs of this user. A report may be
repeated, so one whose answer was lost is sent again by a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import keyring_of
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.smile_actions.models import FraudReport, notes_associated_data
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile import InvalidRequest, Refused, SmileError, v3
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.constants import LONGEST_NOTES

#: Smile's reasons in words.
REASONS = {
    "FIRST_PARTY_FRAUD": "The customer deceives under their own name",
    "SECOND_PARTY_FRAUD": "The customer lets somebody else use their name",
    "THIRD_PARTY_FRAUD": "Somebody uses the name of another person",
    "SYNTHETIC_IDENTITY": "The person is made up",
    "ACCOUNT_TAKEOVER": "Somebody has taken over the account",
    "DOCUMENT_FORGERY": "The document is forged",
    "IDENTITY_FARMING": "Identities are bought or collected",
    "MULE_ACCOUNT": "The account moves money for others",
    "OTHER": "Something else",
}
REPORT, CLEAR = "report", "clear"
NOT_OF_V3 = "Only jobs that were made with Smile's v3 API and are done can be reported."
NOT_KNOWN = "Smile does not know this user, so nothing was reported."


@dataclass(frozen=True)
class FraudForm:
    is_fraud: bool
    reason: str
    notes: str


def may_report(job: Job) -> bool:
    return job.api == SmileApi.V3 and job.state == JobState.DONE and job.erased_at is None


def check_form(typed: Mapping[str, str]) -> FraudForm:
    """Raises Invalid with a message for each field."""
    is_fraud, reason = typed.get("what") != CLEAR, typed.get("fraud_reason", "")
    notes = " ".join(typed.get("notes", "").replace("\0", "").encode("utf-8", "replace").decode().split())
    wrong = {}
    if is_fraud and reason not in REASONS:
        wrong["fraud_reason"] = "Choose why this is fraud."
    if not notes and (not is_fraud or reason == "OTHER"):
        wrong["notes"] = "Say in a few words why. Smile needs this."
    if len(notes) > LONGEST_NOTES:
        wrong["notes"] = f"Use {LONGEST_NOTES} characters or fewer."
    if wrong:
        raise Invalid(wrong)
    return FraudForm(is_fraud, reason if is_fraud else "", notes)


def save_report(session: Session, job: Job, form: FraudForm, reported_by: str, now: datetime) -> FraudReport:
    """Saves the report before Smile is asked. The caller has locked the job."""
    if not may_report(job):
        raise Conflict(NOT_OF_V3)
    report = FraudReport(
        environment=job.environment,
        job_id=job.id,
        user_id=job.user_id,
        is_fraud=form.is_fraud,
        reason=form.reason,
        notes_sealed=None,
        reported_by=reported_by,
        reported_at=now,
    )
    if form.notes:
        report.notes_sealed = keyring_of(session).seal(form.notes.encode(), notes_associated_data(report.id))
    session.add(report)
    # The notes may name the customer, and the trail is never erased.
    details = {"reason": form.reason} if form.reason else {}
    what = "job.fraud_reported" if form.is_fraud else "job.fraud_cleared"
    record(session, what, f"job {job.id}", now, details=details)
    return report


def send_report(client: v3.Client, user_id: str, form: FraudForm, reported_by: str) -> None:
    """Tells Smile, outside a transaction. Raises Conflict with the reason in words."""
    try:
        if form.is_fraud:
            client.jobs.flag_fraud(user_id, reported_by=reported_by, reason=form.reason, notes=form.notes or None)
        else:
            client.jobs.clear_fraud(user_id, reported_by=reported_by, notes=form.notes)
    except InvalidRequest as error:
        raise Conflict(f"Smile takes no such report. {error}") from None
    except Refused as error:
        raise Conflict(NOT_KNOWN if error.status == 404 else str(error)) from None
    except SmileError as error:
        raise Conflict(f"{error} It may have been reported all the same. Press again; that does no harm.") from None


def note_accepted(session: Session, job: Job, report: FraudReport, now: datetime) -> None:
    report.accepted_at = now
    session.add(report)
    facts = {"by": report.reported_by, "is_fraud": report.is_fraud, "reason": report.reason}
    add_event(session, job, EventKind.FRAUD_REPORT, now, facts)
    job.changed(now)


def reports_about(session: Session, job: Job) -> list[tuple[FraudReport, str]]:
    """What was reported about the user of this job, with the notes, the newest first."""
    same = select(FraudReport).where(FraudReport.environment == job.environment, FraudReport.user_id == job.user_id)
    rows = session.exec(same.order_by(col(FraudReport.id).desc()).limit(20)).all()
    return [(row, _notes(session, row)) for row in rows]


def report_in_force(session: Session, job: Job) -> FraudReport | None:
    """The last report that Smile accepted about the user of this job, unless it was taken back."""
    last = select(FraudReport).where(FraudReport.environment == job.environment, FraudReport.user_id == job.user_id)
    last = last.where(col(FraudReport.accepted_at).is_not(None)).order_by(col(FraudReport.id).desc())
    found = session.exec(last.limit(1)).first()
    return found if found and found.is_fraud else None


def erase_reports(session: Session, jobs: Sequence[Job]) -> None:
    """Erases the notes, and the ids of the users, which the erased jobs no longer hold either."""
    user_ids = {job.id: job.user_id for job in jobs}
    for row in session.exec(select(FraudReport).where(col(FraudReport.job_id).in_(user_ids))).all():
        row.notes_sealed, row.user_id = None, user_ids[row.job_id]


def _notes(session: Session, row: FraudReport) -> str:
    if not row.notes_sealed:
        return ""
    opened = keyring_of(session).open_or_none(row.notes_sealed, notes_associated_data(row.id))
    return CANNOT_BE_OPENED if opened is None else opened.decode()
