"""The hosted pages for everybody: narrow, dark, by keyboard, in other languages, and with what is prefilled."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import faults_of
from tests.browser.sandbox.conftest import Partner, heard, hosted, press

OpenPhone = Callable[..., Page]


def press_until_focused(page: Page, field: Locator) -> None:
    """Tab, until the focus is where a person would see it: keys run ahead of a page that is slow to follow."""
    for _ in range(5):
        page.keyboard.press("Tab")
        with suppress(AssertionError):
            expect(field).to_be_focused(timeout=1000)
            return
    expect(field).to_be_focused()


def is_too_wide(page: Page) -> bool:
    frame = page.frames[-1]
    return bool(frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar-EG", "rtl")])
def test_no_screen_has_a_fault_that_axe_finds(
    open_phone: OpenPhone, partner: Partner, language: str, direction: str
) -> None:
    partner.configure("biometric_kyc", id_selection={"NG": ["BVN", "NIN_V2"]}, translation={"language": language})
    # Without the partner's policy, which would stop axe itself.
    page = open_phone(partner.url, bypass_csp=True)
    frame = hosted(page)

    titles = []
    for _ in range(6):
        go_on = frame.locator("button.primary")
        go_on.wait_for()
        titles.append(frame.get_by_role("heading").inner_text())
        page.emulate_media(color_scheme="dark")
        assert faults_of(page, "color-contrast") == [], titles
        page.emulate_media(color_scheme="light")
        assert faults_of(page) == [], titles
        assert not is_too_wide(page), titles
        if frame.get_by_role("radio").count():
            frame.get_by_role("radio").last.check()
        if frame.get_by_role("textbox").count():
            frame.get_by_role("textbox").fill("00000000000")
        shown = go_on.element_handle()
        go_on.click()
        shown.wait_for_element_state("hidden")  # Each screen has a button of its own.

    assert len(set(titles)) == 5  # The selfie has two screens under one title.
    html = page.frames[-1].locator("html")
    assert html.get_attribute("lang") == language[:2]
    assert html.get_attribute("dir") == direction


def test_fault_inside_the_hosted_page_is_found(open_phone: OpenPhone, partner: Partner) -> None:
    """That the test above can fail."""
    partner.configure("biometric_kyc")
    page = open_phone(partner.url, bypass_csp=True)

    hosted(page).locator("button.primary").evaluate("button => button.replaceChildren()")

    assert [fault.partition(":")[0] for fault in faults_of(page)] == ["button-name"]


def test_keyboard_alone_is_enough(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_selection={"NG": ["NIN", "BVN"]})
    page = open_phone(partner.url)
    frame = hosted(page)

    expect(frame.get_by_role("heading")).to_be_focused()
    press_until_focused(page, frame.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    expect(frame.get_by_role("radio").last).to_be_checked()
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading")).to_have_text("Your details")
    expect(frame.get_by_role("heading")).to_be_focused()
    press_until_focused(page, frame.get_by_role("textbox"))
    page.keyboard.type("00000000000")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading")).to_have_text("Thank you, that was all")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert heard(page) == [["onSuccess"]]


def test_success_is_told_even_if_nobody_presses_finish(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_info={"NG": {"NIN": {"id_number": "00000000000"}}})

    page = open_phone(partner.url)

    assert heard(page) == [["onSuccess"]]


def test_unknown_language_is_english_unless_the_partner_brings_texts(open_phone: OpenPhone, partner: Partner) -> None:
    texts = {"selfieTitle": "Piga selfie"}
    partner.configure("smartselfie", translation={"language": "sw", "locales": {"sw": texts}})
    frame = hosted(open_phone(partner.url))
    partner.configure("smartselfie", translation={"language": "sw"})
    plain = hosted(open_phone(partner.url))
    partner.configure("smartselfie", translation={"language": "fr-FR"})
    french = hosted(open_phone(partner.url))

    expect(frame.get_by_role("heading")).to_have_text("Piga selfie")
    expect(frame.get_by_role("button", name="Open the camera")).to_be_visible()
    expect(plain.get_by_role("heading")).to_have_text("Take a selfie")
    expect(french.get_by_role("heading")).to_have_text("Prenez un selfie")


@pytest.mark.parametrize("may_change", [False, True])
def test_prefilled_details_stay_unless_they_may_be_changed(
    open_phone: OpenPhone, partner: Partner, may_change: bool
) -> None:
    given = {"id_number": "00000000000", "first_name": "Amina"}
    partner.configure("basic_kyc", id_info={"NG": {"BVN": given}, "allow_modification": may_change})

    frame = hosted(open_phone(partner.url))

    expect(frame.get_by_label("First name")).to_have_value("Amina")
    expect(frame.get_by_label("First name")).to_be_editable(editable=may_change)
    expect(frame.get_by_label("Last name")).to_be_editable()


def test_navigation_leads_back_to_the_last_question(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_selection={"NG": ["NIN", "BVN"]}, show_navigation=True)
    frame = hosted(open_phone(partner.url))

    frame.get_by_role("radio").first.check()
    press(frame, "Continue", "Back")

    expect(frame.get_by_role("heading")).to_have_text("Which identity document do you have?")
