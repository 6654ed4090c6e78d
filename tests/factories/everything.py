"""A deployment in which every sealed column has a value and a file is kept, for what walks over all of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback
from dashboard.callbacks.processing.runs import find_extent, start_run
from dashboard.config import Settings
from dashboard.db import Database, keyring_of, utc_now
from dashboard.jobs.dealt_with import deal_with
from dashboard.jobs.models import Image, Job, ResultSource, job_associated_data
from dashboard.jobs.products import Product
from dashboard.jobs.smile_actions.models import FraudReport, notes_associated_data
from dashboard.jobs.warnings import keep_warnings
from dashboard.links.messages import send_link
from dashboard.links.models import Link
from dashboard.saved_views.models import SavedView, typed_associated_data
from dashboard.smile_keys import seed_keys
from dashboard.team.email.outbox import MailKind, queue_mail
from dashboard.web.lists.fields import Scope
from tests.factories.callbacks import store_arrivals
from tests.factories.jobs import make_job
from tests.factories.links import make_link
from tests.factories.persons import AMINA, BABA, arrival_of, make_known_person, payload_of
from tests.factories.team import make_member


@dataclass(frozen=True)
class Everything:
    """`job` is settled and has two callbacks; `queued` waits to be sent; `code` is that of a link to be started."""

    job: Job
    queued: Job
    image: Image
    callback: Callback
    other: Callback
    link: Link
    code: str
    run_id: UUID


def make_everything(database: Database, settings: Settings) -> Everything:
    """A value in every sealed column."""
    job, callback, _ = make_known_person(database, settings)
    queued = make_job(database, settings, asks={"id_number": BABA.number, "person": BABA.given})
    link, code = make_link(
        database, settings, product=Product.BIOMETRIC_KYC, country="NG", id_type="BVN", prefill=AMINA.given
    )
    ada = make_member(database, "ada", has_app=True)
    with database.transaction() as session:
        now = utc_now()
        send_link(session, link, code, "amina@example.com", "ben@example.com", False, settings, now)
        queue_mail(session, MailKind.FORGOTTEN, None, {"to": "ada@example.com"}, now)
        seed_keys(session, settings, now)
        view = SavedView(member_id=ada.id, list_name="jobs", name="Amina", created_at=now, changed_at=now)
        view.typed_sealed = keyring_of(session).seal_json({"q": AMINA.job_id}, typed_associated_data(view.id))
        session.add(view)
        row = session.get_one(Job, job.id)
        row.upload_url_sealed = keyring_of(session).seal(b"https://store", job_associated_data(job.id, "upload_url"))
        keep_warnings(session, row, {"DateOfDeath": "2020-02-01"}, ResultSource.CALLBACK, now, is_confirmed=False)
        row.disagreement = "They differ."
        deal_with(session, row, f"Called {AMINA.given['first_name']}.", "ada@example.com", now)
        add_fraud_report(session, row, f"{AMINA.given['first_name']} is made up.", now)
        sought = CallbackFilter(q=AMINA.job_id)
        extent = find_extent(Scope(session, "sandbox", now), sought)
        run = start_run(session, "sandbox", sought, extent, "ada@example.com", now)
        [receipt] = store_arrivals(session, arrival_of(payload_of(AMINA, age_in_seconds=5)))
        assert receipt
        other = session.get_one(Callback, receipt.callback_id)
        image = session.exec(select(Image).where(Image.job_id == job.id)).one()
    return Everything(job, queued, image, callback, other, link, code, run.id)


def add_fraud_report(session: Session, job: Job, notes: str, now: datetime) -> None:
    report = FraudReport(
        environment=job.environment,
        job_id=job.id,
        user_id=job.user_id,
        is_fraud=True,
        reason="OTHER",
        notes_sealed=None,
        reported_by="ada@example.com",
        reported_at=now,
    )
    report.notes_sealed = keyring_of(session).seal(notes.encode(), notes_associated_data(report.id))
    session.add(report)
