"""Passkeys in Chromium: added, used as a whole sign-in, as a second step, as a proof, copied, and removed."""

import re

from playwright.sync_api import Page, expect

from tests.browser.team.conftest import OpenVisitor, Visitor
from tests.browser.test_every_page import check_page
from tests.factories.team import PASSWORD, app_code, make_member
from tests.integration.conftest import Deployment

FIRST_PAGE = re.compile("/$")


def sign_in_with_password(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def press(visitor: Visitor, button: str) -> None:
    """With the finger on the device, once the page's own offer waits: that one is not taken by it then."""
    visitor.page.wait_for_load_state("networkidle")
    visitor.touch()
    visitor.page.get_by_role("button", name=button).click()


def add_passkey(visitor: Visitor, name: str) -> None:
    visitor.page.goto("/account/passkeys/new")
    visitor.page.get_by_label("Name of this passkey").fill(name)
    press(visitor, "Add the passkey")
    expect(visitor.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    visitor.let_go()


def sign_out(page: Page) -> None:
    page.locator(".shell-user summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status").filter(has_text="You are signed out.")).to_be_visible()


def test_passkey_from_the_first_press_to_the_last(visit: OpenVisitor, localhost: Deployment) -> None:
    make_member(localhost.database, "cleo")
    cleo = visit("/sign-in")
    page = cleo.page
    sign_in_with_password(page, "cleo")
    expect(page).to_have_url(FIRST_PAGE)
    page.goto("/account/passkeys/new")
    check_page(page)
    add_passkey(cleo, "Work laptop")
    expect(page.locator(".codes li")).to_have_count(10)
    check_page(page)
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("not used yet")).to_be_visible()
    check_page(page)
    [made] = cleo.credentials()
    sign_out(page)

    # A whole sign-in: no address, no password.
    press(cleo, "Use a passkey")
    expect(page).to_have_url(FIRST_PAGE)
    cleo.let_go()
    page.goto("/account/second-factors")
    expect(page.get_by_text("last used")).to_be_visible()
    sign_out(page)

    # Another browser with the copy of before: its counter lags behind.
    thief = visit("/sign-in")
    thief.add(made)
    press(thief, "Use a passkey")
    expect(thief.page.get_by_text("This passkey was not accepted.")).to_be_visible()
    check_page(thief.page)

    # The password alone leads to a second step, where the passkey is asked for.
    sign_in_with_password(page, "cleo")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    check_page(page)
    press(cleo, "Use your passkey")
    expect(page).to_have_url(FIRST_PAGE)
    cleo.let_go()

    # It proves again who one is, where that is asked.
    page.goto("/account/confirmation?next=/account/second-factors")
    press(cleo, "Use a passkey")
    expect(page).to_have_url(re.compile("/account/second-factors$"))
    cleo.let_go()

    page.locator("summary").filter(has_text="Remove Work laptop").click()
    page.get_by_role("button", name="Remove Work laptop").click()
    expect(page.get_by_text("The passkey Work laptop was removed.")).to_be_visible()
    sign_out(page)
    press(cleo, "Use a passkey")
    expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()


def test_passkey_without_finger_or_pin_is_no_passkey(visit: OpenVisitor, localhost: Deployment) -> None:
    make_member(localhost.database, "ben")
    ben = visit("/sign-in")
    sign_in_with_password(ben.page, "ben")
    expect(ben.page).to_have_url(FIRST_PAGE)
    add_passkey(ben, "Phone")
    sign_out(ben.page)
    ben.verify_user(False)

    press(ben, "Use a passkey")

    expect(ben.page.get_by_text("Nothing was chosen, or it took too long.")).to_be_visible()
    expect(ben.page).to_have_url(re.compile("/sign-in"))


def test_owner_sets_up_an_app_before_anything_else(visit: OpenVisitor, localhost: Deployment) -> None:
    make_member(localhost.database, "ada", has_app=False)
    page = visit("/sign-in").page

    sign_in_with_password(page, "ada")
    expect(page.get_by_text("Set one up to go on.")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Set up an app").click()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    check_page(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page)
    secret = page.locator("[data-copy]").get_attribute("data-copy") or ""
    page.get_by_label("Code").fill(app_code(secret=secret.replace(" ", "")))
    page.get_by_role("button", name="Finish").click()

    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert secret not in page.content()
    [first, *_] = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("10 of 10 left.")).to_be_visible()
    sign_out(page)
    sign_in_with_password(page, "ada")
    page.get_by_label("Code").fill(first)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(FIRST_PAGE)
    page.goto("/account/confirmation?next=/team")
    check_page(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile("/team$"))


def test_password_is_shown_and_hidden_and_may_be_pasted(visit: OpenVisitor) -> None:
    page = visit("/sign-in").page
    field = page.locator("#password")
    field.focus()
    page.evaluate("document.execCommand('insertText', false, 'pasted words')")  # as a paste does

    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value("pasted words")
    page.get_by_role("button", name="Hide the password").click()

    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_attribute("autocomplete", "current-password")
