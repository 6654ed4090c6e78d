"""A real Chromium in front of a real deployment; every window is checked for errors of its console when it closes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.integration.conftest import (
    API_KEY,
    PARTNER_ID,
    QUICK_SANDBOX,
    Deployment,
    shared_deployment,
    wait_until_up,
)

__all__ = ["shared_deployment"]  # the fixture is theirs; naming it here makes it known to the tests of this folder

#: The same engine without windows opens a page in half the time of the others, so it comes first.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--in-process-gpu"),
]
#: A page that answers 404 or 422 on purpose is told of in the console, too; missing files are caught by their answer.
#: So is a request that a later choice, or leaving the page, made needless.
MEANT_TO_BE = ("status of 404", "status of 422", "htmx:sendAbort", "htmx:afterRequest")
#: A mark that turns would be drawn sixty times a second while a test waits for what follows.
USUAL = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
PAGES_AND_CALLS = frozenset({"document", "xhr", "fetch"})

expect.set_options(timeout=20_000)  # A job takes some polls and, once provisional, the wait between two questions.

OpenWindow = Callable[..., Page]
Pause = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("No Chromium on the PATH: the browser journeys are not run.")
    return {"executable_path": CHROMIUM, "args": FLAGS, "headless": True}


@pytest.fixture(scope="module")
def cookies_of(shared_deployment: Deployment) -> Callable[[str], list[dict[str, str]]]:
    """The cookies of a member's sign-in; one for each member and file."""
    known: dict[str, list[dict[str, str]]] = {}

    def cookies(name: str) -> list[dict[str, str]]:
        if name not in known:
            jar = shared_deployment.staff(name).http.cookies
            known[name] = [{"name": c.name, "value": c.value or "", "url": shared_deployment.web_url} for c in jar]
        return known[name]

    return cookies


@pytest.fixture
def open_window(
    browser: Browser, shared_deployment: Deployment, cookies_of: Callable[[str], Any]
) -> Iterator[OpenWindow]:
    """`open_window("/jobs")` is a new browser with nothing in its cache, with Ben signed in; `member=None`: nobody."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    meant_to_be = list(MEANT_TO_BE)

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in meant_to_be):
            complaints.append(f"{message.text} at {message.location}")

    def note_answer(answer: Response) -> None:
        if answer.status >= 400 and answer.request.resource_type not in PAGES_AND_CALLS:
            complaints.append(f"{answer.status} {answer.url}")

    def open_one(path: str, member: str | None = "ben", complains: tuple[str, ...] = (), **options: Any) -> Page:
        meant_to_be.extend(complains)
        context = browser.new_context(**({"base_url": shared_deployment.web_url} | USUAL | options))
        contexts.append(context)
        if member:
            context.add_cookies(cookies_of(member))
        page = context.new_page()
        page.on("console", note_console)
        page.on("response", note_answer)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "The browser complained:\n" + "\n".join(complaints)


@pytest.fixture(scope="module")
def slow_review(shared_deployment: Deployment) -> None:
    """From here on a provisional result stays one long enough to be looked at, also on a busy machine."""
    shared_deployment.kill("sandbox")
    port = shared_deployment.sandbox_url.rpartition(":")[2]
    options = ("--port", port, "--partner-id", PARTNER_ID, "--api-key", API_KEY)
    review = ("--set", "review_delay_seconds=6")
    process = shared_deployment.start("sandbox", "sandbox", *options, *QUICK_SANDBOX, *review)
    wait_until_up(f"{shared_deployment.sandbox_url}/_sandbox/jobs.json", process)


@pytest.fixture
def paused_worker(shared_deployment: Deployment) -> Pause:
    """`with paused_worker():` nothing is sent or asked in the block, so that a page can be met before it changes."""

    @contextmanager
    def pause() -> Iterator[None]:
        # Ended rather than stopped by a signal: a stopped one might hold a lock of the database.
        shared_deployment.kill("worker")
        try:
            yield
        finally:
            shared_deployment.start_worker()

    return pause
