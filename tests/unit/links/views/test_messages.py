"""Sending a link by e-mail and reminding its customer, as the pages do it."""

import re
from collections.abc import Callable
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database
from dashboard.links.codes import digest_of_code
from dashboard.links.messages import MOST_OF_A_LINK, LinkMessage
from dashboard.links.models import Link
from dashboard.team.email import outbox
from dashboard.team.email.outbox import OutgoingMail
from dashboard.web.security.form_keys import FIELD
from tests.conftest import change_settings
from tests.factories.links import make_link, make_message, reload_link
from tests.unit.links.views.test_new_link import CODE

pytestmark = pytest.mark.both_engines
SignInAs = Callable[[str], FlaskClient]
EMAIL = "amina.bello@example.org"


@pytest.fixture
def ben(app: Flask, sign_in: SignInAs) -> FlaskClient:
    """Where e-mail is set up."""
    settings = context_of(app).settings
    mails = settings.model_copy(update={"smtp_url": "smtps://mail.example.com", "mail_from": "desk@example.com"})
    change_settings(app, mails)
    app.jinja_env.globals["settings"] = mails
    return sign_in("ben")


@pytest.fixture
def made(database: Database, settings: Settings) -> tuple[Link, str]:
    return make_link(database, settings, customer_reference="cust-1", language="fr")


def send(ben: FlaskClient, link: Link, code: str, email: str = EMAIL, **fields: str):
    return ben.post(f"/links/{link.id}/mails", data={"code": code, "email": email} | fields)


