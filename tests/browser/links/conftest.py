"""Two browsers: staff's window, as everywhere, and a customer's phone with a made-up camera."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import OpenWindow
from tests.browser.sandbox.conftest import PHONE, chromium_with_camera
from tests.integration.conftest import Deployment

__all__ = ["chromium_with_camera"]  # the fixture is theirs; naming it here makes it known to the tests of this folder

#: Answers that a test is about are told of in the console, too.
MEANT_TO_BE = ("status of 404", "status of 409", "status of 422", "status of 503")

OpenPhone = Callable[..., Page]
MakeLink = Callable[..., tuple[Page, str]]


@pytest.fixture
def open_phone(chromium_with_camera: Browser) -> Iterator[OpenPhone]:
    """`open_phone(address)` is a customer's browser, new to us; `requests` collects all that it asks of anybody."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_one(address: str, requests: list[Request] | None = None, **options: Any) -> Page:
            context = chromium_with_camera.new_context(**({"viewport": PHONE, "locale": "en"} | options))
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda line: (
                    complaints.append(line.text)
                    if line.type == "error" and not any(words in line.text for words in MEANT_TO_BE)
                    else None
                ),
            )
            if requests is not None:
                context.on("request", lambda request: requests.append(request))
            page.goto(address)
            return page

        yield open_one
    assert complaints == []


#: The form without what Ben sent last.
NOTHING_CHOSEN = "/links/new?product="


@pytest.fixture
def make_link(open_window: OpenWindow, shared_deployment: Deployment) -> MakeLink:
    """Ben makes a link by the form; his window stays on its page. Returns the window and the address."""

    def make(product: str, country: str = "", id_type: str = "", **fields: str) -> tuple[Page, str]:
        window = open_window(NOTHING_CHOSEN)
        # By its keyboard name: the card's sentences belong to its label.
        window.locator(f"#product-{product}").check()
        for name, value in (("country", country), ("id_type", id_type)):
            if value:
                window.locator(f"#{name}").select_option(value)
        if id_type:
            expect(window.locator("iframe").first).to_have_attribute("src", re.compile(f"id_type={id_type}"))
        for name, value in fields.items():
            field = window.locator(f"#{name}")
            field.wait_for(state="attached")  # the form is redrawn after a choice
            if not field.is_visible():
                window.get_by_text("Fill in details for the customer").click()
            field.select_option(value) if name == "language" else field.fill(value)
        window.locator("aside").get_by_role("button", name="Make the link").click()
        address = window.locator(".share-address").inner_text().strip()
        assert address.startswith(f"{shared_deployment.web_url}/v/")
        window.evaluate("window.marker = 'not reloaded'")
        return window, address

    return make


def expect_stage(window: Page, stage: str, *, patiently: bool = False) -> None:
    """Staff's window shows the stage without ever having been reloaded.

    Somebody looks back at it now and again, which has it ask at once; `patiently` it asks by its own clock alone.
    """
    shown = window.locator("[data-stage]")
    for _ in range(0 if patiently else 60):
        if shown.get_attribute("data-stage") == stage:
            break
        window.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        window.wait_for_timeout(150)
    expect(shown).to_have_attribute("data-stage", stage)
    assert window.evaluate("window.marker") == "not reloaded"


def press_start(phone: Page) -> None:
    phone.get_by_role("checkbox").check()
    phone.locator("form button[type=submit]").click()
