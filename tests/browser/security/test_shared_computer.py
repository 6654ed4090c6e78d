"""A computer that others use: after signing out, neither Back nor anything the browser keeps shows a person."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.web.access import EVERYBODY
from tests.browser.conftest import OpenWindow
from tests.browser.new_job import reveal
from tests.factories.images import make_jpeg
from tests.factories.links import make_link
from tests.factories.team import PASSWORD, app_code, make_member
from tests.integration.conftest import Deployment
from tests.security.walk import routes

PERSON = {"first_name": "Canarina", "last_name": "Quetzalova", "dob": "1961-07-08", "phone_number": "08055667788"}
NUMBER = "00000000000"
#: What was given, what the authority says of this number, and whose customer it is.
GIVEN = ("Canarina", "Quetzalova", "1961-07-08", "08055667788", NUMBER)
STRINGS = (*GIVEN, "Amina", "Bello", "1992-03-14", "Sample Street", "cust-canary", "ada@example.com")
BACK = 10

KEPT = """async () => ({
  local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  caches: "caches" in window ? await caches.keys() : [],
  databases: indexedDB.databases ? (await indexedDB.databases()).map(each => each.name) : [],
})"""


@pytest.fixture
def job_id(shared_deployment: Deployment) -> str:
    values = {"product": "biometric_kyc", "country": "NG", "id_type": "BVN", "id_number": NUMBER, **PERSON}
    values["customer_reference"] = "cust-canary"
    made: str = shared_deployment.staff().create_job(values, {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")})
    shared_deployment.staff().wait_for(made, lambda job: job["outcome"] == "approved" and bool(job["callbacks"]))
    return made


def test_nobody_after_her_sees_whom_ada_looked_at(
    shared_deployment: Deployment, open_window: OpenWindow, job_id: str
) -> None:
    link, _ = make_link(shared_deployment.database, shared_deployment.settings(), customer_reference="cust-canary")
    make_member(shared_deployment.database, "ada")
    page = open_window("/sign-in", member=None)
    sign_in(page)
    for address in (*pages_of_staff(shared_deployment), f"/links/{link.id}", f"/jobs/new?again={job_id}"):
        page.goto(address)
    callback = f"/callbacks/{shared_deployment.staff().job(job_id)['callbacks'][0]['callback_id']}"
    for address in (callback, f"/jobs/{job_id}"):
        page.goto(address)
        reveal(page, "Reveal what is masked")
        expect(page.locator("main")).to_contain_text("Sample Street")
    page.locator("details[id^=image-] summary").first.click()
    expect(page.get_by_role("img", name="As it was sent").first).to_be_visible()

    page.locator(".shell-user summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    seen: list[str] = []
    for _ in range(BACK):
        page.go_back(wait_until="load")
        content = page.content()
        seen += [text for text in STRINGS if text in content.replace(page.url, "")]
    kept = page.evaluate(KEPT)
    print(f"back {BACK} times: strings of the person seen {len(seen)}, kept by the browser: {kept}")
    assert seen == []
    assert kept == {"local": [], "session": [], "caches": [], "databases": []}
    assert page.evaluate("sessionStorage.getItem('htmx-history-cache')") is None
    # What stays signs nobody in: an empty session, and that the browser is known, by a keyed digest.
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"desk", "browser"}


def pages_of_staff(deployment: Deployment) -> list[str]:
    """Every page that needs no object, as the URL map has them: a new one is visited without a change here."""
    app = create_app(deployment.settings())
    found = [
        route.rule.rule
        for route in routes(app)
        if route.method == "GET" and not route.rule.arguments and route.permission != EVERYBODY
    ]
    context_of(app).database.dispose()
    assert len(found) > 15
    return [address for address in found if not address.endswith((".json", ".csv"))]


def sign_in(page: Page) -> None:
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(app_code())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
