"""The inspector of callbacks in a real Chromium: by keyboard alone, live, with the list beside, light on the wire."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from dashboard.callbacks.models import ProcessingRun
from dashboard.callbacks.processing.runs import TOLD_FOR
from dashboard.db import new_id, utc_now
from dashboard.smile_keys import add_key, seed_keys
from tests.browser.conftest import OpenWindow
from tests.browser.layout import moves, watch_for_moves
from tests.browser.new_job import reveal
from tests.browser.test_every_page import FIRST_VISIT_KB, LATER_VISIT_KB, check_page, measured_kilobytes, with_callback
from tests.factories.callbacks import make_payload, sign
from tests.integration.conftest import API_KEY, Deployment

LATE_KEY = "integration-key-that-came-late"


def send(deployment: Deployment, key: str = API_KEY, **changes: Any) -> dict[str, Any]:
    payload = make_payload(**changes)
    payload["signature"] = sign(payload["timestamp"], key)
    answer = requests.post(f"{deployment.web_url}/hooks/smile", json=payload, timeout=10)
    assert answer.status_code in (200, 401), answer.text
    return payload


def newest(deployment: Deployment, query: str = "") -> dict[str, Any]:
    return dict(deployment.staff().get(f"/callbacks.json{query}").json()["items"][0])


def add_late_key(deployment: Deployment) -> None:
    with deployment.database.transaction() as session:
        seed_keys(session, deployment.settings(), utc_now())
        add_key(session, "sandbox", LATE_KEY, "ada@example.com", utc_now())


def press_until(page: Page, key: str, is_there: Callable[[], bool], most: int = 60) -> None:
    """Goes through the page as somebody without a mouse does."""
    for _ in range(most):
        if is_there():
            return
        page.keyboard.press(key)
    raise AssertionError(f"{most} presses of {key} did not lead there")


def has_focus(page: Page, selector: str, text: str = "") -> Callable[[], bool]:
    script = "([selector, text]) => document.activeElement.matches(selector) && " + (
        "document.activeElement.textContent.includes(text)"
    )
    return lambda: bool(page.evaluate(script, [selector, text]))


def test_somebody_finds_a_callback_sees_why_it_fails_and_processes_it_again_by_keyboard_alone(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    job_id = with_callback(shared_deployment)
    named = shared_deployment.staff().job(job_id)["job_id"]
    send(shared_deployment, LATE_KEY, job_id=named, ResultText="Signed too early")
    send(shared_deployment, LATE_KEY, job_id="another-job")
    page = open_window("/callbacks")

    press_until(page, "Tab", has_focus(page, ".skip-link"))
    page.keyboard.press("Enter")
    press_until(page, "Tab", has_focus(page, "main input[type=search]"), most=3)
    page.keyboard.type(named[5:17])
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Pages")).to_have_text("2 callbacks")
    press_until(page, "Tab", has_focus(page, "a.row-link", "Wrong signature"))
    page.keyboard.press("Enter")

    expect(page.locator(".verdict-sentence")).to_have_text("The signature does not match the key of partner 002.")
    expect(page.locator(".proof-fails")).to_have_text(["No: The signature does not match the key of partner 002."])
    check_page(page)
    add_late_key(shared_deployment)
    press_until(page, "Tab", has_focus(page, "button", "Process again"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").filter(has_text="Processed again: now valid (was wrong)")).to_be_visible()
    expect(page.get_by_role("heading", name="Valid", exact=False).first).to_be_visible()
    expect(page.locator(".proof")).to_contain_text("Smile answered our own request")
    check_page(page)
    press_until(page, "Tab", has_focus(page, "button", "Verify again"))
    page.keyboard.press("Enter")
    expect(page.locator(".verified")).to_contain_text("ignoring its age")
    check_page(page)
    timeline = shared_deployment.staff().job(job_id)["events"]
    assert [event["kind"] for event in timeline].count("callback_again") == 1


def test_all_that_match_are_processed_while_the_list_tells_how_far_it_is(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    for number in range(25):
        send(shared_deployment, LATE_KEY + "-2", job_id="not-here", age=timedelta(seconds=number))
    page = open_window("/callbacks?verdict=wrong&q=not-here")
    with shared_deployment.database.transaction() as session:
        add_key(session, "sandbox", LATE_KEY + "-2", "ada@example.com", utc_now())

    page.get_by_role("link", name="Process all 25 again").click()
    check_page(page)
    page.get_by_role("button", name="Process 25 callbacks again").click()

    expect(page.get_by_role("status").filter(has_text="Done: 25 of 25 callbacks processed again")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.goto("/callbacks?q=not-here")
    expect(page.get_by_role("rowheader", name="Valid")).to_have_count(25)
    check_page(page)


def test_new_callback_and_its_count_appear_and_move_nothing(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    page = open_window("/callbacks?q=appears")
    received = int(page.locator(".today-received .today-count").inner_text())

    send(shared_deployment, job_id="appears-by-itself")

    expect(page.get_by_text("appears-by-itself")).to_be_visible()
    expect(page.locator(".today-received .today-count")).to_have_text(str(received + 1))
    watch_for_moves(page)
    send(shared_deployment, job_id="appears-when-asked-for")
    news = page.get_by_role("link", name="1 new callback - show")
    expect(news).to_be_visible()
    expect(page.get_by_text("appears-when-asked-for")).to_be_hidden()
    assert moves(page) == []
    news.click()
    expect(page.get_by_text("appears-when-asked-for")).to_be_visible()


def test_news_about_a_run_move_nothing(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    send(shared_deployment, job_id="stays-in-place")
    database, now = shared_deployment.database, utc_now()
    run = ProcessingRun(environment="sandbox", asked_by="ada", asked_at=now, total=25, done=9, newest=new_id())
    with database.transaction() as session:
        for earlier in session.exec(select(ProcessingRun).order_by(col(ProcessingRun.id))):
            earlier.finished_at = now - TOLD_FOR
        session.add(run)
    page = open_window("/callbacks?q=stays-in-place")
    told = page.locator(f"#run-{run.id}")
    expect(told).to_contain_text("9 of 25")
    watch_for_moves(page)

    for done, finished_at in ((10, None), (25, now)):
        with database.transaction() as session:
            row = session.get_one(ProcessingRun, run.id)
            row.done, row.finished_at = done, finished_at
        expect(told).to_contain_text(f"{done} of 25")
    send(shared_deployment, job_id="stays-in-place-too")
    expect(page.get_by_role("link", name="1 new callback - show")).to_be_visible()
    with database.transaction() as session:
        session.get_one(ProcessingRun, run.id).finished_at = now - TOLD_FOR
    expect(told).to_be_hidden()

    assert moves(page) == []


def test_list_stands_beside_on_a_wide_window_only(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    send(shared_deployment, job_id="wide")
    page = open_window(f"/callbacks/{newest(shared_deployment)['id']}")
    beside = page.get_by_role("navigation", name="Callbacks before and after this one")

    expect(beside).to_be_visible()
    page.set_viewport_size({"width": 1100, "height": 800})
    expect(beside).to_be_hidden()


def test_comparison_and_everything_opened_is_accessible(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    first = send(shared_deployment, job_id="twice", ResultCode="0814")
    before = newest(shared_deployment)
    send(shared_deployment, job_id="twice", FullName="Jane Roe")
    page = open_window(f"/callbacks/{before['id']}", member="ada")
    reveal(page, "Reveal what is masked")
    for summary in page.locator(".revealed summary").all():
        summary.click()
    for part in ("headers", "timeline", "compare", "curl"):
        page.locator(f"#{part} > summary").click()
    check_page(page)

    page.get_by_role("link", name="With the one received").click()

    expect(page.locator("del").first).to_contain_text("ResultCode")
    expect(page.locator("body")).not_to_contain_text("Jane Roe")
    reveal(page, "Reveal what is masked")
    expect(page.locator("ins").filter(has_text="Jane Roe")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(first["signature"])
    check_page(page)


def test_inspector_is_light_on_the_wire(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    with_callback(shared_deployment)
    page = open_window("/healthz")
    address = f"/callbacks/{newest(shared_deployment, '?verdict=valid')['id']}"

    sizes = []
    for path in ("/callbacks", address, f"{address}?verdict=valid", "/callbacks/processing-runs/new"):
        with measured_kilobytes(page) as received:
            page.goto(path, wait_until="networkidle")
        sizes.append(sum(received))

    print(" ".join(f"{size:.1f} KB" for size in sizes))
    assert sizes[0] <= FIRST_VISIT_KB
    assert max(sizes[1:]) <= LATER_VISIT_KB
