"""Smile Links of v3: made by one call, never found again after a lost answer, and out of reach once they are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.links.models import Link
from dashboard.smile import Refused, TransportFailed
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3 import Link as MadeLink
from dashboard.smile.v3 import NewLink
from tests.factories.clients import replace_clients
from tests.factories.links import use_v3
from tests.factories.smile_links import FakeSmileLinks, fake_smile

SignInAs = Callable[[str], FlaskClient]
FORM = {"kind": "smile", "choice": "NG:PASSPORT:doc_verification", "expires_in_days": "90", "uses": "1"}
ADDRESS = "https://links.usesmileid.com/v3/2/ref-1"


@dataclass
class FakeV3Links:
    """Stands in for the client of v3 and its links. Each trouble befalls one call; None is none."""

    troubles: Sequence[Exception | None] = ()
    asked: list[NewLink] = field(default_factory=list)

    @property
    def links(self) -> "FakeV3Links":
        return self

    def create(self, link: NewLink) -> MadeLink:
        self.asked.append(link)
        trouble = self.troubles[len(self.asked) - 1] if len(self.asked) <= len(self.troubles) else None
        if trouble:
            raise trouble
        return MadeLink(ADDRESS, "ref-1")


@pytest.fixture
def smile(app: Flask, database: Database, settings: Settings) -> FakeV3Links:
    use_v3(database, settings)
    fake = FakeV3Links()
    replace_clients(app, v3=fake)
    return fake


@pytest.fixture
def smile_of_v1(app: Flask) -> FakeSmileLinks:
    return fake_smile(app, FakeSmileLinks())


def send(member: FlaskClient, address: str, **data: Any) -> str:
    """The page that a press leads to."""
    answer = member.post(address, data=data)
    assert answer.status_code == 303, answer.text
    return unescape(member.get(answer.headers["Location"]).text)


def the_link(session: Session) -> Link:
    session.expire_all()
    return session.exec(select(Link)).one()


def test_link_is_made_with_what_v3_asks_for(
    sign_in: SignInAs, smile: FakeV3Links, smile_of_v1: FakeSmileLinks, session: Session
):
    page = send(sign_in("ben"), "/links", **FORM, user_id="user-1")

    link, (asked,) = the_link(session), smile.asked
    assert (link.api, link.smile_ref_id, link.smile_address) == (SmileApi.V3, "ref-1", ADDRESS)
    assert smile_of_v1.asked == []
    assert ADDRESS in page
    assert asked == NewLink(
        name=asked.name,
        id_types=[{"country": "NG", "id_type": "PASSPORT", "verification_method": "doc_verification"}],
        notice_privacy_policy_url="https://kora.example/privacy",
        is_single_use=True,
        callback_url="http://localhost/hooks/smile",
        expires_at=link.expires_at,
        theme_color="#1f5fa8",
        partner_params={"link_id": str(link.id)},
        user_id="user-1",
    )


def test_page_says_what_smile_cannot_do_and_offers_none_of_it(
    sign_in: SignInAs, smile: FakeV3Links, smile_of_v1: FakeSmileLinks, session: Session
):
    ben = sign_in("ben")
    page = send(ben, "/links", **FORM)
    link = the_link(session)

    assert "can neither change nor pause nor disable it" in page
    assert "/disabling" not in page
    assert "/counters" not in page
    for action in ("disabling", "counters", "pause", "revocation", "expiry", "codes"):
        answer = ben.post(f"/links/{link.id}/{action}", data={"days": "7"})
        assert answer.status_code in (303, 409), action
    kept = the_link(session)
    assert (kept.version, kept.revoked_at, kept.paused_at) == (link.version, None, None)
    assert smile_of_v1.asked == []
    assert len(smile.asked) == 1


def test_lost_answer_is_told_and_only_a_person_tries_again(sign_in: SignInAs, smile: FakeV3Links, session: Session):
    smile.troubles = [TransportFailed("Smile did not answer in time.")]
    ben = sign_in("ben")

    lost = send(ben, "/links", **FORM)
    link = the_link(session)
    made = send(ben, f"/links/{link.id}/creation")

    assert "another try makes another link" in lost
    assert link.smile_asked_at
    assert ADDRESS in made
    assert len(smile.asked) == 2


def test_refusal_is_told_and_the_link_may_be_given_up(sign_in: SignInAs, smile: FakeV3Links, session: Session):
    smile.troubles = [Refused(409, "user_id_taken", "User ID is taken. Please provide a unique ID.")]
    ben = sign_in("ben")

    page = send(ben, "/links", **FORM, user_id="user-1")
    link = the_link(session)
    given_up = send(ben, f"/links/{link.id}/disabling")

    assert "User ID is taken" in page
    assert link.smile_asked_at is None
    assert "Given up here." in given_up


def test_without_a_privacy_policy_none_is_made(
    sign_in: SignInAs, smile: FakeV3Links, database: Database, settings: Settings, session: Session
):
    use_v3(database, settings, policy="")

    answer = sign_in("ben").post("/links", data=FORM)

    assert answer.status_code == 422
    assert "privacy policy" in answer.text
    assert session.exec(select(Link)).all() == []
