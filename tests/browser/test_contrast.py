"""Every page in both themes: text at 4.5:1, and focus rings, frames of fields and marks at 3:1, as Chromium draws them.

The staff's pages come from the map of addresses, so a new one is covered without a change here.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from dashboard.app import create_app
from dashboard.crypto import KeyRing
from dashboard.db import utc_now
from dashboard.links.models import LinkKind
from dashboard.permissions import Role
from dashboard.team.members.invitations import invite
from dashboard.team.members.resets import make_reset
from tests.browser.conftest import OpenWindow
from tests.browser.contrast import low_contrasts
from tests.factories.everything import make_everything
from tests.factories.links import make_link
from tests.factories.smile_links import MADE, make_smile_link
from tests.factories.team import PASSWORD, make_member
from tests.integration.conftest import Deployment, start_deployment
from tests.security.walk import OWN, World, routes

#: GET routes that answer with a file, a part of a page, or another address.
NO_PAGES = (
    *("/", "/audit/chain", "/callbacks/<uuid:callback_id>/body", "/callbacks/<uuid:callback_id>/status"),
    *("/healthz", "/readyz", "/metrics", "/jobs/availability", "/jobs/<uuid:job_id>/status"),
    *("/links/<uuid:link_id>/preview", "/links/<uuid:link_id>/status", "/links/preview", "/sign-in"),
)
NO_PAGES_IN = ("/static/", "/logo/", "/v/", "/callbacks/<uuid:callback_id>/images/", "/jobs/<uuid:job_id>/images/")
NO_PAGES_IN += ("/jobs/<uuid:job_id>/photos/", "/callbacks/<uuid:callback_id>/photos/")
FILES = (".json", ".csv")
#: Further states of staff's pages.
STATES = (
    "/jobs?q=nothing-like-this",
    "/jobs/new?product=biometric_kyc&country=NG&id_type=BVN",
    "/jobs/new?product=document_verification&country=GH",
    "/links/new?product=enhanced_kyc&country=NG&id_type=NIN",
    "/links/new?kind=smile",
    "/callbacks?verdict=valid",
    "/style",
    "/nowhere",
)
SIGNED_OUT = ("/sign-in", "/nowhere", "/invitations/unknown", "/forgotten-password", "/forgotten-password/asked")
CONSOLE = ("/", "/_sandbox/switches", "/_sandbox/outcomes", "/_sandbox/numbers", "/nowhere")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def shared_deployment(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keyring: KeyRing
) -> Iterator[Deployment]:
    """A demo, because of its style page, and without a worker: nothing changes by itself."""
    folder = tmp_path_factory.mktemp("contrast")
    path = folder / "dashboard.db"
    shutil.copyfile(migrated_sqlite, path)
    names = ("sandbox", "web")
    deployment = start_deployment(folder, f"sqlite:///{path}", keyring, names, DASHBOARD_IS_DEMO="true")
    yield deployment
    deployment.stop()


@dataclass
class Measuring:
    """What is too faint on the pages that were looked at."""

    faults: list[str] = field(default_factory=list)
    pages: int = 0

    def look_at(self, page: Page) -> None:
        self.pages += 1
        page.keyboard.press("Tab")  # What is focused from here on shows its ring.
        page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            self.faults += [f"{page.url} {fault}" for fault in low_contrasts(page, theme)]


@pytest.fixture
def measuring() -> Iterator[Measuring]:
    """At the end of the test nothing may have been too faint."""
    measured = Measuring()
    yield measured
    assert not measured.faults, f"{measured.pages} pages:\n" + "\n".join(measured.faults)


def addresses_of_staff(app: Flask, world: World) -> list[str]:
    return [
        route.address(world.values(OWN))
        for route in routes(app)
        if route.method == "GET" and route.rule.rule not in NO_PAGES and not route.rule.rule.endswith(FILES)
        if not route.rule.rule.startswith(NO_PAGES_IN) and "<code>" not in route.rule.rule
    ]


def test_staff_can_see_text_rings_frames_and_marks(
    shared_deployment: Deployment, open_window: OpenWindow, measuring: Measuring
) -> None:
    settings, database = shared_deployment.settings(), shared_deployment.database
    app = create_app(settings)
    world = World(app, database, settings)
    everything = make_everything(database, settings)
    with app.app_context():
        smile_link = make_smile_link(database, settings, row=MADE | {"kind": LinkKind.SMILE})
    page = open_window("/healthz", "ada", bypass_csp=True)
    known = [f"/jobs/{everything.job.id}", f"/callbacks/{everything.callback.id}", f"/links/{smile_link.id}"]

    for address in [*addresses_of_staff(app, world), *known, *STATES]:
        page.goto(address)
        measuring.look_at(page)
    page = open_window("/team", "cleo", bypass_csp=True, complains=("status of 403",))
    measuring.look_at(page)


def test_strangers_and_customers_can(
    shared_deployment: Deployment, open_window: OpenWindow, measuring: Measuring
) -> None:
    settings, database = shared_deployment.settings(), shared_deployment.database
    ada, ben = make_member(database, "ada"), make_member(database, "ben")
    with database.transaction() as session:
        _, invitation = invite(session, "new@example.com", Role.VIEWER, ada.id, utc_now())
        _, reset = make_reset(session, ben, utc_now())
    page = open_window("/healthz", None, bypass_csp=True)
    for address in (*SIGNED_OUT, f"/invitations/{invitation}", f"/new-password/{reset}"):
        page.goto(address)
        measuring.look_at(page)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(ada.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    measuring.look_at(page)

    _, code = make_link(database, settings)
    for address in ("/v/unknown", f"/v/{code}?lang=ar", f"/v/{code}?lang=en"):
        page.goto(address)
        measuring.look_at(page)
    page.locator("form button[type=submit]").click()
    expect(page.locator("#consent-error")).to_be_visible()
    measuring.look_at(page)
    for address in CONSOLE:
        page.goto(shared_deployment.sandbox_url + address)
        measuring.look_at(page)
