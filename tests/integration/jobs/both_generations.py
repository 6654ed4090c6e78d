"""Jobs of v1 and v3 at once, while the API is switched, the keys are rotated and callbacks of both come in."""

import time
from dataclasses import dataclass, field

from sqlmodel import select

from dashboard.db import utc_now
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.api_choice import choose_apis
from dashboard.jobs.submitting.submission import submit_job
from dashboard.smile.constants import SmileApi
from tests.factories.jobs import make_request
from tests.factories.v3 import asks_of, person
from tests.integration.callbacks.test_callback_settings import PAGE, key_id
from tests.integration.conftest import Deployment, Staff

NEW_KEY = "integration-api-key-0002"
PRODUCTS = (Product.BIOMETRIC_KYC, Product.ENHANCED_KYC)
#: Who is asked about, and how that ends in each generation.
ENDS = {
    SmileApi.V1: {"00000000000": Outcome.APPROVED, "00000000001": Outcome.REJECTED},
    SmileApi.V3: {"Clearwater": Outcome.APPROVED, "Dangerfield": Outcome.REJECTED, "Glitchford": Outcome.ERROR},
}
GIVEN_NAMES = {"Clearwater": "Amina Fatou", "Dangerfield": "Rashid Omar", "Glitchford": "Chidinma Obi"}


@dataclass
class Seen:
    """What a run left behind."""

    jobs: dict[SmileApi, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)  # jobs with another API, state, outcome or id than expected
    charged_twice: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_both(deployment: Deployment, of_each: int, seconds: float) -> Seen:
    """`of_each`: jobs of each generation. `seconds`: within which all have to be settled."""
    ada, settings, expected = deployment.staff("ada"), deployment.settings(), {}
    began = time.monotonic()
    for api in SmileApi:
        # The jobs of before the switch are still running.
        with deployment.database.transaction() as session:
            choose_apis(session, settings, dict.fromkeys(PRODUCTS, api), utc_now())
        for number in range(of_each):
            expected |= _submit(deployment, api, number)
            if number == of_each // 2:
                _rotate(deployment, ada, api)
    seen = Seen()
    deadline = time.monotonic() + seconds
    while (jobs := _jobs(deployment)) and any(job.state != JobState.DONE for job in jobs):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    seen.seconds = time.monotonic() - began
    charged = deployment.sandbox("GET", "/_sandbox/jobs.json").values()
    for job in jobs:
        api, outcome = expected[str(job.id)]
        seen.jobs[job.api] = seen.jobs.get(job.api, 0) + 1
        at_smile = [each for each in charged if each["user_id"] == job.user_id]
        ids = {each["job_id"] for each in at_smile}
        own_id = job.smile_job_id if api == SmileApi.V3 else job.job_id
        if (job.api, job.state, job.outcome) != (api, JobState.DONE, outcome) or ids != {own_id} or job.disagreement:
            seen.wrong.append(f"{job.api} {job.product} {job.state} {job.outcome}, expected {api} {outcome}")
        if sum(each["charged"] for each in at_smile) != 1:
            seen.charged_twice.append(str(job.id))
    return seen


def _submit(deployment: Deployment, api: SmileApi, number: int) -> dict[str, tuple[SmileApi, Outcome]]:
    product = PRODUCTS[number % 2]
    who, outcome = list(ENDS[api].items())[number // 2 % len(ENDS[api])]
    if api == SmileApi.V3:
        # By the choice of this moment, as the form does it.
        asks = asks_of(product, person=person(GIVEN_NAMES[who], who), api=None)
        if who == "Glitchford" and product == Product.ENHANCED_KYC:
            outcome = Outcome.APPROVED  # The simulator's table has this person for biometric KYC only.
    else:
        asks = {"id_number": who}
    with deployment.database.transaction() as session:
        job = submit_job(session, make_request(product, **asks), deployment.settings(), "ada@example.com", utc_now())
        return {str(job.id): (api, outcome)}


def _rotate(deployment: Deployment, ada: Staff, api: SmileApi) -> None:
    """Half-way through v1 the desk knows the new key and Smile signs with it; half-way through v3 the desk does too."""
    if api == SmileApi.V1:
        assert ada.post(f"{PAGE}/keys", {"api_key": NEW_KEY}).status_code == 303
        deployment.sandbox("POST", "/_sandbox/keys", json={"api_key": NEW_KEY})
    else:
        assert ada.post(f"{PAGE}/keys/{key_id(ada, 2)}/signing").status_code == 303


def _jobs(deployment: Deployment) -> list[Job]:
    with deployment.database.reading() as session:
        return list(session.exec(select(Job)).all())
