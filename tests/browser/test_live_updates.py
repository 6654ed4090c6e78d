"""Pages that update themselves: they disturb nobody, ask seldom when nobody looks, and stop once all is said."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, Request, expect

from dashboard.db import utc_now
from dashboard.jobs.models import Job
from tests.browser.conftest import OpenWindow, Pause
from tests.browser.layout import moves, watch_for_moves
from tests.browser.new_job import expect_settled, reveal, wait_until_provisional
from tests.factories.images import make_jpeg
from tests.integration.conftest import Deployment, wait_until_up

SELFIE = {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")}
PROVISIONAL = {
    "product": "biometric_kyc",
    "country": "NG",
    "id_type": "BVN",
    "id_number": "00000000000",
    "sandbox_result": "2",
}
QUICK = {"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "id_number": "00000000000"}


def status_requests(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on(
        "request", lambda request: seen.append(request) if request.url.partition("?")[0].endswith("/status") else None
    )
    return seen


@pytest.mark.usefixtures("slow_review")
def test_an_update_closes_unfocuses_and_scrolls_nothing_and_waits_for_selected_text(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    job_id = shared_deployment.staff().create_job(PROVISIONAL, SELFIE)
    page = open_window(f"/jobs/{job_id}", viewport={"width": 390, "height": 600})
    page.evaluate("window.sinceTheJobWasMade = true")
    wait_until_provisional(shared_deployment, page)
    with paused_worker():
        expect_settled(page, "Provisional", "The first check passed, but a person at Smile has yet to review it.")
        reveal(page, "Reveal what is masked")
        number = page.locator("#compared").get_by_role("cell", name="00000000000").first
        expect(number).to_be_visible()
        expect(page.get_by_role("link", name="Hide it again")).to_be_focused()
        newest = page.locator("details.result").filter(has_text="confirmed by").first
        result = page.locator(f"#{newest.get_attribute('id')}")
        result.locator("summary").click()
        result.locator("summary").focus()
        expect(result.locator("pre")).to_be_visible()
        select = "element => getSelection().selectAllChildren(element)"
        result.locator("pre").evaluate(select)
        scrolled_to = page.evaluate("scrollY")
        assert scrolled_to > 0

    with page.expect_response(lambda answer: "/status" in answer.url and answer.status == 200):
        pass
    assert "ResultCode" in page.evaluate("getSelection().toString()")
    expect(page.locator(".verdict .outcome")).to_contain_text("Provisional")
    page.evaluate("getSelection().removeAllRanges()")
    expect_settled(page, "Approved", "The face matches the authority's photo.")

    expect(result.locator("pre")).to_be_visible()
    expect(result.locator("summary")).to_be_focused()
    expect(number).to_be_visible()
    expect(page.get_by_role("button", name="Reveal what is masked")).to_have_count(0)
    page.get_by_role("link", name="Hide it again").click()
    expect(page.get_by_role("button", name="Reveal what is masked")).to_be_visible()
    expect(number).to_have_count(0)
    assert page.evaluate("window.sinceTheJobWasMade"), "the page was loaded again"


def test_a_final_job_is_not_asked_about_again(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    with paused_worker():
        job_id = shared_deployment.staff().create_job(QUICK)
        page = open_window("/account")
        page.clock.install()
        page.goto(f"/jobs/{job_id}")
        asked = status_requests(page)
        with page.expect_request(re.compile("/status")):
            page.clock.run_for(4_000)
    shared_deployment.staff().wait_for(job_id, lambda job: job["state"] == "done")
    page.clock.run_for(4_000)
    expect(page.locator(".verdict .outcome")).to_contain_text("Approved")
    asked_until_final = len(asked)

    page.clock.run_for(300_000)

    assert len(asked) == asked_until_final


def test_what_was_just_made_is_asked_about_after_1_1_2_and_then_every_3_seconds(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    with paused_worker():
        job_id = shared_deployment.staff().create_job(QUICK)
        with shared_deployment.database.transaction() as session:  # However slow this machine is, it was just made.
            session.get_one(Job, UUID(job_id)).created_at = utc_now() + timedelta(hours=1)
        page = open_window("/account")
        page.clock.install()
        page.goto(f"/jobs/{job_id}")
        page.evaluate("asked = 0; document.addEventListener('htmx:beforeSend', () => { asked += 1; })")
        for _ in range(48):
            page.clock.run_for(250)
            expect(page.locator(".htmx-request")).to_have_count(0)

        assert page.evaluate("asked") >= 5  # in twelve seconds; every three of them would make four


def test_nobody_looking_means_one_question_a_minute_until_somebody_moves(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    with paused_worker():
        job_id = shared_deployment.staff().create_job(QUICK)
        page = open_window("/account")
        page.clock.install()
        page.goto(f"/jobs/{job_id}")
        page.clock.run_for(70_000)
        asked = status_requests(page)

        page.clock.run_for(50_000)
        asked_idle = len(asked)
        page.mouse.move(100, 100)
        with page.expect_request(re.compile("/status")):
            page.clock.run_for(4_000)

    assert asked_idle <= 1


def test_news_of_links_move_nothing(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    link = {"product": "biometric_kyc", "customer_reference": "cust-1"}
    assert shared_deployment.staff().post("/links", link).ok
    page = open_window("/links")
    watch_for_moves(page)

    assert shared_deployment.staff().post("/links", link | {"customer_reference": "cust-2"}).ok

    expect(page.get_by_role("link", name="1 new link - show")).to_be_visible()
    expect(page.get_by_role("link", name="cust-2")).to_have_count(0)
    assert moves(page) == []


def test_a_lost_connection_is_told_of_and_forgotten_when_it_is_back(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    job_id = shared_deployment.staff().create_job(QUICK)
    page = open_window("/jobs", complains=("htmx:sendError", "ERR_CONNECTION_REFUSED"))
    expect(page.get_by_text("live: updates by itself")).to_be_visible()

    shared_deployment.kill("web")
    expect(page.get_by_text("connection lost, trying again", exact=True)).to_be_visible()
    web = shared_deployment.start("web", "web", "--port", shared_deployment.web_url.rpartition(":")[2])
    wait_until_up(f"{shared_deployment.web_url}/readyz", web)

    expect(page.get_by_text("live: updates by itself")).to_be_visible()
    expect(page.locator(f"#job-{job_id}")).to_be_visible()
