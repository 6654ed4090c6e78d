"""A Chromium that notes what a text could make it do: run, call others, call us, break the policy, become markup."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import requests
from playwright.sync_api import Browser, BrowserContext, Page, Request

from dashboard.web.pages.invisible_characters import in_plain_text, with_visible_codes
from tests.browser.security.planting import WHY, Visit
from tests.factories.markup import FOREIGN_HOST, OWN_PATH
from tests.integration.conftest import Deployment, Staff

#: In every frame, before anything of the page. The policy does not hold for it, so it sees what the policy stops, too.
HOOK = """
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = (said) => noteRun(`${name}: ${said}`);
addEventListener("securitypolicyviolation", (event) => noteViolation(`${event.violatedDirective} ${event.blockedURI}`));
"""
#: Attributes that only markup of somebody else could bring: ours have no handlers, and none of these addresses.
PLANTED_ELEMENTS = """([host, path]) => {
  const leadsAway = (value) => {
    try { return new URL(value, location).host === host } catch { return false }
  };
  const isPlanted = (name, value) => /^(on|hx-on|data-hx-)/i.test(name) || name === "srcdoc" ||
    (/^(style|content|srcset|hx-vals|hx-vars)$/i.test(name) && value.includes(host)) ||
    (/^(src|href|action|formaction|data|poster|hx-get|hx-post)$/i.test(name) &&
      (leadsAway(value) || value.startsWith(path) || /^\\s*javascript:|^\\s*data:text/i.test(value)));
  return [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
    .filter(({ name, value }) => isPlanted(name, value))
    .map(({ name, value }) => `${element.tagName} ${name}=${value}`));
}"""
#: What a person reads, wherever it stands; fields of forms included.
SHOWN = """() => [document.body.textContent,
  ...[...document.querySelectorAll("input, textarea")].map((one) => one.value)].join(" ")"""
AS_WRITTEN = "address => { const made = new URL(address); return made.pathname + made.search }"
#: What our own pages ask for by themselves.
ID = "[0-9a-f-]{36}"
OWN = (
    *(r"/static/.+", r"/v/theme/[0-9a-f]{6}\.css", r"/v/[\w-]+/seen\.gif", r"/jobs/availability\?.*"),
    *(r"/links/preview\?.*", f"/links/{ID}/preview", f"/links/{ID}/counters"),
    *(f"/jobs/{ID}/images/{ID}", rf"/callbacks/{ID}/images/\d+.*", r"/audit/chain"),
    # A list asks for itself, now and then without saying what it has seen.
    *(
        r"/(jobs|links|callbacks)\?",
        r"/(jobs|links|callbacks)\?[^ ]*\b(seen|top|live)=.*",
        rf"/(jobs|links|callbacks)/{ID}/status\?.*",
    ),
)
#: Of a long text a callback's facts keep the beginning.
KEPT = 200
ECHO_PATH = "/answer-to-a-press"


@dataclass
class Watched:
    """What happened on the pages of one context. Everything but `pages` has to stay empty."""

    base_url: str
    allowed_hosts: frozenset[str] = frozenset()
    at: str = ""
    pages: int = 0
    ran: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob", "about"):
            return
        if f"{parts.scheme}://{parts.netloc}" != self.base_url:
            if parts.netloc not in self.allowed_hosts:
                self.foreign.append(f"{self.at}: {request.method} {request.url}")
            return
        address = request.url.removeprefix(self.base_url)
        if request.is_navigation_request() and (address == self.at or is_sealed_form(address, self.at)):
            return
        if not any(re.fullmatch(own, address) for own in OWN):
            self.unexpected.append(f"{self.at}: {request.method} {address}")

    def findings(self) -> dict[str, list[str]]:
        names = ("ran", "foreign", "unexpected", "violations", "elements", "missing")
        return {name: found for name in names if (found := getattr(self, name))}


def is_sealed_form(address: str, asked: str) -> bool:
    """Whether a list was asked for with a search in clear, and leads to itself with that search sealed."""
    found, wanted = urlsplit(address), urlsplit(asked)
    searched = [value for name in ("q", "job") for value in parse_qs(found.query).get(name, [])]
    is_sealed = bool(searched) and all(re.fullmatch(r"~[\w-]+", value) for value in searched)
    return is_sealed and found.path == wanted.path and bool({"q", "job"} & parse_qs(wanted.query).keys())


class Window:
    """One page of a watched context, gone through quickly."""

    def __init__(self, page: Page, watched: Watched) -> None:
        self.page, self.watched = page, watched

    def look_at(self, path: str, shown: tuple[str, ...] = ()) -> None:
        """Opens an address, and everything on it that can be opened; `shown` are texts that must be readable there."""
        # Behind a proxy that is trusted each page is asked for from another address, or the many would be turned away.
        number = self.watched.pages
        self.page.set_extra_http_headers({"X-Forwarded-For": f"10.1.{number >> 8}.{number & 255}"})
        # A browser writes an address its own way, so what it asks for is compared with what it made of ours.
        self.watched.at = self.page.evaluate(AS_WRITTEN, self.watched.base_url + path)
        self.page.goto(self.watched.base_url + path, wait_until="load")
        self.check(shown)

    def look_at_answer(self, answer: requests.Response, shown: tuple[str, ...] = ()) -> None:
        """The very bytes and headers that a press of a button was answered with."""
        dropped = ("content-encoding", "content-length", "transfer-encoding", "set-cookie", "connection")
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
        address = self.watched.base_url + ECHO_PATH
        self.page.route(
            address, lambda route: route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
        )
        self.watched.at = ECHO_PATH
        self.page.goto(address, wait_until="load")
        self.check(shown)
        self.page.unroute(address)

    def check(self, shown: tuple[str, ...]) -> None:
        self.watched.pages += 1
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = self.page.evaluate(PLANTED_ELEMENTS, [FOREIGN_HOST, OWN_PATH])
        self.watched.elements.extend(f"{self.watched.at}: {each}" for each in found)
        if shown:
            read = " ".join(self.page.evaluate(SHOWN).split())
            self.watched.missing += [
                f"{self.watched.at}: {text!r}" for text in shown if as_read(text[:KEPT]) not in read
            ]


def as_read(text: str) -> str:
    """Blanks as a page has them; what hides or turns is written out."""
    return " ".join(with_visible_codes(in_plain_text(text)).split())


@contextmanager
def watched_window(
    browser: Browser, base_url: str, cookies: list[Any], allowed_hosts: frozenset[str] = frozenset()
) -> Iterator[Window]:
    watched = Watched(base_url, allowed_hosts)
    context: BrowserContext = browser.new_context()
    try:
        context.expose_function("noteRun", lambda said: watched.ran.append(f"{watched.at}: {said}"))
        context.expose_function("noteViolation", lambda said: watched.violations.append(f"{watched.at}: {said}"))
        context.add_init_script(HOOK)
        context.add_cookies(cookies)
        context.on("request", watched.note_request)
        page = context.new_page()
        page.on("dialog", lambda dialog: (watched.ran.append(f"{watched.at}: {dialog.message}"), dialog.dismiss()))
        yield Window(page, watched)
    finally:
        context.close()


class Windows:
    """One watched window for each member, and one for somebody signed out."""

    def __init__(self, browser: Browser, deployment: Deployment) -> None:
        self._browser, self._deployment = browser, deployment
        self._windows: dict[str | None, Window] = {}
        self._staff: dict[str, Staff] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def of(self, member: str | None) -> Window:
        if member not in self._windows:
            jar = self.staff(member).http.cookies if member else ()
            url = self._deployment.web_url
            cookies = [{"name": cookie.name, "value": cookie.value or "", "url": url} for cookie in jar]
            opened = watched_window(self._browser, url, cookies)
            self._windows[member] = self._stack.enter_context(opened)
        return self._windows[member]

    def staff(self, name: str) -> Staff:
        """The same member as far as HTTP goes, for what only a press of a button shows."""
        if name not in self._staff:
            self._staff[name] = self._deployment.staff(name) if name else Staff(self._deployment.web_url)
        return self._staff[name]

    def visit(self, visit: Visit) -> None:
        if not visit.posts:
            return self.of(visit.member).look_at(visit.path, visit.shown)
        answer = self.staff(visit.member or "").post(visit.path, WHY)
        assert answer.status_code == 200, visit.path
        return self.of(visit.member).look_at_answer(answer, visit.shown)

    def pages(self) -> int:
        return sum(window.watched.pages for window in self._windows.values())

    def findings(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for window in self._windows.values():
            for kind, each in window.watched.findings().items():
                found.setdefault(kind, []).extend(each)
        return found
