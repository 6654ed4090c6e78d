"""A password forgotten where e-mail is set up: asked for at the door, the same words and work for every address."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.team.email.outbox import OutgoingMail
from dashboard.team.factors.passwords import verify_password
from dashboard.team.members.resets import MOST_AN_HOUR
from dashboard.team.models import Member
from tests.conftest import make_settings
from tests.factories.mail import Post
from tests.factories.team import PASSWORD, make_member
from tests.unit.team.conftest import BrowserOf, Deliver, handed_link

pytestmark = pytest.mark.both_engines

NEW_PASSWORD = "another fine long one"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, post: Post) -> Settings:
    return make_settings(tmp_path, database_url=database_url, **post.settings())


def ask(client: FlaskClient, email: str) -> tuple[int, str, str]:
    answer = client.post("/forgotten-password", data={"email": email})
    return answer.status_code, answer.location, client.get(answer.location).text


def test_a_member_who_forgot_gets_a_letter_that_opens_the_way(
    client: FlaskClient, database: Database, post: Post, deliver: Deliver, session: Session
):
    make_member(database, "ben")
    ask(client, " Ben@Example.com")

    deliver()

    (letter,) = post.letters
    link = re.search(r"http://localhost(/new-password/[\w-]{32})", letter.get_content())
    assert letter["To"] == "ben@example.com"
    assert link is not None
    assert client.post(link[1], data={"password": NEW_PASSWORD}).status_code == 303
    assert verify_password(session.exec(select(Member.password_hash)).one(), NEW_PASSWORD)
    made = session.exec(select(AuditEntry).where(AuditEntry.action == "member.reset_link_made")).one()
    assert (made.who, made.member_id) == ("worker", None)


def test_every_address_gets_the_same_words_and_the_same_work(
    client: FlaskClient, database: Database, post: Post, deliver: Deliver, session: Session
):
    for name in ("ben", "dan"):
        make_member(database, name)

    answers = [ask(client, f"{name}@example.com") for name in ("ben", "dan", "nobody")]
    rows = session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all()

    assert answers == [answers[0]] * 3
    assert [(row.kind, row.about_id, row.attempts) for row in rows] == [("forgotten", None, 0)] * 3
    session.rollback()
    deliver()
    assert [letter["To"] for letter in post.letters] == ["ben@example.com"]
    assert len(session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all()) == 1  # of the others nothing is kept


def test_nobody_can_fill_a_members_mailbox(client: FlaskClient, database: Database, post: Post, deliver: Deliver):
    make_member(database, "ben")

    for _ in range(MOST_AN_HOUR + 2):
        ask(client, "ben@example.com")
        deliver()

    assert len(post.letters) == MOST_AN_HOUR


def test_asking_without_end_is_slowed_down_by_address(client: FlaskClient):
    data = {"email": "nobody@example.com"}

    statuses = [client.post("/forgotten-password", data=data).status_code for _ in range(21)]

    assert statuses == [303] * 20 + [429]
    elsewhere = client.post("/forgotten-password", data=data, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 303


@pytest.mark.parametrize("email", ["", "a\0b@example.com", "a" * 255])
def test_what_is_no_address_is_refused_beside_the_field(client: FlaskClient, email: str):
    answer = client.post("/forgotten-password", data={"email": email})

    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text


def test_an_owner_chooses_between_a_letter_and_a_link_to_copy(
    browser_of: BrowserOf, database: Database, post: Post, deliver: Deliver
):
    ada, page = browser_of("ada"), f"/team/{make_member(database, 'ben').id}"

    ada.post(f"{page}/password-resets")
    assert "This address is shown only once" not in ada.get(page).text
    assert "On its way" in ada.get(page).text
    deliver()
    assert "Sent" in ada.get(page).text
    assert ada.get(f"{page}.json").get_json()["reset_mail"]["sent_at"] is not None

    ada.post(f"{page}/password-resets", data={"by": "copy"})
    handed_link(ada, page)
    assert len(post.letters) == 1


def test_a_member_is_told_by_e_mail_that_their_password_was_changed(
    browser_of: BrowserOf, client: FlaskClient, database: Database, post: Post, deliver: Deliver
):
    ben, ada = browser_of("ben"), browser_of("ada")
    page = f"/team/{make_member(database, 'cleo').id}"
    ada.post(f"{page}/password-resets", data={"by": "copy"})

    ben.post("/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD})
    client.post(handed_link(ada, page), data={"password": NEW_PASSWORD})
    deliver()

    assert sorted(letter["To"] for letter in post.letters) == ["ben@example.com", "cleo@example.com"]
    assert {letter["Subject"] for letter in post.letters} == {"Your password for Partner Desk was changed"}
    assert all(NEW_PASSWORD not in letter.get_content() for letter in post.letters)
