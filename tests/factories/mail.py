"""A mail server that really speaks SMTP over TLS, with a certificate of its own authority; it keeps what it took."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.integration.conftest import free_port

SENDER = "desk@example.com"
USER, SECRET = "desk@example.com", "p@ss:word/of the server"


class OwnController(Controller):
    """Ends its connections too when it stops: found open later, one would fail another test."""

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._end_connections(), self.loop).result(10)
        super().stop(no_assert)

    async def _end_connections(self) -> None:
        """Takes no new ones first: one that was accepted meanwhile would stay open."""
        assert self.server is not None
        self.server.close()
        for _ in range(5):  # until those that were being accepted have their transport
            await asyncio.sleep(0)
        for transport in list(self.loop._transports.values()):  # type: ignore[attr-defined]  # there is no public list
            transport.abort()
        for _ in range(5):  # until each has heard of it
            await asyncio.sleep(0)


@dataclass
class Post:
    """One mail server: how to reach it, what it took, and what it answers to a recipient."""

    port: int
    scheme: str
    ca_file: Path
    letters: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # the next ones to RCPT; none left: it takes everything
    _controller: OwnController | None = None
    _options: dict[str, Any] = field(default_factory=dict)

    def start(self, **options: Any) -> None:
        """`options` for the first time; from then on they stay."""
        self._options |= options
        self._controller = OwnController(self, "127.0.0.1", self.port, **self._options)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"smtp_url": self.url, "smtp_ca_file": self.ca_file, "mail_from": SENDER} | more

    async def handle_RCPT(self, _: SMTP, __: Any, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _: SMTP, __: Any, envelope: Envelope) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


@contextmanager
def mail_server(
    folder: Path, scheme: str = "smtps", *, host: str = "127.0.0.1", asks_password: bool = False
) -> Iterator[Post]:
    """`host` is the name in its certificate; `scheme="plain"` is a server without TLS."""
    authority = trustme.CA()
    ca_file = folder / "mail-ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(trust)
    post = Post(free_port(), "smtp" if scheme == "plain" else scheme, ca_file)
    options: dict[str, Any] = {}
    if asks_password:
        options = {"auth_required": True, "authenticator": _is_member, "auth_require_tls": scheme == "smtp"}
    if scheme == "smtps":
        options |= {"ssl_context": trust}
    elif scheme == "smtp":
        options |= {"tls_context": trust, "require_starttls": True}
    post.start(**options)
    try:
        yield post
    finally:
        post.stop()


def _is_member(_: SMTP, __: Any, ___: Any, ____: str, given: LoginPassword) -> AuthResult:
    is_right = (given.login, given.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=is_right, handled=is_right)
