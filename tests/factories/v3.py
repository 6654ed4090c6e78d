"""Jobs of v3, and a simulator of Smile in this process. Its time passes only when a test says so."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.v3_following import check_v3_job
from dashboard.jobs.following.v3_sending import send_to_v3
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.submitting.leases import leased
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.jobs.submitting.media import GivenImage
from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.faults import Fault
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import of
from dashboard.sandbox.world.store import Job as SmilesJob
from dashboard.smile import Transport
from dashboard.smile.constants import ImageType, SmileApi
from dashboard.smile.v3 import Client, EnhancedKyc
from tests.factories.images import make_jpeg
from tests.factories.in_process import InProcess, session_with
from tests.factories.jobs import FakeSmile, make_job, reload, update_job

URL = "https://sandbox.example/v3"
CONSENT = {
    "granted": True,
    "granted_at": "2026-10-01T09:30:00.000Z",
    "notice_language": "EN",
    "notice_privacy_policy_url": "https://partner.example/privacy",
}


def person(first_name: str = "Amina Fatou", last_name: str = "Clearwater", **changes: Any) -> dict[str, Any]:
    """A person of the simulator's table, who passes everything unless another one is named."""
    email = f"{first_name.split()[0]}.{last_name}@example.com".lower()
    return {"first_name": first_name, "last_name": last_name, "email": email, "consent": CONSENT} | changes


def asks_of(product: Product = Product.BIOMETRIC_KYC, **changes: Any) -> dict[str, Any]:
    """What the form asks for where the product uses v3."""
    selfie = make_jpeg(1, 40, 50)
    images = [GivenImage(ImageType.SELFIE_FILE, selfie)] if "selfie" in FACTS[product].images else []
    images += [GivenImage(ImageType.LIVENESS_FILE, selfie)] * (6 if images else 0)
    if "id_front" in FACTS[product].images:
        images.append(GivenImage(ImageType.ID_FRONT_FILE, make_jpeg(2, 40, 50)))
    asks: dict[str, Any] = {"api": SmileApi.V3, "person": person(), "images": tuple(images)}
    return asks | ({"id_number": "00000000000"} if FACTS[product].asks_id_number else {}) | changes


def make_v3_job(
    database: Database, settings: Settings, product: Product = Product.BIOMETRIC_KYC, /, *, asks: Any = None, **row: Any
) -> Job:
    return make_job(database, settings, product, asks=asks_of(product, **(asks or {})), **row)


class V3Smile:
    """The simulator, and the desk's client of v3 in front of it."""

    def __init__(self, folder: Path, settings: Settings, **choices: Any) -> None:
        simulated = SandboxSettings(
            partner_id=settings.smile_partner_id,
            api_key=settings.api_keys[0],
            instance_dir=folder,
            result_delay_seconds=(0.0, 0.0),
            allow_http_on_loopback=True,
            v3_status_unknown_seconds=0.0,
        )
        self.app = create_sandbox(replace(simulated, **choices))
        self.sandbox = of(self.app)
        self.adapter = InProcess(self.app)
        transport = Transport(URL, session=session_with(self.adapter), timeout=(5.0, 30.0))
        client = Client(settings.smile_partner_id, settings.api_keys[0], URL, transport=transport)
        self.clients: SmileClients = replace(FakeSmile().clients, v3=client, v3_pages=client)

    def fails(self, path: str, mode: str, when: str = "before", times: int | None = 1, **how: Any) -> Fault:
        """Lets requests to this path fail from now on."""
        fault = Fault(path, mode, when, times=times, **how)
        self.sandbox.faults.add(fault)
        return fault

    def decides(self) -> None:
        """Smile comes to a decision about all its jobs."""
        self.sandbox.scheduler.run_due(time.time() + 60)

    def jobs_of(self, settings: Settings, job: Job) -> list[SmilesJob]:
        """What Smile has of this job, and so charges: by the marker that comes back with the result."""
        marker = marker_of(settings.secret_key.get_secret_value(), job.id)
        return [each for each in self.sandbox.store.jobs.values() if each.partner_params.get(MARKER) == marker]

    def submits(self, user_id: str, **partner_params: str) -> SmilesJob:
        """A job that something else submits for the same partner."""
        request = EnhancedKyc(
            country="NG",
            id_type="BVN",
            id_number="00000000000",
            user_id=user_id,
            consent=CONSENT,
            user_details={
                "given_names": "Amina Fatou",
                "last_name": "Clearwater",
                "email": "amina.clearwater@example.com",
            },
            callback_url="https://partner.example/hooks",
            partner_params=partner_params,
        )
        return self.sandbox.store.jobs[self.clients.v3.verifications.submit(request).job_id]

    def paths(self) -> list[str]:
        """The paths that were asked for, without tokens and ids."""
        asked = [path.removeprefix("/v3/") for _, path in self.adapter.calls]
        return [path.partition("/job_")[0] for path in asked if path != "token"]


def run(database: Database, settings: Settings, job: Job, smile: V3Smile) -> None:
    """One leased run, as the worker does it; the job is made due first."""
    update_job(database, job, due_at=utc_now())
    is_unsent = reload(database, job).state in (JobState.QUEUED, JobState.SUBMITTING)
    with leased(job.id) as lease:
        assert lease, "the job is not due"
        (send_to_v3 if is_unsent else check_v3_job)(lease, smile.clients, settings)


def locked(session: Session, job: Job) -> Job:
    return session.get_one(Job, job.id, with_for_update=True)
