"""E-mail that waits to be sent: claimed once, tried again after waits, given up in words, and never kept readable."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.db import Database, utc_now
from dashboard.health_checks import CheckContext
from dashboard.team import health_checks, tasks
from dashboard.team.email import outbox
from dashboard.team.email.outbox import CLAIMED_FOR, KEPT_FOR, MailKind, OutgoingMail, claim_mail, mails_due, queue_mail
from tests.conftest import change_settings, make_settings
from tests.factories.mail import Post
from tests.unit.team.conftest import BrowserOf, Deliver

pytestmark = pytest.mark.both_engines

WAITS = (10.0, 60.0)
LETTER = {"to": "eve@example.com", "subject": "You are invited", "text": "secret-code-in-a-letter"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str, post: Post) -> Settings:
    return make_settings(tmp_path, database_url=database_url, mail_waits=WAITS, **post.settings())


@pytest.fixture
def mail(app: Flask, database: Database) -> OutgoingMail:
    with database.transaction() as session:
        return queue_mail(session, MailKind.INVITATION, None, LETTER, utc_now())


def row(database: Database) -> OutgoingMail:
    with database.reading() as session:
        return session.exec(select(OutgoingMail)).one()


def test_what_waits_is_sealed_and_bound_to_its_row(mail: OutgoingMail, keyring: KeyRing):
    sealed = mail.content_sealed
    assert sealed is not None

    assert b"secret-code" not in sealed
    assert b"eve@" not in sealed
    with pytest.raises(UnreadableValue):
        keyring.open(sealed, "outgoing_mail:another:content")


def test_a_sent_letter_is_noted_and_its_text_is_gone(in_app: Flask, database: Database, mail: OutgoingMail, post: Post):
    tasks.send(mail.id)
    tasks.send(mail.id)

    assert [(letter["To"], letter["Subject"]) for letter in post.letters] == [("eve@example.com", "You are invited")]
    sent = row(database)
    assert sent.sent_at is not None
    assert (sent.due_at, sent.content_sealed, sent.attempts) == (None, None, 1)


def test_one_of_two_workers_claims_it_and_a_killed_one_leaves_it_to_the_next(
    in_app: Flask, database: Database, mail: OutgoingMail, session: Session
):
    now = utc_now()
    with database.transaction() as writing:
        claims = [claim_mail(writing, mail.id, now) is not None for _ in range(2)]

    assert claims == [True, False]
    assert mails_due(session, "sandbox", now, 10) == []
    assert mails_due(session, "sandbox", now + CLAIMED_FOR, 10) == [mail.id]


def test_a_server_that_does_not_answer_is_asked_again_after_each_wait_and_then_given_up(
    in_app: Flask, database: Database, mail: OutgoingMail, post: Post, session: Session
):
    post.answers += ["450 later"] * 3
    now, seen = utc_now(), []
    for seconds in (0, 9, 11, 70, 72, 10_000):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            tasks.send(mail.id)
            seen.append((row(database).attempts, row(database).is_over))

    assert seen == [(1, False), (1, False), (2, False), (2, False), (3, True), (3, True)]
    given_up = row(database)
    assert given_up.last_error == "The mail server refuses this e-mail address (450)."
    assert (given_up.content_sealed, post.letters) == (None, [])
    line = session.exec(select(AuditEntry)).one()
    assert (line.action, line.who, line.details) == ("mail.given_up", "worker", {"kind": "invitation"})


def test_health_names_what_holds_letters_up_until_they_are_sent(
    app: Flask, deliver: Deliver, database: Database, mail: OutgoingMail, post: Post
):
    def found() -> str:
        with database.reading() as session:
            context = CheckContext(context_of(app).settings, database, session, utc_now(), None)
            return health_checks.mail(context).sentence

    fine = found()
    post.answers.append("450 later")
    deliver()
    held_up = found()
    with time_machine.travel(utc_now() + timedelta(seconds=11)):
        deliver()

    assert held_up == "1 e-mail is waiting for another try. The mail server refuses this e-mail address (450)."
    assert fine == found() == "Invitations and resets are sent by e-mail."


def test_a_final_refusal_is_given_up_at_once(in_app: Flask, database: Database, mail: OutgoingMail, post: Post):
    post.answers.append("550 no such user")

    tasks.send(mail.id)

    assert row(database).failed_at is not None
    assert row(database).attempts == 1


def test_a_failure_and_its_way_out_are_shown_to_the_owner(
    browser_of: BrowserOf, post: Post, deliver: Deliver, database: Database
):
    post.answers += ["450 later", "550 no such user"]
    ada = browser_of("ada")
    page = ada.post("/team/invitations", data={"email": "eve@example.com", "role": "viewer"}).location
    assert "On its way" in ada.get(page).text
    assert "This address is shown only once" not in ada.get(page).text

    deliver()
    assert "Not sent yet." in ada.get("/team").text
    assert "Tried 1 time, will be tried again soon." in ada.get(page).text

    with time_machine.travel(utc_now() + timedelta(seconds=11)):
        deliver()
        text, twin = ada.get(page).text, ada.get(f"{page}.json").get_json()["mail"]
    assert "Not sent. The mail server refuses this e-mail address (550)." in text
    assert "Make a link to copy" in text
    assert (twin["attempts"], twin["last_error"]) == (2, "The mail server refuses this e-mail address (550).")
    assert twin["failed_at"] is not None

    ada.post(f"{page}/codes")
    deliver()
    assert "/invitations/" in post.letters[0].get_content()
    assert "Ada invites you" in post.letters[0].get_content()
    assert "Sent" in ada.get("/team").text


def test_what_was_withdrawn_or_replaced_is_not_sent(browser_of: BrowserOf, post: Post, deliver: Deliver):
    ada = browser_of("ada")
    pages = [
        ada.post("/team/invitations", data={"email": f"{name}@example.com", "role": "viewer"}).location
        for name in ("eve", "finn")
    ]
    ada.post(f"{pages[0]}/withdrawal")
    ada.post(f"{pages[1]}/codes", data={"by": "copy"})

    deliver()

    assert post.letters == []


def test_letters_that_are_over_are_forgotten_after_a_month(in_app: Flask, database: Database, mail: OutgoingMail):
    later = utc_now() + KEPT_FOR + timedelta(days=1)
    with database.transaction() as session:
        outbox.forget_old_mails(session, later)
    assert row(database).id == mail.id

    tasks.send(mail.id)
    with database.transaction() as session:
        outbox.forget_old_mails(session, later)
        assert session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all() == []


def test_e_mail_that_is_not_set_up_any_more_is_given_up(
    tmp_path: Path, in_app: Flask, database: Database, mail: OutgoingMail
):
    change_settings(in_app, make_settings(tmp_path, database_url=context_of(in_app).settings.database_url))

    tasks.send(mail.id)

    assert row(database).last_error == "E-mail is no longer set up."


@pytest.mark.parametrize("kind", [MailKind.INVITATION, MailKind.FORGOTTEN])
def test_what_cannot_be_read_any_more_is_not_tried_for_ever(
    in_app: Flask, database: Database, session: Session, kind: MailKind
):
    with database.transaction() as writing:
        mail = queue_mail(writing, kind, None, LETTER, utc_now())
        mail.content_sealed = b"sealed with a key that was removed"

    tasks.send(mail.id)

    left = session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    assert [row.last_error for row in left] == (
        ["It can no longer be read, since its encryption key was removed."] if kind == MailKind.INVITATION else []
    )
    assert mails_due(session, "sandbox", utc_now() + timedelta(days=1), 10) == []


def test_no_line_of_the_log_names_a_person_or_a_code(
    in_app: Flask, mail: OutgoingMail, post: Post, capsys: pytest.CaptureFixture[str]
):
    post.answers.append("550 eve@example.com is unknown")

    tasks.send(mail.id)

    written = capsys.readouterr()
    assert "mail_not_sent" in written.out
    assert "eve@" not in written.out + written.err
    assert "secret-code" not in written.out + written.err
