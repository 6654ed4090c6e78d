"""An owner and a new member in two windows, from the invitation to the ended sign-in; and how their pages look."""

import re

import pytest
from playwright.sync_api import Page, expect

from dashboard.db import utc_now
from dashboard.permissions import Role
from dashboard.team.members.invitations import invite
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import LATER_VISIT_KB, check_page, measured_kilobytes
from tests.factories.team import PASSWORD, make_member
from tests.integration.conftest import Deployment


def invite_in_window(page: Page, email: str, role: str) -> str:
    """The address of the link that the page shows after it."""
    form = page.get_by_role("complementary", name="Invite somebody")
    form.get_by_label("E-mail address").fill(email)
    form.get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_role("heading", name=re.compile("Give this link to"))).to_be_visible()
    return page.locator(".handed code").inner_text().strip()


def test_from_the_invitation_to_the_ended_sign_in(open_window: OpenWindow) -> None:
    ada = open_window("/team", member="ada", permissions=["clipboard-read", "clipboard-write"])
    address = invite_in_window(ada, "eve@example.com", "viewer")
    ada.get_by_role("button", name="Copy the address").click()
    assert ada.evaluate("navigator.clipboard.readText()") == address
    check_page(ada)
    ada.reload()
    assert address not in ada.content()

    # Her list may ask for news after she was shut out.
    eve = open_window(address, member=None, complains=("status of 401",), timezone_id="Africa/Lagos")
    eve.get_by_role("button", name="Join").click()
    expect(eve.get_by_role("alert")).to_contain_text("Type your name.")
    check_page(eve)
    eve.get_by_label("Name").fill("Eve")
    eve.get_by_label("Password").fill(PASSWORD)
    eve.get_by_role("button", name="Join").click()
    expect(eve.get_by_text("Welcome, Eve.")).to_be_visible()
    expect(eve.get_by_role("link", name="New job")).to_have_count(0)
    check_page(eve)  # with the offer of her browser's time zone
    eve.get_by_role("button", name="Use my browser's").click()
    expect(eve.get_by_text("Times are in Africa/Lagos (UTC+01:00).")).to_be_visible()
    expect(eve.get_by_role("button", name="Use my browser's")).to_have_count(0)
    eve.goto("/links?language=fr")
    eve.get_by_text("Eve", exact=True).click()
    eve.get_by_role("button", name="Dark").click()
    expect(eve.locator("html[data-theme=dark]")).to_have_css("color-scheme", "dark")
    assert eve.url.endswith("/links?language=fr")
    check_page(eve)

    ada.goto("/team")
    ada.get_by_role("link", name="Eve").click()
    ada.get_by_label("New role").select_option("operator")
    ada.get_by_role("button", name="Change role").click()
    expect(ada.get_by_text("The role was changed.")).to_be_visible()

    # Her open list asks for news, and is led to the sign-in page.
    expect(eve.get_by_text("This browser was signed out")).to_be_visible()
    eve.get_by_label("E-mail address").fill("eve@example.com")
    eve.get_by_label("Password", exact=True).fill(PASSWORD)
    eve.get_by_role("button", name="Sign in", exact=True).click()
    expect(eve.get_by_role("link", name="New job")).to_be_visible()
    assert eve.url.endswith("/links?language=fr")

    ada.get_by_text("Disable Eve").first.click()
    ada.get_by_role("button", name="Disable Eve").click()
    expect(ada.get_by_text("All of their browsers are signed out.")).to_be_visible()
    check_page(ada)
    expect(eve.get_by_role("heading", name="Sign in")).to_be_visible()


def test_one_browser_ends_another(open_window: OpenWindow, shared_deployment: Deployment) -> None:
    shared_deployment.staff("cleo")
    page = open_window("/account", member="cleo")
    ends = page.get_by_role("button", name=re.compile("End the sign-in of"))
    expect(ends).to_have_count(1)
    check_page(page)

    ends.click()

    expect(page.get_by_text("That browser is signed out.")).to_be_visible()
    expect(ends).to_have_count(0)


def test_a_link_of_a_new_password_is_handed_over(open_window: OpenWindow, shared_deployment: Deployment) -> None:
    ben = make_member(shared_deployment.database, "ben")
    ada = open_window(f"/team/{ben.id}", member="ada")
    ada.get_by_role("button", name="Make a link").click()
    address = ada.locator(".handed code").inner_text().strip()
    check_page(ada)

    stranger = open_window(address, member=None)

    check_page(stranger)
    stranger.goto("/new-password/unknown")
    expect(stranger.get_by_role("heading", name="This link does not work")).to_be_visible()
    check_page(stranger)


@pytest.mark.parametrize("address", ["/forgotten-password", "/forgotten-password/asked"])
def test_the_pages_for_who_forgot(open_window: OpenWindow, address: str) -> None:
    check_page(open_window(address, member=None))


def test_the_team_with_invitations_and_who_may_do_what(open_window: OpenWindow, shared_deployment: Deployment) -> None:
    make_member(shared_deployment.database, "dan")
    ada = make_member(shared_deployment.database, "ada")
    with shared_deployment.database.transaction() as session:
        invite(session, "a.very.long.address.of.somebody@a-long-host.example.com", Role.OWNER, ada.id, utc_now())
    page = open_window("/team", member="ada")
    check_page(page)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_role("alert")).to_be_visible()

    page.goto("/account/permissions")
    check_page(page)


def test_later_visits_are_light(open_window: OpenWindow) -> None:
    page = open_window("/jobs", member="ada")
    page.goto("/team", wait_until="networkidle")

    for address in ("/team", "/account", "/account/permissions"):
        with measured_kilobytes(page) as received:
            page.goto(address, wait_until="networkidle")
        print(f"{sum(received):6.1f} KB {address}")
        assert sum(received) <= LATER_VISIT_KB
