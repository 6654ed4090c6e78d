"""Every hosted page, from a partner's page on another origin to the job that the simulator settles."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.sandbox.server import SandboxServer
from tests.browser.sandbox.conftest import Partner, heard, hosted, press

OpenPhone = Callable[..., Page]
SELFIE = ("Open the camera", "Take the photo")


def settled(partner: Partner, product: str, code: str, job_id: str = "job-1") -> None:
    """Waits for the result; the simulator decides at once, but in a thread of its own."""
    job = partner.simulator.sandbox.store.jobs[job_id]
    deadline = time.monotonic() + 30
    while not job.complete:
        assert time.monotonic() < deadline, f"{job_id} is still {job.state}"
        time.sleep(0.01)
    assert (job.product, job.charged, job.result["ResultCode"]) == (product, 1, code)


def test_biometric_kyc_from_consent_to_result(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("biometric_kyc", id_selection={"NG": ["BVN", "NIN_V2"]}, consent_required={"NG": ["NIN_V2"]})
    page = open_phone(partner.url)
    frame = hosted(page)

    frame.get_by_label("National ID (NIN)").check()
    press(frame, "Continue")
    assert "Sample Partner asks for your consent" in frame.get_by_role("heading").inner_text()
    press(frame, "I agree")
    frame.get_by_label("National ID (NIN) number").fill("00000000000")
    press(frame, "Continue", *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "biometric_kyc", "0810")
    id_info = partner.simulator.sandbox.store.jobs["job-1"].id_info
    assert id_info["consent_information"]["consented"]["personal_details"] is True


@pytest.mark.parametrize(
    ("product", "kept_as", "code"), [("enhanced_kyc", "enhanced_kyc", "1012"), ("basic_kyc", "basic_kyc", "1020")]
)
def test_lookups_need_no_camera(open_phone: OpenPhone, partner: Partner, product: str, kept_as: str, code: str) -> None:
    partner.configure(product, id_selection={"NG": ["NIN"]})
    page = open_phone(partner.url)
    frame = hosted(page)

    frame.get_by_label("National ID number").fill("123")
    press(frame, "Continue")
    assert frame.get_by_role("alert").inner_text() == "This does not look right: National ID number"
    frame.get_by_label("National ID number").fill("00000000000")
    frame.get_by_label("National ID number").press("Enter")
    press(frame, "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, kept_as, code)


@pytest.mark.parametrize(("product", "version"), [("identity_verification", "v10"), ("ekyc_smartselfie", "v11")])
def test_older_product_names_and_newer_folders_open_the_same_pages(
    open_phone: OpenPhone, partner: Partner, product: str, version: str
) -> None:
    partner.version = version
    partner.configure(product, id_info={"NG": {"NIN": {"id_number": "00000000000"}}})
    page = open_phone(partner.url)

    if product == "ekyc_smartselfie":
        press(hosted(page), *SELFIE, "Send")
    press(hosted(page), "Finish")

    assert heard(page) == [["onSuccess"]]


def test_zip_of_the_browser_holds_a_selfie_and_eight_frames(open_phone: OpenPhone, partner: Partner) -> None:
    sandbox = partner.simulator.sandbox
    sandbox.scheduler.stop()  # So that the zip stays where it was put.
    partner.configure("smartselfie")
    page = open_phone(partner.url)

    press(hosted(page), *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    assert sandbox.store.jobs["job-1"].zips == 1
    with zipfile.ZipFile(io.BytesIO(sandbox.store.blob("job-1", "zip") or b"")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["info.json", "security_info.json"]
        info, security = (json.loads(archive.read(name)) for name in archive.namelist())
    assert set(info) == {"package_information", "id_info", "images"}
    assert info["package_information"]["language"] == "Hosted Web Integration"
    assert [image["image_type_id"] for image in info["images"]] == [2] + [6] * 8
    assert len({image["image"] for image in info["images"]}) > 4  # The made-up camera moves.
    assert set(security) == {"timestamp", "mac"}


def test_document_verification_with_a_file_for_the_front_and_the_camera_for_the_back(
    open_phone: OpenPhone, partner: Partner, picture_file: Path
) -> None:
    partner.configure("doc_verification", id_selection={"KE": ["IDENTITY_CARD", "DRIVERS_LICENSE"]})
    page = open_phone(partner.url)
    frame = hosted(page)

    frame.get_by_role("radio").first.check()
    press(frame, "Continue")
    frame.get_by_label("Choose a photo").set_input_files(picture_file)
    press(frame, *SELFIE)  # its back
    press(frame, *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "document_verification", "0810")
    assert set(partner.simulator.sandbox.store.jobs["job-1"].images) == {
        "selfie_image",
        "id_card_image",
        "id_card_back",
    }


def test_enhanced_document_verification(open_phone: OpenPhone, partner: Partner, picture_file: Path) -> None:
    partner.configure(
        "enhanced_document_verification", id_selection={"GH": ["PASSPORT"]}, document_capture_modes=["upload"]
    )
    page = open_phone(partner.url)
    frame = hosted(page)

    frame.get_by_label("Choose a photo").set_input_files(picture_file)
    press(frame, *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "enhanced_document_verification", "0810")


def test_authentication_of_an_enrolled_person(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("smartselfie", token=partner.token("smartselfie", "job-0"))
    first = open_phone(partner.url)
    press(hosted(first), *SELFIE, "Send", "Finish")
    settled(partner, "smartselfie_registration", "0810", "job-0")
    partner.configure("authentication")

    page = open_phone(partner.url)
    press(hosted(page), *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "smartselfie_authentication", "0820")


def test_bank_number_is_confirmed_by_a_code(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_selection={"NG": ["BVN_MFA"]})
    page = open_phone(partner.url, expected=("status of 400",))
    frame = hosted(page)

    press(frame, "I agree")
    frame.get_by_role("textbox").fill("00000000000")
    press(frame, "Continue")
    frame.get_by_label("Text message to").check()
    press(frame, "Continue")
    frame.get_by_label("The code that was sent to you").fill("999999")
    press(frame, "Continue")
    assert frame.get_by_role("alert").first.inner_text() == "That code is not right."
    frame.get_by_label("The code that was sent to you").fill("000000")
    press(frame, "Continue", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "enhanced_kyc", "1012")


def test_product_selection_opens_what_the_token_was_made_for(open_phone: OpenPhone, partner: Partner) -> None:
    ways = [("NIN", "biometric_kyc"), ("PASSPORT", "doc_verification"), ("BVN", "biometric_kyc")]
    partner.configure(
        None, id_types=[{"country": "NG", "id_type": name, "verification_method": way} for name, way in ways]
    )
    page = open_phone(partner.url)
    frame = hosted(page)

    frame.get_by_label("Bank Verification Number").check()
    assert frame.get_by_role("radio").count() == 2
    press(frame, "Continue")
    frame.get_by_role("textbox", name="Bank Verification Number").fill("00000000000")
    press(frame, "Continue", *SELFIE, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]
    settled(partner, "biometric_kyc", "0810")


def test_documents_are_read_and_signed(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("e_signature", document_ids=["a", "b"])
    page = open_phone(partner.url)
    frame = hosted(page)

    expect(frame.get_by_role("link")).to_have_count(2)
    frame.get_by_label("I have read all of them").check()
    frame.get_by_label("Your full name, as your signature").fill("Amina Bello")
    press(frame, "Sign", "Finish")

    assert heard(page) == [["onSuccess"]]


def test_smile_link_counts_what_came_through_it(open_phone: OpenPhone, partner: Partner) -> None:
    simulator: SandboxServer = partner.simulator
    made = partner.post(
        "/v1/smile_links",
        name="Onboarding",
        company_name="Sample Partner",
        callback_url="http://127.0.0.1:9/hook",
        data_privacy_policy_url="https://partner.example/privacy",
        logo_url=f"{simulator.url}/static/img/favicon.svg",
        is_single_use=True,
        user_id="user-1",
        id_types=[{"country": "NG", "id_type": "NIN", "verification_method": "biometric_kyc"}],
    )
    page = open_phone(made["link"], expected=("status of 410",))

    page.get_by_label("National ID number").fill("00000000000")
    press(page, "Continue", *SELFIE, "Send", "Finish")
    page.get_by_role("heading", name="Finished").wait_for()
    (job_id,) = simulator.sandbox.store.jobs
    settled(partner, "biometric_kyc", "0810", job_id)
    again = page.goto(made["link"])

    shown = partner.post(f"/v1/smile_links/{made['ref_id']}")
    assert (shown["total_jobs"], shown["successful_jobs"], shown["failed_jobs"]) == (1, 1, 0)
    assert again is not None
    assert again.status == 410
    assert page.get_by_role("heading").inner_text() == "This link has been used."
