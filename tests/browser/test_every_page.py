"""Every page of the staff: accessible in both themes, nothing sideways on a phone, and light on the wire."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import Page, expect

from dashboard.db import utc_now
from dashboard.jobs.products import Product
from tests.browser.accessibility import COLOURS, faults_of, has_new_kinds
from tests.browser.conftest import OpenWindow, Pause
from tests.browser.layout import check_rows, check_top_bar, check_verdicts_and_needs
from tests.browser.new_job import reveal, wait_until_provisional
from tests.factories.callbacks import make_payload
from tests.factories.images import make_jpeg
from tests.factories.jobs import make_job
from tests.factories.links import make_link
from tests.integration.conftest import Deployment

SELFIE = {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")}
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}
FIRST_VISIT_KB = 80
LATER_VISIT_KB = 20

# Each state of the form of a new job, by its address.
FORMS = (
    "/jobs/new",
    "/jobs/new?product=biometric_kyc",
    "/jobs/new?product=biometric_kyc&country=NG&id_type=BVN",
    "/jobs/new?product=document_verification&country=GH",
    "/jobs/new?product=business_verification&country=NG&id_type=BUSINESS_REGISTRATION",
    "/jobs/new?product=smartselfie_authentication",
    "/jobs/new?product=basic_kyc&country=NG&id_type=BVN",
)


def check_page(page: Page) -> None:
    """Nothing scrolls sideways on a phone; axe finds nothing, with the colours of new kinds in both themes."""
    usual = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    too_wide = page.evaluate(
        "Math.max(...[document.documentElement, ...document.querySelectorAll('.list-frame:has(.cards-on-phone)')]"
        ".map(frame => frame.scrollWidth - frame.clientWidth))"
    )
    is_new = has_new_kinds(page)
    if is_new:
        check_accessibility(page, "phone", without=COLOURS)
    page.set_viewport_size(usual or {"width": 1280, "height": 800})
    if is_new:
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # A colour on its way is no colour yet.
        check_accessibility(page, "dark", *COLOURS)
        page.emulate_media(color_scheme="light")
    # Headings, names and ids depend on the whole page; only colours follow from the kinds of its elements.
    check_accessibility(page, "light", without=() if is_new else COLOURS)
    assert too_wide <= 0, f"{page.url} scrolls {too_wide} px sideways on a phone"


def check_accessibility(page: Page, theme: str, *rules: str, without: Sequence[str] = ()) -> None:
    faults = faults_of(page, *rules, without=without)
    assert not faults, f"{page.url}, {theme}:\n" + "\n".join(faults)


def test_the_door_and_its_error(open_window: OpenWindow) -> None:
    page = open_window("/sign-in", member=None)
    check_page(page)

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page)


def test_the_list_without_jobs_and_without_matches(open_window: OpenWindow) -> None:
    page = open_window("/jobs")
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    check_page(page)

    page.goto("/jobs?q=nothing-like-this")

    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    check_page(page)


@pytest.mark.parametrize("address", FORMS)
def test_the_form_of_a_new_job_at_each_step(open_window: OpenWindow, address: str) -> None:
    page = open_window(address)

    check_page(page)


def test_the_form_with_errors(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new?product=biometric_kyc&country=NG&id_type=BVN")
    page.get_by_label("Bank Verification Number").fill("12")

    page.get_by_role("button", name="Run in the sandbox").click()

    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page)


def test_a_job_that_waits(shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause) -> None:
    with paused_worker():
        job_id = shared_deployment.staff().create_job({"product": "enhanced_kyc", **BVN})
        page = open_window(f"/jobs/{job_id}")

        expect(page.get_by_role("button", name="Cancel this job")).to_be_visible()
        check_page(page)


@pytest.mark.usefixtures("slow_review")
def test_a_job_that_is_provisional(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    job_id = shared_deployment.staff().create_job({"product": "biometric_kyc", **BVN, "sandbox_result": "2"}, SELFIE)
    page = open_window(f"/jobs/{job_id}")
    wait_until_provisional(shared_deployment, page)
    with paused_worker():
        expect(page.locator(".verdict .outcome")).to_contain_text("Provisional")
        check_page(page)


def test_a_job_that_is_approved_with_everything_opened(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    job_id = shared_deployment.staff().create_job({"product": "biometric_kyc", **BVN}, SELFIE)
    page = open_window(f"/jobs/{job_id}")
    expect(page.locator(".verdict .outcome")).to_contain_text("Approved")
    expect(page.locator(".verdict")).to_contain_text("Claimed by callback")

    reveal(page, "Reveal what is masked")
    expect(page.locator("#compared").get_by_role("cell", name="00000000000").first).to_be_visible()
    page.get_by_text("Selfie", exact=False).locator("xpath=ancestor-or-self::summary").click()
    page.locator("details.result summary").first.click()

    expect(page.get_by_role("img", name="As it was sent")).to_be_visible()
    check_page(page)


def test_a_job_that_failed(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    wanted = {"product": "smartselfie_authentication", "user_id": "nobody"}
    job_id = shared_deployment.staff().create_job(wanted, SELFIE)
    page = open_window(f"/jobs/{job_id}")

    expect(page.locator(".verdict .outcome")).to_contain_text("Failed")
    check_page(page)


def test_the_full_list_and_the_callbacks(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    hooks = shared_deployment.web_url + "/hooks/smile"
    with_callback(shared_deployment)
    wrong = make_payload(job_id="nobody-knows", signature="d3Jvbmc=")
    assert requests.post(hooks, json=wrong, timeout=10).status_code == 401
    page = open_window("/jobs")
    check_page(page)
    check_verdicts_and_needs(page)

    page.goto("/callbacks")
    expect(page.get_by_role("rowheader", name="Valid").first).to_be_visible()
    check_page(page)
    check_verdicts_and_needs(page)
    page.get_by_role("link", name="Wrong").first.click()
    check_page(page)
    page.goto("/callbacks?verdict=valid")
    page.get_by_role("link", name="Valid").first.click()
    check_page(page)


def test_rows_of_lists_show_whole_words(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    database, settings = shared_deployment.database, shared_deployment.settings()
    named, unnamed = {"customer_reference": "KORA-2026-LAGOS-00053"}, {"customer_reference": ""}
    since = {"created_at": utc_now() - timedelta(minutes=44)}
    settled = since | {"state": "done", "country": "GH", "created_by": "customer"}
    make_job(database, settings, Product.SMARTSELFIE_AUTHENTICATION, asks=named, outcome="provisional", **settled)
    make_job(database, settings, Product.DOCUMENT_VERIFICATION, asks=unnamed, outcome="error", **settled)
    make_job(database, settings, Product.BUSINESS_VERIFICATION, **settled | {"state": "awaiting_customer"})
    make_link(database, settings, row=since, **named)
    make_link(database, settings)
    hooks = shared_deployment.web_url + "/hooks/smile"
    assert requests.post(hooks, json=make_payload(job_id="job-of-another-system"), timeout=10).status_code == 401
    assert requests.post(hooks, data="no JSON", timeout=10).status_code == 415
    page = open_window("/jobs?country=GH", member="ada")
    check_rows(page)

    for address in ("/links", "/callbacks", "/callbacks/refused", "/team", "/audit"):
        page.goto(address)
        check_rows(page)


def with_callback(deployment: Deployment) -> str:
    """A job whose callback has come."""
    job_id = deployment.staff().create_job({"product": "biometric_kyc", **BVN}, SELFIE)
    deployment.staff().wait_for(job_id, lambda job: job["outcome"] == "approved" and bool(job["callbacks"]))
    return job_id


@pytest.mark.parametrize("member", ["ada", "ben", "cleo"])
def test_the_bar_on_top_holds_all_that_a_role_sees(open_window: OpenWindow, member: str) -> None:
    page = open_window("/jobs", member=member)

    check_top_bar(page)


def test_what_has_the_focus_is_seen(open_window: OpenWindow) -> None:
    page = open_window("/jobs")
    ring = "element => (({ outlineStyle, outlineWidth, outlineColor }) => [outlineStyle, outlineWidth, outlineColor])"
    ring += "(getComputedStyle(element))"
    for theme, colour in (("light", "rgb(15, 107, 74)"), ("dark", "rgb(76, 195, 138)")):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(page.url)
        page.keyboard.press("Tab")
        link = page.locator(".skip-link")
        expect(link).to_be_focused()
        check_accessibility(page, theme, *COLOURS)
        for element in (
            link,
            page.locator("#find-anything"),
            page.get_by_label("Country"),
            page.locator(".shell-new").first,
        ):
            element.focus()
            assert element.evaluate(ring) == ["solid", "2px", colour], (theme, element)


def test_a_list_is_worked_by_mouse_and_keys(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    settled = {"state": "done", "outcome": "rejected", "result_code": "1013", "country": "UG"}
    for number in range(52):
        asks = {"customer_reference": f"cust-{number}"}
        make_job(shared_deployment.database, shared_deployment.settings(), Product.BASIC_KYC, asks=asks, **settled)
    page = open_window("/jobs?country=UG")

    page.locator("select[name=state]").focus()
    page.keyboard.press("ArrowDown")  # on the way to another value
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile(r"/jobs\?country=UG$"))
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"state=queued"))
    page.goto("/jobs?country=UG")
    page.get_by_label("Outcome").select_option("rejected")  # No button is pressed.
    expect(page).to_have_title(re.compile(r"Jobs: Rejected, Uganda - Partner Desk$"))
    expect(page.get_by_label("Outcome").locator("option:checked")).to_have_text("Outcome: rejected (52)")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text("51 to 52 of 52 jobs")).to_be_visible()
    second_page = page.url
    reason = page.get_by_role("row", name="cust-1 ").get_by_text("The authority has nobody on record")
    box = reason.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 8, steps=4)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()")
    assert page.url == second_page

    page.evaluate("getSelection().removeAllRanges()")
    with page.context.expect_page() as opened:
        reason.click(modifiers=["Control"])
    expect(opened.value.get_by_role("heading", name="cust-1")).to_be_visible()
    assert page.url == second_page
    reason.click()
    expect(page.get_by_role("heading", name="cust-1")).to_be_visible()
    page.locator(".crumbs a").click()
    expect(page.get_by_text("51 to 52 of 52 jobs")).to_be_visible()
    assert page.url == second_page
    page.get_by_role("link", name="Newer").click()
    expect(page.get_by_text("1 to 50 of 52 jobs")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("51 to 52 of 52 jobs")).to_be_visible()

    page.keyboard.press("/")
    expect(page.locator("#find-anything")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find-anything")).to_have_value("/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/jobs?country=UG")
    first_row = page.locator("tbody tr").first.bounding_box()
    assert first_row
    assert first_row["y"] <= 400
    expect(page.get_by_label("Outcome")).to_be_hidden()
    page.get_by_text("Filter: Uganda").click()
    expect(page.get_by_label("Outcome")).to_be_visible()
    check_page(page)


@pytest.mark.parametrize("address", ["/team", "/audit", "/account", "/privacy", "/settings/privacy", "/nowhere"])
def test_the_pages_beside(open_window: OpenWindow, address: str) -> None:
    page = open_window(address, member="ada")

    check_page(page)


def test_a_first_visit_and_later_ones_are_light_on_the_wire(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    job_id = with_callback(shared_deployment)
    page = open_window("/healthz")
    sizes: dict[str, float] = {}

    for address in ("/jobs", "/jobs?state=done", "/jobs/new", FORMS[2], f"/jobs/{job_id}", "/callbacks", "/account"):
        with measured_kilobytes(page) as received:
            page.goto(address, wait_until="networkidle")
        sizes[address] = sum(received)

    first, *later = sizes.values()
    for address, size in sizes.items():
        print(f"{size:6.1f} KB {re.sub('[0-9a-f-]{36}', '<id>', address)}")
    assert first <= FIRST_VISIT_KB
    assert max(later) <= LATER_VISIT_KB


@contextmanager
def measured_kilobytes(page: Page) -> Iterator[list[float]]:
    """What came over the wire, headers included and compressed as it was."""
    received: list[float] = []
    session = page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"] / 1024))
    session.send("Network.enable")
    yield received
    session.detach()
