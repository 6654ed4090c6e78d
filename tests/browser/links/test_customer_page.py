"""The customer's page in a real browser: for everybody, without script until Start, and telling nobody else."""

from urllib.parse import urlsplit

import pytest
from babel import Locale
from playwright.sync_api import Page, Request, expect

from dashboard.jobs.products import Product
from dashboard.languages import LANGUAGES
from dashboard.links.models import Link
from tests.browser.links.conftest import OpenPhone, press_start
from tests.browser.sandbox.conftest import hosted, press
from tests.browser.test_every_page import check_accessibility
from tests.factories.links import make_link, reload_link
from tests.integration.conftest import Deployment

NIN = {"product": Product.ENHANCED_KYC, "country": "NG", "id_type": "NIN"}


@pytest.fixture
def link(shared_deployment: Deployment) -> tuple[Link, str]:
    return new_link(shared_deployment)


def new_link(deployment: Deployment, **wanted: object) -> tuple[Link, str]:
    """A link of this deployment, and its address."""
    made, code = make_link(deployment.database, deployment.settings(), **(NIN | wanted))
    return made, f"{deployment.web_url}/v/{code}"


def finish(phone: Page) -> None:
    press_start(phone)
    hosted(phone).get_by_role("textbox").fill("00000000000")
    press(hosted(phone), "Continue", "Finish")
    expect(phone.locator("h1")).not_to_have_text("Your verification")


def test_browser_that_only_looks_spends_nothing(
    shared_deployment: Deployment, open_phone: OpenPhone, link: tuple[Link, str]
) -> None:
    """As mail scanners do, which run scripts in a browser of their own."""
    made, address = link
    phone = open_phone(address)
    phone.wait_for_load_state("networkidle")
    phone.mouse.wheel(0, 4000)

    after = reload_link(shared_deployment.database, made)
    assert (after.uses_spent, after.started_at) == (0, None)
    finish(open_phone(address))
    assert reload_link(shared_deployment.database, made).uses_spent == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_accessible_in_every_language_and_theme(
    shared_deployment: Deployment, open_phone: OpenPhone, language: str
) -> None:
    _, address = new_link(shared_deployment, language=language)
    # Without its policy, which would stop axe itself.
    phone = open_phone(address, bypass_csp=True)

    assert phone.locator("html").get_attribute("lang") == language
    assert phone.locator("html").get_attribute("dir") == Locale.parse(language).text_direction
    for theme in ("light", "dark"):
        phone.emulate_media(color_scheme=theme)
        check_accessibility(phone, f"{language}, {theme}")
    assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    sizes = phone.locator("button, select, summary, .tick").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).filter(box => box.width && box.height < 44).length"
    )
    assert sizes == 0


def test_page_works_without_script_until_start(open_phone: OpenPhone, link: tuple[Link, str]) -> None:
    phone = open_phone(link[1], java_script_enabled=False)

    phone.locator("details.languages summary").click()
    phone.get_by_role("link", name="Français").click()
    expect(phone.locator("html")).to_have_attribute("lang", "fr")
    phone.locator("form button[type=submit]").click()
    expect(phone.locator("#consent-error")).to_be_visible()
    phone.get_by_role("checkbox").check()
    phone.locator("form button[type=submit]").click()

    expect(phone.locator("noscript, .error").first).to_be_visible()
    assert phone.locator("html").get_attribute("lang") == "fr"


def test_start_is_pressed_under_no_referrer_and_no_other_host_hears_of_the_code(
    shared_deployment: Deployment, open_phone: OpenPhone, link: tuple[Link, str]
) -> None:
    made, address = link
    code = address.rpartition("/")[2]
    asked: list[Request] = []
    phone = open_phone(address, asked)

    finish(phone)

    presses = [request for request in asked if request.method == "POST" and request.url.endswith("/start")]
    assert [request.all_headers().get("origin") for request in presses] == ["null"]
    own_host = urlsplit(shared_deployment.web_url).netloc
    others = [request for request in asked if urlsplit(request.url).netloc not in (own_host, "")]
    told = [
        request.url
        for request in others
        if any(code in text for text in (request.url, request.post_data or "", *request.all_headers().values()))
    ]
    print(f"{len(asked)} requests, {len(others)} of them to other hosts; the code was in {len(told)} of those")
    assert others
    assert told == []
    assert {urlsplit(request.url).netloc for request in others} == {urlsplit(shared_deployment.sandbox_url).netloc}
    assert reload_link(shared_deployment.database, made).uses_spent == 1


def test_same_browser_sees_the_state_and_never_the_data(open_phone: OpenPhone, link: tuple[Link, str]) -> None:
    phone = open_phone(link[1])
    finish(phone)

    phone.goto(link[1])
    shown = phone.locator("main").inner_text()
    other = open_phone(link[1])

    assert "verification is finished" in shown or "everything has arrived" in shown
    assert "00000000000" not in phone.content()
    assert not any(word in shown.lower() for word in ("approved", "rejected", "1012"))
    expect(other.locator("h1")).to_have_text("This link does not work")


def test_back_after_start_offers_to_go_on(open_phone: OpenPhone, link: tuple[Link, str]) -> None:
    phone = open_phone(link[1])
    press_start(phone)
    expect(hosted(phone).get_by_role("heading")).to_be_visible()

    phone.goto(link[1])
    phone.get_by_role("button", name="Continue").click()

    hosted(phone).get_by_role("textbox").fill("00000000000")
    press(hosted(phone), "Continue", "Finish")
    expect(phone.locator("h1")).not_to_have_text("Your verification")


def test_arabic_stays_arabic_to_the_end(open_phone: OpenPhone, link: tuple[Link, str]) -> None:
    phone = open_phone(f"{link[1]}?lang=ar")
    press_start(phone)

    expect(phone.locator("html")).to_have_attribute("dir", "rtl")
    expect(hosted(phone).locator("html")).to_have_attribute("dir", "rtl")


def test_message_of_a_stranger_starts_nothing(
    shared_deployment: Deployment, open_phone: OpenPhone, link: tuple[Link, str]
) -> None:
    """Only what comes from Smile's own origin is believed; this one comes from the page itself."""
    phone = open_phone(link[1])
    press_start(phone)
    expect(hosted(phone).get_by_role("heading")).to_be_visible()

    phone.evaluate("window.postMessage('SmileIdentity::Success', '*')")
    phone.wait_for_timeout(300)

    expect(phone.locator("h1")).to_have_text("Your verification")
    staff = shared_deployment.staff()
    (job,) = staff.get(f"/links/{link[0].id}.json").json()["jobs"]
    assert job["state"] == "awaiting_customer"
