"""A phone-sized Chromium with a made-up camera, a simulator, and a partner's page on another origin."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Page, Playwright

from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.unit.sandbox import calls

PHONE = {"width": 360, "height": 740}
#: Nobody listens there; what callbacks do is tested elsewhere.
CALLBACK = "http://127.0.0.1:9/hook"
#: What a careful partner sends along with the page that embeds the script.
STRICT_POLICY = (
    "default-src 'none'; script-src 'self' {site}; frame-src {site}; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
EMBEDDING = (
    '<!DOCTYPE html><html lang="en"><title>Partner</title><body><main><h1>Partner</h1></main>'
    '<script src="{script}"></script><script src="/embed.js"></script>'
)
SAID = """
window.said = [];
const config = {config};
for (const name of ["onResult", "onSuccess", "onError", "onClose"]) {
  config[name] = (...args) => window.said.push([name, ...args]);
}
window.addEventListener("load", () => SmileIdentity(config));
"""


class Partner:
    """A partner's site, and what it does on its server. `page` is the page that embeds the script next."""

    def __init__(self, simulator: SandboxServer) -> None:
        self.simulator = simulator
        self.config: dict[str, Any] = {}
        self.version = "v1"
        self.may_use_camera = True
        self.url = ""

    def token(self, product: str, job_id: str = "job-1") -> str:
        return str(
            self.post("/v1/token", user_id="user-1", job_id=job_id, product=product, callback_url=CALLBACK)["token"]
        )

    def configure(self, product: str | None, **more: Any) -> None:
        """The configuration that the page hands to SmileIdentity(); `more` adds to it or replaces."""
        self.config = {
            "callback_url": CALLBACK,
            "environment": self.simulator.url,
            "partner_details": {
                "partner_id": calls.PARTNER_ID,
                "name": "Sample Partner",
                "logo_url": f"{self.simulator.url}/static/img/favicon.svg",
                "policy_url": "https://partner.example/privacy",
                "theme_color": "#ffb000",
            },
            **({"product": product} if product else {}),
            **({} if "token" in more else {"token": self.token(product or "biometric_kyc")}),
            **more,
        }

    def answer(self, path: str) -> tuple[str, bytes, dict[str, str]]:
        site = self.simulator.url
        if path == "/":
            page = EMBEDDING.format(script=f"{site}/inline/{self.version}/js/script.min.js")
            allowed = f'(self "{site}")' if self.may_use_camera else "()"
            headers = {
                "Content-Security-Policy": STRICT_POLICY.format(site=site),
                "Permissions-Policy": f"camera={allowed}",
            }
            return "text/html", page.encode(), headers
        return "text/javascript", SAID.replace("{config}", json.dumps(self.config)).encode(), {}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(self.simulator.url + path, json={**calls.signed(), **body}, timeout=30)
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="session")
def sandbox_settings(tmp_path_factory: pytest.TempPathFactory) -> SandboxSettings:
    return SandboxSettings(
        partner_id=calls.PARTNER_ID,
        api_key=calls.API_KEY,
        instance_dir=tmp_path_factory.mktemp("sandbox-instance"),
        result_delay_seconds=(0.0, 0.0),
        callback_retry_delays_seconds=(),
    )


@pytest.fixture
def simulator(sandbox_settings: SandboxSettings) -> Iterator[SandboxServer]:
    with SandboxServer(sandbox_settings) as server:
        yield server


@pytest.fixture
def partner(simulator: SandboxServer) -> Iterator[Partner]:
    site = Partner(simulator)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body, headers = site.answer(self.path)
            self.send_response(200 if self.path in ("/", "/embed.js") else 204)
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # Another host name and another port than the simulator's: another site for the browser.
        site.url = f"http://localhost:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium_with_camera(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("No Chromium on the PATH: the hosted pages are not tried.")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *camera], headless=True)
    yield browser
    browser.close()


@pytest.fixture
def open_phone(chromium_with_camera: Browser) -> Iterator[Callable[..., Page]]:
    """`open_phone(url)` is a new browser of a phone's size; whatever its console complains of fails the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_one(url: str, expected: tuple[str, ...] = (), **options: Any) -> Page:
            context = chromium_with_camera.new_context(viewport=PHONE, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda line: (
                    complaints.append(line.text)
                    if line.type == "error" and not any(words in line.text for words in expected)
                    else None
                ),
            )
            page.goto(url)
            return page

        yield open_one
    assert complaints == []


def hosted(page: Page) -> FrameLocator:
    return page.frame_locator("#smile-identity-hosted-web-integration")


def press(page: FrameLocator | Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def heard(page: Page) -> list[list[Any]]:
    """What the partner's callbacks were called with, once one was."""
    # Asked again and again from here: the partner's policy forbids the page to wait for an expression itself.
    deadline = time.monotonic() + 30
    while not (said := page.evaluate("window.said")):
        assert time.monotonic() < deadline, "no callback was called"
        page.wait_for_timeout(20)
    # The iframe goes with the last word.
    assert page.locator("iframe").count() == 0
    return list(said)


@pytest.fixture(scope="session")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "passport.png"
    Image.new("RGB", (640, 420), "navy").save(path)
    return path
