"""From the link that staff made to the settled job with its stored callback: every product with a hosted page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.links.conftest import NOTHING_CHOSEN, MakeLink, OpenPhone, expect_stage, press_start
from tests.browser.sandbox.conftest import hosted, picture_file, press
from tests.factories.images import make_jpeg
from tests.integration.conftest import Deployment

__all__ = ["picture_file"]

SELFIE = ("Open the camera", "Take the photo")
NUMBER = "00000000000"

Finish = Callable[[FrameLocator, Path], None]


@dataclass(frozen=True)
class Journey:
    """What staff choose, and what the customer does on Smile's page."""

    product: str
    country: str
    id_type: str
    finish: Finish


def take_selfie(frame: FrameLocator, _: Path) -> None:
    press(frame, *SELFIE, "Send")


def enter_number(frame: FrameLocator, _: Path) -> None:
    frame.get_by_role("textbox").fill(NUMBER)
    press(frame, "Continue")


def enter_number_and_take_selfie(frame: FrameLocator, picture: Path) -> None:
    enter_number(frame, picture)
    take_selfie(frame, picture)


def photograph_passport(frame: FrameLocator, picture: Path) -> None:
    frame.get_by_label("Choose a photo").set_input_files(picture)
    take_selfie(frame, picture)


JOURNEYS = (
    Journey("biometric_kyc", "NG", "BVN", enter_number_and_take_selfie),
    Journey("document_verification", "GH", "PASSPORT", photograph_passport),
    Journey("enhanced_document_verification", "GH", "PASSPORT", photograph_passport),
    Journey("enhanced_kyc", "NG", "NIN", enter_number),
    Journey("basic_kyc", "NG", "NIN", enter_number),
    Journey("smartselfie_registration", "", "", take_selfie),
)


def settled_job(deployment: Deployment, window: Page) -> dict[str, object]:
    link = deployment.staff().get(window.url.removeprefix(deployment.web_url) + ".json").json()
    (job,) = link["jobs"]
    return deployment.staff().wait_for(job["id"], lambda job: bool(job["callbacks"]) and job["state"] == "done")


def walk(window: Page, address: str, open_phone: OpenPhone, finish: Finish, picture: Path) -> Page:
    """The customer's whole way, and every stage of it on staff's page."""
    expect_stage(window, "created")
    expect(window.get_by_role("button", name="Pause")).to_be_visible()
    phone = open_phone(address)
    expect_stage(window, "opened")
    press_start(phone)
    expect(hosted(phone).get_by_role("heading")).to_be_visible()
    expect_stage(window, "started")
    finish(hosted(phone), picture)
    press(hosted(phone), "Finish")
    expect(phone.locator("h1")).to_contain_text(re.compile("Thank you|finished"))
    expect_stage(window, "result")
    expect(window.get_by_role("button", name="Pause")).to_have_count(0)
    expect(window.locator(".verdict ~ .share-slot .share-address")).to_have_text(address)  # it stands below by now
    return phone


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.product)
def test_customer_finishes_and_staff_see_every_stage(
    shared_deployment: Deployment, make_link: MakeLink, open_phone: OpenPhone, picture_file: Path, journey: Journey
) -> None:
    window, address = make_link(journey.product, journey.country, journey.id_type, customer_reference="cust-1")

    walk(window, address, open_phone, journey.finish, picture_file)

    job = settled_job(shared_deployment, window)
    assert (job["product"], job["outcome"], job["created_by"]) == (journey.product, "approved", "customer")
    assert {"created", "opened", "started", "submitted", "result"} == set(
        window.locator(".stages .stage-done strong").evaluate_all(
            "all => all.map(one => one.textContent.toLowerCase())"
        )
    )


def test_somebody_who_is_enrolled_is_recognised(
    shared_deployment: Deployment, make_link: MakeLink, open_phone: OpenPhone, picture_file: Path
) -> None:
    staff = shared_deployment.staff()
    selfie = {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")}
    enrolled = staff.create_job({"product": "smartselfie_registration", "user_id": "cust-enrolled"}, selfie)
    staff.wait_for(enrolled, lambda job: job["outcome"] == "approved")
    window, address = make_link("smartselfie_authentication", user_id="cust-enrolled")

    walk(window, address, open_phone, take_selfie, picture_file)

    job = settled_job(shared_deployment, window)
    assert (job["product"], job["outcome"], job["user_id"]) == (
        "smartselfie_authentication",
        "approved",
        "cust-enrolled",
    )


def test_stage_between_submission_and_result_is_seen_too(
    shared_deployment: Deployment, make_link: MakeLink, open_phone: OpenPhone, picture_file: Path
) -> None:
    """Smile takes its time: until then the page says that the customer is done."""
    window, address = make_link("enhanced_kyc", "NG", "NIN")
    phone = open_phone(address)
    press_start(phone)
    expect(hosted(phone).get_by_role("heading")).to_be_visible()

    shared_deployment.kill("worker")  # before the number, with which the page submits
    enter_number(hosted(phone), picture_file)
    press(hosted(phone), "Finish")
    expect_stage(window, "submitted")
    shared_deployment.start_worker()

    expect_stage(window, "result", patiently=True)


def test_customer_chooses_what_to_bring(
    shared_deployment: Deployment, open_phone: OpenPhone, open_window: Callable[..., Page], picture_file: Path
) -> None:
    window = open_window(NOTHING_CHOSEN)
    window.locator("#product-customer_chooses").check()
    for id_type in ("NIN", "BVN"):
        window.get_by_label("Checked by").select_option("Enhanced KYC")
        window.get_by_label("Country").select_option("NG")
        window.locator("#id_type").select_option(id_type)
        window.get_by_role("button", name="Add", exact=True).click()
        expect(window.locator(".offered")).to_contain_text(id_type)
    window.locator("aside").get_by_role("button", name="Make the link").click()
    address = window.locator(".share-address").inner_text().strip()
    window.evaluate("window.marker = 'not reloaded'")

    phone = open_phone(address)
    phone.get_by_role("combobox").select_option(index=2)
    press_start(phone)
    enter_number(hosted(phone), picture_file)
    press(hosted(phone), "Finish")

    expect_stage(window, "result")
    job = settled_job(shared_deployment, window)
    assert (job["id_type"], job["outcome"]) == ("BVN", "approved")


def test_what_is_filled_in_need_not_be_typed(make_link: MakeLink, open_phone: OpenPhone) -> None:
    window, address = make_link("enhanced_kyc", "NG", "NIN")
    window.get_by_role("link", name="New link like this").click()
    window.get_by_text("Fill in details for the customer").click()
    window.locator("#id_number").fill(NUMBER)
    window.get_by_label("The customer cannot change them").check()
    window.locator("aside").get_by_role("button", name="Make the link").click()
    filled_in = window.locator(".share-address").inner_text().strip()
    window.evaluate("window.marker = 'not reloaded'")
    assert filled_in != address

    phone = open_phone(filled_in)
    press_start(phone)
    press(hosted(phone), "Finish")

    expect_stage(window, "result")
