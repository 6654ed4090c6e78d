"""The sample jobs of the demo: both APIs of Smile are there, and v3 with every decision that it can make."""

import pytest
from flask import Flask
from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.demo.samples import ON_V3, submit_samples
from dashboard.jobs.models import Job
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.api_choice import chosen_apis, policy_address
from dashboard.jobs.submitting.submission import person_of
from dashboard.jobs.submitting.v3_requests import v3_request
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3 import Client, Decision
from dashboard.smile.v3.sandbox_people import sandbox_people
from dashboard.stored_settings import DEMO_BRANDING, Branding, write_branding

pytestmark = pytest.mark.both_engines


@pytest.fixture
def samples(app: Flask, database: Database, settings: Settings, session: Session) -> list[Job]:
    with app.app_context(), database.transaction() as writing:
        write_branding(writing, Branding(**DEMO_BRANDING), utc_now())
        return submit_samples(writing, settings, utc_now())


def test_both_apis_have_jobs_and_v3_every_decision(samples: list[Job], session: Session):
    of_v3 = [job for job in samples if job.api == SmileApi.V3]
    emails = [person_of(session, job)["email"] for job in of_v3]

    assert {job.product for job in samples if job.api == SmileApi.V1} == set(Product)
    assert {job.product for job in of_v3} <= set(ON_V3)
    assert {each.decision for each in sandbox_people() if each.email in emails} == set(Decision)
    for job, email in zip(of_v3, emails, strict=True):
        person = next(each for each in sandbox_people() if each.email == email)
        assert person.concerns(FACTS[job.product].v3.token_name)  # type: ignore[union-attr]


def test_what_the_demo_uses_from_then_on_can_be_used(samples: list[Job], settings: Settings, session: Session):
    apis = chosen_apis(session, settings)

    assert {product for product in Product if apis[product] == SmileApi.V3} == set(ON_V3)
    assert policy_address(session, settings)


def test_smiles_client_takes_every_job_of_v3(samples: list[Job], settings: Settings, session: Session):
    account = Client("002", "a-key", "http://127.0.0.1:1/v1").jobs._account

    for job in samples:
        if job.api == SmileApi.V3:
            request = v3_request(session, job, settings)
            assert account.built(request, type(request), None).path
