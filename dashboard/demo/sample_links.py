"""Sample links, one for each stage that a customer can reach."""

from datetime import datetime, timedelta

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.jobs.following.awaiting import note_token
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.products import Product
from dashboard.links.creation import LinkRequest, create_link
from dashboard.links.customer.first_page import consent_sentence
from dashboard.links.customer.starting import Agreement, note_opened, press_start
from dashboard.links.languages import texts_in
from dashboard.links.managing import pause_link
from dashboard.links.models import IdTypeChoice, Link
from dashboard.stored_settings import read_branding

MADE_BY = "ben@example.com"
A_BROWSER = "0" * 64  # the digest of one that nobody has
DESK = (
    IdTypeChoice("NG", "PASSPORT", "doc_verification"),
    IdTypeChoice("NG", "BVN", "biometric_kyc"),
    IdTypeChoice("GH", "VOTER_ID", "biometric_kyc"),
)


def make_sample_links(session: Session, settings: Settings, now: datetime) -> None:
    def made(hours_ago: float, **wanted: object) -> tuple[Link, str]:
        return create_link(session, LinkRequest(**wanted), settings, MADE_BY, now - timedelta(hours=hours_ago))  # type: ignore[arg-type]

    bvn = {"product": Product.BIOMETRIC_KYC, "country": "NG", "id_type": "BVN"}
    nin = {"product": Product.ENHANCED_KYC, "country": "NG", "id_type": "NIN", "prefill": {"id_number": "00000000000"}}
    passport = {"product": Product.DOCUMENT_VERIFICATION, "country": "KE", "id_type": "PASSPORT"}
    made(30, choices=DESK, customer_reference="front-desk", uses=200, expires_in_days=90)
    paused, _ = made(26, **passport, customer_reference="cust-4412", language="sw")
    pause_link(session, paused, now - timedelta(hours=25))
    _, forgotten = made(5, **passport, customer_reference="cust-4413")
    note_opened(session, settings.environment, forgotten, now - timedelta(hours=4))
    _, finished = made(1, **nin, customer_reference="cust-4414", language="fr")
    _stand_in_for_phone(session, settings, finished, now)
    _, started = made(0.5, **bvn, customer_reference="cust-4415")
    _press_start(session, settings, started, now - timedelta(minutes=2))
    made(0.1, **bvn, customer_reference="cust-4416", language="pt")


def _press_start(session: Session, settings: Settings, code: str, now: datetime) -> Job:
    texts = texts_in("en")
    agreement = Agreement(consent_sentence(read_branding(session, settings), texts), texts.language, A_BROWSER)
    _, job = press_start(session, code, agreement, None, settings, now)
    note_token(session, job, settings, now)
    return job


def _stand_in_for_phone(session: Session, settings: Settings, code: str, now: datetime) -> None:
    """Lets the worker send what the link has filled in, since no customer is here to finish on Smile's page."""
    job = _press_start(session, settings, code, now)
    job.state, job.step, job.due_at = JobState.QUEUED, SendingStep.CREATED, now
    session.add(job)
