"""Jobs at any point of their life, and a Smile that says what a test wants and remembers what it was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, cast

from sqlmodel import select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobEvent, JobState, Result, SendingStep
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.smile_api.smile_clock import SmileClock
from dashboard.jobs.submitting.media import GivenImage
from dashboard.jobs.submitting.submission import JobRequest, submit_job
from dashboard.smile.constants import ImageType
from tests.factories.images import make_jpeg

BVN = "22212345678"
PERSON = {"first_name": "Amina", "last_name": "Bello"}


def make_request(product: Product = Product.BIOMETRIC_KYC, **changes: Any) -> JobRequest:
    """A request that the form would let through."""
    facts = FACTS[product]
    values: dict[str, Any] = {"product": product}
    if facts.id_type_list:
        values |= {"country": "NG", "id_type": "BVN" if facts.asks_id_number else "PASSPORT"}
    if facts.asks_id_number:
        values |= {"id_number": BVN, "person": PERSON}
    types = {"selfie": ImageType.SELFIE_FILE, "id_front": ImageType.ID_FRONT_FILE}
    values["images"] = tuple(GivenImage(types[name], make_jpeg(1, 40, 50)) for name in facts.images)
    return JobRequest(**(values | changes))


def make_job(
    database: Database, settings: Settings, product: Product = Product.BIOMETRIC_KYC, /, *, asks: Any = None, **row: Any
) -> Job:
    """A queued job as `submit_job` saves it; `asks` changes the request, everything else the saved row."""
    with database.transaction() as session:
        job = submit_job(session, make_request(product, **(asks or {})), settings, "ben@example.com", utc_now())
        for name, value in row.items():
            setattr(job, name, value)
        session.add(job)
        return job


def make_sent_job(
    database: Database, settings: Settings, product: Product = Product.BIOMETRIC_KYC, /, **row: Any
) -> Job:
    """A job that Smile has, and that is due to be asked about."""
    now = utc_now()
    sent = {"state": JobState.WAITING, "step": SendingStep.SENT, "submitted_at": now, "due_at": now}
    return make_job(database, settings, product, **(sent | row))


def update_job(database: Database, job: Job, **values: Any) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        for name, value in values.items():
            setattr(found, name, value)


def reload(database: Database, job: Job) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job.id)


def events_of(database: Database, job: Job) -> list[str]:
    with database.reading() as session:
        events = session.exec(select(JobEvent).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()
        return [event.kind for event in sorted(events, key=lambda event: event.id)]


def results_of(database: Database, job: Job) -> Sequence[Result]:
    with database.reading() as session:
        found = session.exec(select(Result).where(Result.job_id == job.id).order_by(Result.id)).all()
        return sorted(found, key=lambda result: result.id)


def answered(code: str = "0810", **changes: Any) -> dict[str, Any]:
    """job_status of a job that is over; a change to None leaves the field out."""
    result = {"ResultCode": code, "ResultText": "As Smile says", "IsFinalResult": "true", "SmileJobID": "0000000046"}
    return {"job_complete": True, "job_success": True, "code": "2302", "result": result} | changes


NO_ZIP = {"job_complete": False, "job_success": False, "code": "2314", "result": "No zip file received"}
RUNNING = {"job_complete": False, "job_success": False, "code": "2302", "result": "No zip uploaded yet"}


@dataclass
class FakeSmile:
    """Stands in for all three clients. Each kind of call takes its answers in turn; the last one stays."""

    answers: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    clock: SmileClock = field(default_factory=lambda: SmileClock(30.0))

    @property
    def clients(self) -> SmileClients:
        clients = {each.name: cast(Any, self) for each in fields(SmileClients)}
        return SmileClients(**(clients | {"clock": self.clock}))

    def get_job_status(self, partner_params: dict[str, Any]) -> Any:
        return self._answer("job_status", partner_params=partner_params)

    def prepare_upload(self, partner_params: dict[str, Any], *, callback_url: str, retry: bool) -> Any:
        return self._answer("retry" if retry else "prepare", partner_params=partner_params, callback_url=callback_url)

    def upload_zip(
        self, upload_url: str, partner_params: Any, images: Any, id_info: dict[str, Any], *, callback_url: str
    ) -> Any:
        contents = [image["image"].read() for image in images]
        return self._answer("zip", upload_url=upload_url, images=contents, id_info=id_info, callback_url=callback_url)

    def submit_job(self, partner_params: dict[str, Any], id_info: dict[str, Any]) -> Any:
        return self._answer("submit", partner_params=partner_params, id_info=id_info)

    def submit_basic_kyc(self, partner_params: dict[str, Any], id_info: dict[str, Any]) -> Any:
        return self._answer("basic", partner_params=partner_params, id_info=id_info)

    def _answer(self, name: str, **given: Any) -> Any:
        turn = self.calls.count(name)
        self.calls.append(name)
        self.sent |= given
        answers = self.answers.get(name) or [DEFAULT_ANSWERS[name]]
        answer = answers[min(turn, len(answers) - 1)]
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        return answer


PREPARED = {"upload_url": "https://store.example.com/selfie.zip?key=1", "smile_job_id": "0000000046", "ref_id": "r"}
DEFAULT_ANSWERS: dict[str, Any] = {
    "job_status": RUNNING,
    "prepare": PREPARED,
    "retry": PREPARED,
    "zip": None,
    "submit": answered("1012")["result"],
    "basic": answered("1020")["result"],
}


def at_once(moment: datetime | None) -> bool:
    return moment is not None and moment <= utc_now()
