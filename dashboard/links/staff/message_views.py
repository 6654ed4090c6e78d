"""Sending a link to its customer: the address by e-mail, and reminders."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from dashboard.context import current
from dashboard.db import keyring_of, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.links.codes import digest_of_code
from dashboard.links.managing import add_code
from dashboard.links.messages import (
    check_recipient,
    count_mail,
    is_of_reminder,
    last_email,
    last_reminder,
    send_link,
)
from dashboard.links.models import Link
from dashboard.links.queries import find_link
from dashboard.links.staff.handover import show_code_next
from dashboard.links.staff.one_link import MailForm, link_page
from dashboard.team.email.outbox import send_soon
from dashboard.web.access import permission_required
from dashboard.web.security.form_keys import form_transaction

blueprint = Blueprint("link_messages", __name__)


@blueprint.post("/links/<uuid:link_id>/mails")
@permission_required("links.change")
def send(link_id: UUID) -> ResponseReturnValue:
    """Mails the address that the page shows. Its code is not stored, so the form contains it."""
    code, email = request.form.get("code", ""), request.form.get("email", "").strip()
    try:
        with form_transaction(_page_of(link_id)) as session:
            now = utc_now()
            _check_mail(session, link_id, email, now)
            link = _find(session, link_id)
            if digest_of_code(code) != link.code_digest or not (link.is_open(now) and link.is_for_one):
                raise Conflict("This address is no longer the current one, so nothing was sent.")
            is_reminder = is_of_reminder(session, link_id)
            settings = current().settings
            mail_id = send_link(session, link, code, email, current_user.email, is_reminder, settings, now)
            answer = show_code_next(link_id, code, keyring_of(session))
    except Invalid as error:
        return link_page(link_id, code, MailForm("mail", email, error.fields)), 422
    return _sent(answer, mail_id)


@blueprint.post("/links/<uuid:link_id>/reminders")
@permission_required("links.change")
def remind(link_id: UUID) -> ResponseReturnValue:
    """Makes a new address for a reminder: by e-mail, to the last e-mail address if none is typed, or to copy."""
    typed, is_mailed = request.form.get("email", "").strip(), request.form.get("by") == "mail"
    try:
        with form_transaction(_page_of(link_id)) as session:
            now = utc_now()
            to = (typed or last_email(session, link_id)) if is_mailed else ""
            if is_mailed:
                _check_mail(session, link_id, to, now)
            link = _find(session, link_id)
            code = add_code(session, link, last_reminder(session, link_id), now)
            settings = current().settings
            mail_id = send_link(session, link, code, to, current_user.email, True, settings, now)
            answer = show_code_next(link_id, code, keyring_of(session))
    except Invalid as error:
        return link_page(link_id, "", MailForm("reminder", typed, error.fields)), 422
    return _sent(answer, mail_id)


def _sent(answer: BaseResponse, mail_id: UUID | None) -> BaseResponse:
    """Starts sending the e-mail, after the commit."""
    if mail_id:
        send_soon(mail_id)
        flash("The e-mail is on its way. The timeline shows whether it was sent.")
    return answer


def _check_mail(session: Session, link_id: UUID, email: str, now: datetime) -> None:
    """Raises Conflict or Invalid unless an e-mail may be sent. Call it before the link is locked (lock_order.py)."""
    settings = current().settings
    find_link(session, settings.environment, link_id)
    if not settings.sends_mail:
        raise Conflict("E-mail is not set up here, so nothing was sent.")
    check_recipient(email)
    count_mail(session, link_id, current_user.email, now)


def _find(session: Session, link_id: UUID) -> Link:
    return find_link(session, current().settings.environment, link_id, to_change=True)


def _page_of(link_id: UUID) -> str:
    return url_for("links.show", link_id=link_id)
