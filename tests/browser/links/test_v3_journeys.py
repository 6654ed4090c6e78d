"""From a link of v3 to the job: every product with a hosted page, on a phone, with the script of v12."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from dashboard.db import utc_now
from dashboard.jobs.products import FACTS, Product
from tests.browser.links.conftest import MakeLink, OpenPhone, press_start
from tests.browser.sandbox.conftest import hosted, picture_file, press
from tests.factories.links import make_link as make_row
from tests.factories.links import use_v3
from tests.integration.conftest import Deployment

__all__ = ["picture_file"]

AMINA = {"first_name": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"}
NUMBER = "00000000000"
SELFIE = ("Open the camera", "Take the photo")


@pytest.fixture(scope="module", autouse=True)
def uses_v3(shared_deployment: Deployment) -> None:
    use_v3(shared_deployment.database, shared_deployment.settings())


@dataclass(frozen=True)
class Journey:
    """What staff fill in, and what the customer does on Smile's page after the consent."""

    product: Product
    country: str
    id_type: str
    finish: Callable[[FrameLocator, Path], None]
    prefill: dict[str, str] = field(default_factory=lambda: AMINA)


def take_selfie(frame: FrameLocator, _: Path) -> None:
    press(frame, *SELFIE, "Send")


def photograph_passport(frame: FrameLocator, picture: Path) -> None:
    frame.get_by_label("Choose a photo").set_input_files(picture)
    take_selfie(frame, picture)


def enter_everything(frame: FrameLocator, _: Path) -> None:
    labels = {"First name": "first_name", "Last name": "last_name", "E-mail address": "email"}
    for label, name in labels.items():
        frame.get_by_label(label).fill(AMINA[name])
    frame.get_by_label("National ID").fill(NUMBER)
    press(frame, "Continue")


JOURNEYS = (
    Journey(Product.BIOMETRIC_KYC, "NG", "BVN", take_selfie, AMINA | {"id_number": NUMBER}),
    Journey(Product.DOCUMENT_VERIFICATION, "GH", "PASSPORT", photograph_passport),
    Journey(Product.ENHANCED_DOCUMENT_VERIFICATION, "GH", "PASSPORT", photograph_passport),
    Journey(Product.ENHANCED_KYC, "NG", "NIN", enter_everything, {}),
    Journey(Product.SMARTSELFIE_REGISTRATION, "", "", take_selfie),
    Journey(Product.SMARTSELFIE_AUTHENTICATION, "", "", take_selfie),
)


def at_smile(deployment: Deployment, user_id: str) -> list[dict[str, Any]]:
    jobs = deployment.sandbox("GET", "/_sandbox/jobs.json").values()
    return [job for job in jobs if job["user_id"] == user_id]


def only_job(deployment: Deployment, link_id: object) -> dict[str, Any]:
    link = deployment.staff().get(f"/links/{link_id}.json").json()
    (job,) = link["jobs"]
    assert link["api"] == "v3"
    return dict(job)


def agree_and_finish(phone: Page, finish: Callable[[FrameLocator, Path], None], picture: Path) -> None:
    press(hosted(phone), "I agree")
    finish(hosted(phone), picture)
    press(hosted(phone), "Finish")
    expect(phone.locator("h1")).to_contain_text(re.compile("Thank you|finished"))


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.product.value)
def test_customer_finishes_on_a_phone(
    shared_deployment: Deployment, open_phone: OpenPhone, picture_file: Path, journey: Journey
) -> None:
    # Those of registration and authentication are one customer.
    user_id = "cust-face" if FACTS[journey.product].id_type_list == "" else f"cust-{journey.product}"
    link, code = make_row(
        shared_deployment.database,
        shared_deployment.settings(),
        product=journey.product,
        country=journey.country,
        id_type=journey.id_type,
        user_id=user_id,
        prefill=journey.prefill,
    )
    phone = open_phone(f"{shared_deployment.web_url}/v/{code}")
    press_start(phone)

    agree_and_finish(phone, journey.finish, picture_file)

    job = only_job(shared_deployment, link.id)
    v3 = FACTS[journey.product].v3
    assert v3
    products = [each["product"] for each in at_smile(shared_deployment, job["user_id"])]
    assert products.count(v3.token_name) == 1
    done = shared_deployment.staff().wait_for(job["id"], lambda job: job["state"] == "done")
    assert (done["outcome"], done["api"]) == ("approved", "v3")


def test_customer_who_read_for_long_goes_on_with_the_same_verification(
    shared_deployment: Deployment, make_link: MakeLink, open_phone: OpenPhone, picture_file: Path
) -> None:
    """The phone sleeps for longer than the token works, with Smile's page open."""
    window, address = make_link("biometric_kyc", "NG", "BVN", **AMINA, id_number=NUMBER)
    phone = open_phone("about:blank")
    phone.clock.install()
    phone.goto(address)
    press_start(phone)
    expect(hosted(phone).get_by_role("button", name="I agree")).to_be_visible()

    phone.clock.fast_forward("17:00")

    expect(phone.locator("main")).to_contain_text("within a quarter of an hour")
    phone.clock.set_system_time(utc_now())  # only the phone's clock was moved, and a new token is made by Smile's
    phone.get_by_role("button", name="Continue").click()
    agree_and_finish(phone, take_selfie, picture_file)
    job = only_job(shared_deployment, window.url.rpartition("/")[2])
    assert len(at_smile(shared_deployment, job["user_id"])) == 1
