"""Warnings as people meet them: from the form to the sentence, the list, "dealt with", and back with a new fact."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.new_job import choose, picture, picture_field, press_test_number, run
from tests.factories.callbacks import make_payload, sign
from tests.integration.conftest import API_KEY, Deployment

FACE = "The face matches the authority's photo."
SEEN = "A callback claims that this face was seen before"
CLAIMS: dict[str, dict[str, Any]] = {
    "5211": {"Antifraud": {"SuspectUsers": [{"user_id": "user-9", "reason": "same-person"}]}},
    "5212": {"ResultText": "System Error", "Antifraud": {"SuspectUsers": []}},
}
NOT_SEARCHED = "A callback claims that Smile Secure could not search for duplicates"


@pytest.fixture(autouse=True)
def _quiet_afterwards(shared_deployment: Deployment) -> Iterator[None]:
    yield
    switch(shared_deployment)


def switch(deployment: Deployment, *names: str, smile_secure: str = "") -> None:
    body = {"warnings": list(names), "smile_secure": smile_secure}
    deployment.sandbox("POST", "/_sandbox/warnings", json=body)


def expect_warned(page: Page, *sentences: str) -> None:
    """The sentence of the verdict says "but", and the list below it names each."""
    expect(page.locator(".verdict-sentence")).to_contain_text("Approved, but ")
    for sentence in sentences:
        expect(page.locator(".warnings")).to_contain_text(sentence)
    expect(page.locator(".verdict")).to_contain_text("Next: Review the warnings before you rely on this approval")
    assert page.evaluate("window.sinceTheJobWasMade"), "the page was loaded again"


def deal_with(page: Page, reason: str) -> None:
    page.get_by_label("How was it dealt with?").fill(reason)
    page.get_by_role("button", name="Mark as dealt with").click()
    expect(page.locator(".flash")).to_contain_text("Marked as dealt with.")
    expect(page.locator(".dealt-with")).to_contain_text(reason)
    expect(page.locator(".verdict")).to_contain_text("Next: Nothing to do: it was dealt with.")


def expect_in_list(page: Page, reference: str, mark: str) -> None:
    page.goto("/jobs")
    expect(page.get_by_role("row", name=re.compile(reference))).to_contain_text(mark)
    page.get_by_role("link", name=re.compile("approvals? with warnings")).click()
    expect(page.get_by_role("row", name=re.compile(reference))).to_be_visible()


def expect_not_needed(page: Page, reference: str) -> None:
    page.goto("/jobs?needs=warning")
    expect(page.get_by_role("row", name=re.compile(reference))).to_have_count(0)


def expect_back_after_claim(deployment: Deployment, page: Page, address: str, code: str, sentence: str) -> None:
    """A later callback of Smile Secure, signed as Smile signs it, claims one more thing of a job that is settled."""
    staff, job_id = deployment.staff(), address.rpartition("/")[2]
    job = staff.job(job_id)
    claim = make_payload(job_id=job["job_id"], **CLAIMS[code], ResultCode=code)
    claim["signature"] = sign(claim["timestamp"], API_KEY)
    assert requests.post(f"{deployment.web_url}/hooks/smile", json=claim, timeout=30).status_code == 200
    staff.wait_for(job_id, lambda later: len(later["warnings"]) == len(job["warnings"]) + 1)
    expect_back(page, address, sentence)


def expect_back(page: Page, address: str, sentence: str) -> None:
    page.goto(address)  # A settled job's page asks no more.
    expect(page.locator(".warnings")).to_contain_text(sentence)
    expect(page.locator(".dealt-with")).to_contain_text("Came back")
    expect(page.locator(".verdict .outcome")).to_contain_text("Approved")


def fill_id_job(page: Page, product: str, reference: str) -> None:
    choose(page, product, "Nigeria", "Bank Verification Number")
    press_test_number(page, "succeeds")
    page.get_by_label("Customer reference").fill(reference)


def test_a_lookup_with_a_used_number_and_a_dead_person_is_dealt_with(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    switch(shared_deployment, "number_seen_before", "deceased", "not_alive", "id_not_active", "on_watch_list")
    page = open_window("/jobs/new")
    fill_id_job(page, "Enhanced KYC", "warned-lookup")

    run(page)

    expect_warned(
        page,
        "This number was used by two others.",
        "The authority records this person as deceased.",
        "The authority says that this person is not alive.",
        "This person is on a watch list",
    )
    expect(page.locator(".verdict-sentence")).to_contain_text("three more warnings are listed below")
    job = page.url
    expect_in_list(page, "warned-lookup", "on a watch list and 4 more")
    page.goto(job)
    deal_with(page, "Reported to compliance.")
    expect_not_needed(page, "warned-lookup")
    expect_back_after_claim(shared_deployment, page, job, "5211", SEEN)
    expect_in_list(page, "warned-lookup", "on a watch list and 5 more")


def test_smile_secure_brings_a_face_back_after_it_was_dealt_with(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    switch(shared_deployment, "number_seen_before")
    page = open_window("/jobs/new")
    fill_id_job(page, "Biometric KYC", "warned-face")
    picture_field(page, "Selfie").set_input_files(picture(1))
    run(page)
    expect_warned(page, "This number was used by")
    expect(page.locator(".verdict-sentence")).to_contain_text(FACE)
    expect(page.locator(".related").first).to_contain_text("Other jobs of the same number:")
    deal_with(page, "The same customer with an older account.")
    job, staff = page.url, shared_deployment.staff()
    name = staff.job(job.rpartition("/")[2])["job_id"]
    shared_deployment.sandbox("POST", "/_sandbox/smile-secure", json={"job_id": name, "result": "suspects"})
    staff.wait_for(job.rpartition("/")[2], lambda job: len(job["warnings"]) == 2)
    expect_back(page, job, SEEN)
    expect_in_list(page, "warned-face", "face seen before and 1 more")


def test_a_document_that_is_a_tampered_copy_out_of_date(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    switch(shared_deployment, "document_expired", "document_copied", "document_tampered", "suspects")
    page = open_window("/jobs/new")
    choose(page, "Document Verification", "Ghana", "Passport")
    picture_field(page, "Selfie").set_input_files(picture(3))
    picture_field(page, "Front of the document").set_input_files(picture(4))
    page.get_by_label("Customer reference").fill("warned-document")

    run(page)

    expect_warned(
        page,
        "The document looks tampered with.",
        "The document looks like a copy.",
        "The document has expired.",
        "Smile Secure links this person to two others.",
    )
    job = page.url
    expect_in_list(page, "warned-document", "document tampered with and 3 more")
    page.goto(job)
    deal_with(page, "Asked for the original.")
    expect_not_needed(page, "warned-document")
    expect_back_after_claim(shared_deployment, page, job, "5212", NOT_SEARCHED)
    expect_in_list(page, "warned-document", "document tampered with and 4 more")


def test_details_that_differ_and_checks_in_words(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    switch(shared_deployment, "name_differs", "details_differ")
    page = open_window("/jobs/new")
    fill_id_job(page, "Basic KYC", "warned-details")
    page.get_by_label("First name").fill("Amina")
    page.get_by_label("Last name").fill("Bello")

    run(page)

    expect_warned(page, "The name differs from the authority's.", "The date of birth differs from the authority's.")
    silent = page.locator("#silent-checks")
    expect(silent).to_contain_text("not applicable or not done")
    expect(silent.get_by_text("This product returns no data.")).to_be_hidden()
    silent.locator("summary").click()
    expect(silent.get_by_text("This product returns no data.")).to_be_visible()
    expect(page.locator(".checks .shape-rejected")).to_have_count(1)  # the date of birth alone
    job = page.url
    expect_in_list(page, "warned-details", "name differs and 1 more")
    page.goto(job)
    deal_with(page, "The passport shows the same date.")
    expect_not_needed(page, "warned-details")
    expect_back_after_claim(shared_deployment, page, job, "5212", NOT_SEARCHED)
