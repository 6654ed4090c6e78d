"""Texts that look like markup, in every field that others fill, on every page that shows them: nothing happens.

Here each kind of text once in every field; `python -m tests.benchmarks markup` takes 1,000 texts.
"""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from dashboard.web.pages.invisible_characters import HIDDEN
from tests.browser.security.planting import ECHOING, REFLECTING, REFLECTING_OUTSIDE, Planted, echo, plant, plant_company
from tests.browser.security.watching import Windows, watched_window
from tests.factories.markup import all_seeds, in_bundles, one_of_each_kind
from tests.integration.conftest import Deployment

#: Where texts of others stand on pages with htmx; even markup that came through would not be obeyed there.
REGIONS = {
    "/jobs/": (".checks", ".compared", "details.result", ".timeline", ".facts"),
    "/callbacks/": (".two-cards", "#json pre", "#headers tbody", "#timeline .timeline", ".verdict .card-body"),
    "/links/": (".facts",),
}
OBEY = """regions => {
  for (const region of regions) document.querySelector(region).insertAdjacentHTML(
    "beforeend", "<i hx-get=/planted/1 hx-trigger=load data-hx-post=/sign-out></i>");
  htmx.process(document.body);
}"""


#: Many pages; on a machine that is busy with other things they take their time.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def planted(shared_deployment: Deployment) -> Planted:
    """Without the worker, which would ask Smile about jobs that it has never seen."""
    shared_deployment.kill("worker")
    return plant(shared_deployment, in_bundles(one_of_each_kind(), 3))


@pytest.fixture
def windows(browser: Browser, shared_deployment: Deployment) -> Iterator[Windows]:
    """When the test is over nothing may have happened in any of them."""
    with Windows(browser, shared_deployment) as opened:
        yield opened
        found = opened.findings()
    assert "\n".join(f"{kind}: {each}" for kind in found for each in found[kind]) == ""


def test_every_page_shows_what_others_wrote_and_does_nothing_of_it(planted: Planted, windows: Windows) -> None:
    for visit in planted.pages:
        windows.visit(visit)

    assert windows.pages() == len(planted.pages)


def test_addresses_that_carry_a_text_do_nothing_of_it(windows: Windows) -> None:
    for number, text in enumerate(one_of_each_kind()):
        inside = REFLECTING[number % len(REFLECTING)]
        outside = REFLECTING_OUTSIDE[number % len(REFLECTING_OUTSIDE)]
        windows.of("ben").look_at(inside.format(text=quote(text, safe="")))
        windows.of(None).look_at(outside.format(text=quote(text, safe="")))


def test_forms_that_come_back_with_a_text_do_nothing_of_it(windows: Windows) -> None:
    for path in ECHOING:
        answer = echo(windows.staff, path, " ".join(all_seeds()))
        assert answer.status_code in (200, 303, 422), path
        windows.of(ECHOING[path][0] or None).look_at_answer(answer)


def test_company_and_prefilled_details_do_nothing_on_the_hosted_page(
    shared_deployment: Deployment, planted: Planted, browser: Browser
) -> None:
    plant_company(shared_deployment, " ".join(one_of_each_kind()))
    sandbox = frozenset({urlsplit(shared_deployment.sandbox_url).netloc})

    with watched_window(browser, shared_deployment.web_url, [], sandbox) as window:
        shown = tuple(HIDDEN.sub("", text) for text in one_of_each_kind())  # The company's own words hide nothing.
        window.look_at(f"/v/{planted.codes[-1]}", shown)
        window.page.get_by_role("checkbox").check()
        window.watched.at = f"/v/{planted.codes[-1]}/start"
        window.page.locator("form button[type=submit]").click()
        window.page.frame_locator("iframe").get_by_role("heading").first.wait_for()
        window.check(())

    assert window.watched.findings() == {}


def test_htmx_obeys_nothing_where_texts_of_others_stand(planted: Planted, windows: Windows) -> None:
    for beginning, regions in REGIONS.items():
        window = windows.of("ben")
        window.look_at(next(visit.path for visit in planted.pages if visit.path.startswith(beginning)))

        window.page.evaluate(OBEY, list(regions))
        settle(window.page)


def test_watch_sees_what_htmx_obeys_elsewhere(browser: Browser, shared_deployment: Deployment) -> None:
    """Else the test above could not fail."""
    with Windows(browser, shared_deployment) as windows:
        window = windows.of("ben")
        window.look_at("/account")

        window.page.evaluate(OBEY, ["main"])
        settle(window.page)

        assert windows.findings().keys() == {"unexpected"}


def test_watch_sees_a_script_an_element_and_what_is_not_shown(browser: Browser) -> None:
    """On a page without a policy that escapes nothing: a watch that never sees anything would prove nothing."""
    harmful = "".join(f"<p>{text}</p>" for text in one_of_each_kind())

    with watched_window(browser, "http://page.example", []) as window:
        window.page.route("http://page.example/**", lambda route: route.fulfill(content_type="text/html", body=harmful))
        window.look_at("/", ("not there",))

    assert set(window.watched.findings()) >= {"ran", "elements", "missing"}


def settle(page: Page) -> None:
    """Long enough for a request that begins at once."""
    page.evaluate("new Promise(done => setTimeout(done, 50))")
