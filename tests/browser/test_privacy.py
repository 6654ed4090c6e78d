"""The journey of a request to be erased: find, look, hand out, erase, and the proof, in a real browser."""

import re
import zipfile

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import BVN, SELFIE, check_page
from tests.integration.conftest import Deployment

REFERENCE = "erase-me-3307"


def test_customer_who_asks_is_handed_out_erased_and_proven(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    wanted = {"product": "biometric_kyc", "customer_reference": REFERENCE, **BVN}
    job_id = shared_deployment.staff().create_job(wanted, SELFIE)
    shared_deployment.staff().wait_for(job_id, lambda job: job["outcome"] == "approved" and bool(job["callbacks"]))
    page = open_window("/privacy", member="ada")

    page.get_by_label("Customer reference, user id or ID number").fill(REFERENCE)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("checkbox")).to_be_checked()
    assert REFERENCE not in page.url
    check_page(page)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything about this person").click()
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert f"jobs/{job_id}.json" in names

    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was erased.")
    page.get_by_label("To erase, type again what you searched for").fill(REFERENCE)
    page.get_by_role("button", name="Erase this person").click()
    expect(page).to_have_url(re.compile("/privacy/erasures/"))
    expect(page.get_by_role("heading", name="Proof of erasure")).to_be_visible()
    check_page(page)

    page.goto(f"/jobs/{job_id}")
    expect(page.get_by_role("heading", name="The person was erased")).to_be_visible()
    expect(page.get_by_role("heading", name="[erased]")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Open it").first.click()
    expect(page.get_by_text("The body was erased on")).to_be_visible()
    check_page(page)