def only_mail(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return outbox.read_content(session, session.exec(select(OutgoingMail)).one())


def test_address_is_sent_in_the_language_of_the_link_and_stays_on_the_page(
    ben: FlaskClient, database: Database, made: tuple[Link, str], woken: list[tuple[str, object]]
):
    link, code = made

    answer = send(ben, link, code)
    page = unescape(ben.get(answer.location).text)

    content = only_mail(database)
    assert (content["to"], content["from_name"]) == (EMAIL, "Your company")
    assert content["subject"] == "Your company : merci de confirmer votre identité"
    assert f"/v/{code}" in content["text"]
    assert woken[-1][0] == outbox.SENDING
    assert CODE.findall(page)[0] == code
    assert "Sent by ben@example.com by e-mail to a…@example.org." in page
    assert "On its way" in page
    assert EMAIL not in page
    assert reload_link(database, link).code_digest == link.code_digest


def test_neither_trail_nor_row_nor_json_holds_the_address_or_the_code(
    ben: FlaskClient, session: Session, made: tuple[Link, str]
):
    link, code = made
    send(ben, link, code)

    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    rows = session.exec(select(LinkMessage)).all()
    told = f"{[(each.subject, each.details) for each in entries]} {rows} {ben.get(f'/links/{link.id}.json').text}"

    assert entries[-1].action == "link.mailed"
    assert not any(secret in told for secret in (EMAIL, code))


@pytest.mark.parametrize("email", ["", "nobody", "a@b.com, c@d.com", f"{'x' * 250}@example.com"])
def test_wrong_address_is_told_beside_its_field_and_nothing_is_lost(
    ben: FlaskClient, session: Session, made: tuple[Link, str], email: str
):
    link, code = made

    answer = send(ben, link, code, email)

    page = unescape(answer.text)
    assert answer.status_code == 422
    assert 'id="mail-email-error" role="alert"' in page
    assert f'value="{email}"' in page
    assert f"/v/{code}" in page  # the address is still there
    assert session.exec(select(LinkMessage)).all() == []


def test_code_that_is_not_the_newest_sends_nothing(ben: FlaskClient, session: Session, made: tuple[Link, str]):
    link, _ = made

    page = ben.get(send(ben, link, "another-code").location).text

    assert "This address is no longer the current one" in page
    assert session.exec(select(OutgoingMail)).all() == []


def test_so_many_e_mails_an_hour_are_enough(ben: FlaskClient, made: tuple[Link, str]):
    link, code = made

    statuses = [send(ben, link, code).status_code for _ in range(MOST_OF_A_LINK + 1)]

    assert statuses == [303] * MOST_OF_A_LINK + [422]


def test_reminder_that_is_refused_does_not_show_the_address_of_last_time(
    ben: FlaskClient, database: Database, made: tuple[Link, str]
):
    link, code = made
    for _ in range(MOST_OF_A_LINK):
        send(ben, link, code)

    refused = ben.post(f"/links/{link.id}/reminders", data={"by": "mail"})

    assert refused.status_code == 422
    assert "The limit is 5 e-mails an hour for this link" in refused.text
    assert EMAIL not in refused.text


def test_press_that_is_repeated_sends_once(ben: FlaskClient, session: Session, made: tuple[Link, str]):
    link, code = made
    key = {FIELD: str(uuid4())}

    locations = {send(ben, link, code, **key).location for _ in range(2)}

    assert locations == {f"/links/{link.id}"}
    assert len(session.exec(select(OutgoingMail)).all()) == 1


def test_reminder_goes_where_the_last_e_mail_went(ben: FlaskClient, database: Database, made: tuple[Link, str]):
    link, old = made
    with database.transaction() as session:
        make_message(session, link, EMAIL)

    form = unescape(ben.get(f"/links/{link.id}").text)
    page = unescape(ben.get(ben.post(f"/links/{link.id}/reminders", data={"by": "mail"}).location).text)

    code = re.search(r"/v/([\w-]{22,})", only_mail(database)["text"])
    assert "If empty: a…@example.org, as last time." in form
    assert only_mail(database)["to"] == EMAIL
    assert only_mail(database)["subject"] == "Your company : vous pouvez encore confirmer votre identité"
    assert code
    assert digest_of_code(code[1]) == reload_link(database, link).code_digest != digest_of_code(old)
    assert "Reminded by ben@example.com, with a new address by e-mail to a…@example.org." in page
    assert "The previous address works until the customer opens the new one." in page


def test_reminder_to_hand_over_shows_its_address_once(ben: FlaskClient, database: Database, made: tuple[Link, str]):
    link, _ = made

    answer = ben.post(f"/links/{link.id}/reminders", data={"email": EMAIL, "by": "copy"})
    first, second = (unescape(ben.get(answer.location).text) for _ in range(2))

    code = CODE.findall(first)[0]
    assert digest_of_code(code) == reload_link(database, link).code_digest
    assert "Give the customer this reminder" in first
    assert "attend encore que vous confirmiez" in first
    assert code not in second
    assert "Reminded by ben@example.com, with a new address to copy." in second


def test_reminder_by_e_mail_without_an_address_asks_for_it(
    ben: FlaskClient, database: Database, made: tuple[Link, str]
):
    link, _ = made

    answer = ben.post(f"/links/{link.id}/reminders", data={"email": "", "by": "mail"})

    assert answer.status_code == 422
    assert 'id="reminder-email-error" role="alert"' in answer.text
    assert '<details class="remind" open>' in answer.text
    assert reload_link(database, link).code_digest == link.code_digest


def test_open_page_hears_what_became_of_an_e_mail(ben: FlaskClient, database: Database, made: tuple[Link, str]):
    link, code = made
    page = ben.get(send(ben, link, code).location).text
    version = page.partition("seen=")[2].partition('"')[0]

    quiet = ben.get(f"/links/{link.id}/status?seen={version}")
    with database.transaction() as session:
        mail = session.exec(select(OutgoingMail)).one()
        mail.attempts = 1
        outbox.note_failure(session, mail, "The mail server did not answer.", False, [60], mail.created_at)
    held_up = ben.get(f"/links/{link.id}/status?seen={version}")

    assert (quiet.status_code, held_up.status_code) == (204, 200)
    assert "Not sent yet. The mail server did not answer." in held_up.text


@pytest.mark.parametrize("action", ["codes", "revocation"])
def test_e_mail_that_waits_is_called_off_when_its_address_dies(
    ben: FlaskClient, session: Session, made: tuple[Link, str], action: str
):
    link, code = made
    send(ben, link, code)

    page = ben.get(ben.post(f"/links/{link.id}/{action}").location).text

    mail = session.exec(select(OutgoingMail)).one()
    assert (mail.due_at, mail.content_sealed) == (None, None)
    assert "Cancelled" in page


def test_where_no_e_mail_is_set_up_none_is_offered_or_sent(sign_in: SignInAs, session: Session, made: tuple[Link, str]):
    link, code = made
    ben = sign_in("ben")

    page = ben.get(f"/links/{link.id}").text
    refused = ben.get(send(ben, link, code).location).text

    assert "Make an address for the reminder" in page
    assert 'name="email"' not in page
    assert "E-mail is not set up here" in refused
    assert session.exec(select(OutgoingMail)).all() == []
