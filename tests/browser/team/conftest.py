"""A deployment under the name localhost, as passkeys need one, and Chromium with an authenticator made of software."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from dashboard.crypto import KeyRing
from tests.browser.conftest import MEANT_TO_BE
from tests.integration.conftest import Deployment, start_deployment

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": False,  # else the offer beside the address is taken as soon as a page opens
}


@pytest.fixture(scope="module")
def localhost(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keyring: KeyRing
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("localhost")
    path = folder / "dashboard.db"
    shutil.copyfile(migrated_sqlite, path)
    deployment = start_deployment(folder, f"sqlite:///{path}", keyring, names=("none",))
    port = urlsplit(deployment.web_url).port
    deployment.web_url = deployment.environment["DASHBOARD_PUBLIC_URL"] = f"http://localhost:{port}"
    deployment.start_web()
    deployment.wait_until_up("web")
    yield deployment
    deployment.stop()


class Visitor:
    """A window with nothing in its cookies, and an authenticator that holds what is put into it."""

    def __init__(self, page: Page, cdp: CDPSession, authenticator_id: str) -> None:
        self.page = page
        self._cdp = cdp
        self._id = authenticator_id

    def credentials(self) -> list[dict[str, object]]:
        return list(self._ask("getCredentials")["credentials"])

    def add(self, credential: dict[str, object]) -> None:
        self._ask("addCredential", credential=credential)

    def touch(self) -> None:
        """From here on a finger lies on it."""
        self._ask("setAutomaticPresenceSimulation", enabled=True)

    def let_go(self) -> None:
        self._ask("setAutomaticPresenceSimulation", enabled=False)

    def verify_user(self, succeeds: bool) -> None:
        self._ask("setUserVerified", isUserVerified=succeeds)

    def _ask(self, command: str, **values: object) -> dict[str, list[dict[str, object]]]:
        return dict(self._cdp.send(f"WebAuthn.{command}", {"authenticatorId": self._id, **values}))


OpenVisitor = Callable[[str], Visitor]


@pytest.fixture
def visit(browser: Browser, localhost: Deployment) -> Iterator[OpenVisitor]:
    """`visit("/sign-in")`; what the browser complains of fails the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_one(path: str) -> Visitor:
            context = browser.new_context(base_url=localhost.web_url)
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
            cdp = context.new_cdp_session(page)
            cdp.send("WebAuthn.enable")
            made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
            page.goto(path)
            return Visitor(page, cdp, made["authenticatorId"])

        yield open_one
    assert complaints == []
