"""Made-up people, and everything that a deployment comes to hold about one of them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.receiving.parsing import read_facts
from dashboard.callbacks.receiving.storing import Arrival
from dashboard.callbacks.receiving.verdicts import check_signature
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource, SendingStep
from dashboard.jobs.products import Product
from dashboard.links.models import Link, WebToken
from dashboard.smile_keys import ApiKey, ApiKeys
from tests.factories.callbacks import API_KEY, PARTNER_ID, encode, make_payload, store_arrivals
from tests.factories.events import add_event_of_before
from tests.factories.jobs import make_job
from tests.factories.links import make_link, make_message


@dataclass(frozen=True)
class Person:
    """Every text of a person holds `mark`, which is looked for afterwards wherever it might have stayed."""

    mark: str

    @property
    def reference(self) -> str:
        return f"ref-{self.mark}"

    @property
    def user_id(self) -> str:
        return f"user-{self.mark}"

    @property
    def number(self) -> str:
        return f"9{self.mark}1"

    @property
    def given(self) -> dict[str, str]:
        return {"first_name": f"First{self.mark}", "last_name": f"Last{self.mark}", "phone_number": f"080{self.mark}"}

    @property
    def email(self) -> str:
        return f"{self.mark}@example.com"

    @property
    def job_id(self) -> str:
        return f"typed-{self.mark}"


AMINA, BABA = Person("4417amina"), Person("5528baba")


def make_known_person(
    database: Database, settings: Settings, person: Person = AMINA, **row: Any
) -> tuple[Job, Callback, Link]:
    """A settled job with pictures, an answer, a callback, a note and a token, and a link for the person."""
    wanted = {
        "id_number": person.number,
        "person": person.given,
        "customer_reference": person.reference,
        "user_id": person.user_id,
        "job_id": person.job_id,
    }
    job = make_job(database, settings, asks=wanted, state=JobState.WAITING, step=SendingStep.SENT, **row)
    link, _ = make_link(
        database,
        settings,
        product=Product.BIOMETRIC_KYC,
        country="NG",
        id_type="BVN",
        customer_reference=person.reference,
        prefill={"first_name": person.given["first_name"]},
    )
    with database.transaction() as session:
        make_message(session, link, person.email)
        job = session.get_one(Job, job.id)
        settle_job(session, job, _answer(person), ResultSource.JOB_STATUS, utc_now())
        add_event_of_before(session, job, "note", f"Called {person.given['phone_number']}.", utc_now())
        add_event_of_before(session, job, "delayed", f"{person.number} is busy.", utc_now(), {"asked": person.user_id})
        session.add(_token(job, person, settings))
        callback = _callback(session, settings, person)
        assert job.outcome == Outcome.APPROVED
    return job, callback, link


def payload_of(person: Person, job_id: str = "", age_in_seconds: float = 0) -> dict[str, Any]:
    """Of another age, since two of one millisecond share a signature."""
    return make_payload(
        age=timedelta(seconds=age_in_seconds),
        job_id=job_id or person.job_id,
        PartnerParams={"job_id": job_id or person.job_id, "user_id": person.user_id, "job_type": 1},
        IDNumber=person.number,
        FullName=f"{person.given['last_name']} {person.given['first_name']}",
        ResultText=f"Enroll {person.given['first_name']}",
    )


def arrival_of(payload: dict[str, Any]) -> Arrival:
    """As the door hands it on, with a signature that fits."""
    key, facts = ApiKey(1, API_KEY), read_facts(payload)
    headers = {"User-Agent": f"Smile {payload['PartnerParams']['user_id']}"}
    check = check_signature(facts, PARTNER_ID, ApiKeys(key, (key,)))
    return Arrival(encode(payload), headers, "192.0.2.1", utc_now(), facts, check)


def _answer(person: Person) -> Any:
    return read_result(payload_of(person), 1, success=True)


def _callback(session: Session, settings: Settings, person: Person) -> Callback:
    [receipt] = store_arrivals(session, arrival_of(payload_of(person)))
    assert receipt
    return session.exec(select(Callback).where(Callback.id == receipt.callback_id)).one()


def _token(job: Job, person: Person, settings: Settings) -> WebToken:
    return WebToken(
        environment=settings.environment,
        product="biometric_kyc",
        user_id=person.user_id,
        job_id=job.job_id,
        callback_url=f"http://localhost/hooks/smile/{person.mark}",
        issued_by="ben@example.com",
        issued_at=utc_now(),
    )
