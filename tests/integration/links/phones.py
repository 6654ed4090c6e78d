"""Phones as far as HTTP goes: each with an address, cookies and a form of its own, and light enough for hundreds."""

import re
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

CSRF = re.compile(rb'name="csrf_token" value="([^"]+)"')


@dataclass
class Phone:
    """`number` decides the address that a proxy in front tells of; two phones never share one."""

    base_url: str
    number: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf_token: str = ""

    def open(self, code: str) -> int:
        status, page = self.ask("GET", f"/v/{code}")
        found = CSRF.search(page)
        self.csrf_token = found[1].decode() if found else ""
        return status

    def press_start(self, code: str, **fields: str) -> int:
        return self.ask("POST", f"/v/{code}/start", {"consent": "yes", "csrf_token": self.csrf_token, **fields})[0]

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=60)
        sent = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}",
            "Content-Type": "application/x-www-form-urlencoded",
            **({"Origin": self.base_url} if form is not None else {}),
            **(headers or {}),
        }
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, sent)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return answer.status, answer.read()
        finally:
            connection.close()
