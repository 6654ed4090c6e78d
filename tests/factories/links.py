"""Links as staff make them, customers who press their Start, and a Smile that hands out tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database, keyring_of, utc_now
from dashboard.jobs.following.awaiting import note_token
from dashboard.jobs.models import Job
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.api_choice import choose_apis
from dashboard.jobs.submitting.link_progress import note_progress
from dashboard.links.creation import LinkRequest, create_link
from dashboard.links.customer.starting import Agreement, press_start
from dashboard.links.managing import add_code
from dashboard.links.messages import LinkMessage, email_associated_data
from dashboard.links.models import IdTypeChoice, Link
from dashboard.links.queries import find_link
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3 import Token
from dashboard.stored_settings import Branding, write_branding

BROWSER = "0" * 64  # the digest of a customer's browser
TWO_CHOICES = (IdTypeChoice("NG", "PASSPORT", "doc_verification"), IdTypeChoice("GH", "GHANA_CARD", "biometric_kyc"))


def make_link(database: Database, settings: Settings, /, *, row: Any = None, **wanted: Any) -> tuple[Link, str]:
    """A link and its code; `wanted` changes what is asked for, `row` what is saved."""
    if not wanted.get("choices"):
        wanted = {"product": Product.DOCUMENT_VERIFICATION, "country": "NG", "id_type": "PASSPORT"} | wanted
    with database.transaction() as session:
        link, code = create_link(session, LinkRequest(**wanted), settings, "ben@example.com", utc_now())
        for name, value in (row or {}).items():
            setattr(link, name, value)
        session.add(link)
        return link, code


def use_v3(
    database: Database,
    settings: Settings,
    *,
    api: SmileApi = SmileApi.V3,
    policy: str = "https://kora.example/privacy",
) -> None:
    """From here on every product that v3 has uses it, or another API."""
    with database.transaction() as session:
        apis = {product: api for product, facts in FACTS.items() if facts.v3}
        choose_apis(session, settings, apis, utc_now())
        write_branding(session, Branding("Kora Bank", policy_url=policy), utc_now())


def make_start(
    database: Database, settings: Settings, code: str, browser: str = BROWSER, *, has_token: bool = True, **job: Any
) -> Job:
    """A customer who pressed Start, and whose browser has a token unless told otherwise."""
    with database.transaction() as session:
        agreement = Agreement("I agree.", "en", browser)
        _, made = press_start(session, code, agreement, None, settings, utc_now())
        if has_token:
            note_token(session, made, settings, utc_now())
        for name, value in job.items():
            setattr(made, name, value)
        note_progress(session, made)
        return made


def make_message(session: Session, link: Link, email: str) -> LinkMessage:
    """The link went to this address by e-mail, a moment ago."""
    message = LinkMessage(link_id=link.id, is_reminder=False, is_mailed=True, sent_by="ben@example.com", at=utc_now())
    message.email_sealed = keyring_of(session).seal(email.encode(), email_associated_data(message.id))
    session.add(message)
    return message


def make_reminder(database: Database, link: Link) -> str:
    """The code of a reminder that was handed over by hand."""
    with database.transaction() as session:
        return add_code(session, find_link(session, link.environment, link.id, to_change=True), None, utc_now())


def reload_link(database: Database, link: Link) -> Link:
    with database.reading() as session:
        return session.get_one(Link, link.id)


@dataclass
class FakeTokens:
    """Stands in for the client that gets web tokens. The answers come in turn; the last one stays."""

    answers: Sequence[Any] = ("a.web.token",)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_web_token(self, wanted: dict[str, Any]) -> dict[str, Any]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(wanted)
        if isinstance(answer, BaseException):
            raise answer
        return {"token": answer}


@dataclass
class FakeV3Tokens:
    """The same for tokens of v3. The token refers to personal values, as Smile's does."""

    answers: Sequence[Any] = (None,)
    asked: list[dict[str, Any]] = field(default_factory=list)
    lifetime: int = 900

    def create_token(self, **wanted: Any) -> Token:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(wanted)
        if isinstance(answer, BaseException):
            raise answer
        return answer or self._token(wanted)

    def _token(self, wanted: dict[str, Any]) -> Token:
        now, payload = int(utc_now().timestamp()), wanted.get("payload") or {}
        readable = ("country", "id_type", "consent")
        held = {name: value if name in readable else f"pii_{name}" for name, value in payload.items()}
        claims = {name: value for name, value in wanted.items() if value} | {"payload": held}
        return Token("a.v3.token", claims | {"iat": now, "exp": now + self.lifetime})
