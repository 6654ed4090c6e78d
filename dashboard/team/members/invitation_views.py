"""Views for invitations: owners make, repeat and withdraw them, and the people invited join."""

from uuid import UUID

from flask import flash, jsonify, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from dashboard.context import reading, transaction
from dashboard.crypto import KeyRing
from dashboard.db import keyring_of, utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.permissions import ROLES, Role
from dashboard.team import one_time
from dashboard.team.blueprint import blueprint
from dashboard.team.email import outbox
from dashboard.team.email.emails import invitation_address, invitation_email
from dashboard.team.email.outbox import MailKind, OutgoingMail
from dashboard.team.login.completing import complete_sign_in
from dashboard.team.login.forms import InvitationForm, JoinForm
from dashboard.team.login.rate_limits import count_opened_link
from dashboard.team.login.sign_ins import end_sign_in, take_token_from_browser
from dashboard.team.members import invitations, members
from dashboard.team.members.serializers import invitation_to_json
from dashboard.team.members.views import is_to_be_mailed, team_page
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation
from dashboard.web.access import open_to_everybody, permission_required
from dashboard.web.pages.answers import json_list, see_other
from dashboard.web.pages.handover import code_to_show, forget_code, show_code_next
from dashboard.web.security.form_keys import form_transaction, note_result_page
from dashboard.worker.queue import wake


@blueprint.get("/team/invitations.json")
@permission_required("team.manage")
def list_invitations_json() -> ResponseReturnValue:
    now = utc_now()
    with reading() as session:
        found = invitations.list_invitations(session)
        mails = outbox.newest_mails(session, [invitation.id for invitation in found])
    items = [invitation_to_json(invitation, mails.get(invitation.id), now) for invitation in found]
    return json_list(items, None, len(items), count_is_exact=True)


@blueprint.post("/team/invitations")
@permission_required("team.manage")
def invite() -> ResponseReturnValue:
    form, now = InvitationForm(), utc_now()
    if not form.validate():
        return team_page(form), 422
    try:
        with form_transaction() as session:
            invitation, code = invitations.invite(session, form.email.data, Role(form.role.data), current_user.id, now)
            note_result_page(session, url_for("team.show_invitation", invitation_id=invitation.id))
            mail = _mail_or_none(session, invitation, code)
            keyring = keyring_of(session)
    except Invalid as invalid:
        form.email.errors = [invalid.fields["email"]]
        return team_page(form), 422
    return _send_or_hand_over(invitation, code, mail, keyring)


@blueprint.get("/team/invitations/<uuid:invitation_id>")
@permission_required("team.manage")
def show_invitation(invitation_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        invitation = invitations.find_invitation(session, invitation_id)
        invited_by = session.get_one(Member, invitation.invited_by)
        code = code_to_show(_handover_of(invitation), keyring_of(session))
        mail = outbox.newest_mails(session, [invitation.id]).get(invitation.id)
    answer = make_response(
        render_template(
            "team/invitation.html",
            invitation=invitation,
            invited_by=invited_by,
            mail=mail,
            handed_address=invitation_address(code) if code else "",
            now=utc_now(),
            roles=ROLES,
        )
    )
    if code:
        forget_code(answer)
    return answer


@blueprint.get("/team/invitations/<uuid:invitation_id>.json")
@permission_required("team.manage")
def show_invitation_json(invitation_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        invitation = invitations.find_invitation(session, invitation_id)
        mail = outbox.newest_mails(session, [invitation.id]).get(invitation.id)
    return jsonify(invitation_to_json(invitation, mail, utc_now()))


@blueprint.post("/team/invitations/<uuid:invitation_id>/codes")
@permission_required("team.manage")
def send_again(invitation_id: UUID) -> ResponseReturnValue:
    """Makes a new code, shown once or sent like the first. The old one stops working."""
    with form_transaction(url_for("team.show_invitation", invitation_id=invitation_id)) as session:
        invitation, code = invitations.renew_invitation(session, invitation_id, current_user.id, utc_now())
        mail = _mail_or_none(session, invitation, code)
        keyring = keyring_of(session)
    return _send_or_hand_over(invitation, code, mail, keyring)


@blueprint.post("/team/invitations/<uuid:invitation_id>/withdrawal")
@permission_required("team.manage")
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("team.index")) as session:
        invitation = invitations.find_invitation(session, invitation_id, to_change=True)
        invitations.withdraw_invitation(session, invitation, utc_now())
    return see_other("team.index", "The invitation is withdrawn. Its link no longer works.")


@blueprint.get("/invitations/<code>")
@open_to_everybody
def open_invitation(code: str) -> ResponseReturnValue:
    """Shows the form to join. Changes nothing: mail scanners and previews open every link."""
    invitation = _open_or_none(code)
    return _join_page(code, invitation, JoinForm()) if invitation else dead_link()


@blueprint.post("/invitations/<code>")
@open_to_everybody
def accept_invitation(code: str) -> ResponseReturnValue:
    form = JoinForm()
    invitation = _open_or_none(code)
    if invitation is None:
        return dead_link()
    if not form.validate() or not _will_do(form, invitation):
        return _join_page(code, invitation, form), 422
    old_token, now = (
        take_token_from_browser(),
        utc_now(),
    )  # What follows is not done in the name of a member signed in here.
    try:
        with transaction() as session:
            member = invitations.accept_invitation(session, code, form.name.data, form.password.data, now)
            end_sign_in(session, old_token, now)
    except NotFound:  # Somebody with the same link was faster.
        return dead_link()
    answer = complete_sign_in(member, "invitation", keep=False, next_page=None)
    flash(f"Welcome, {member.name}. Your account is ready.")
    return answer


def dead_link() -> ResponseReturnValue:
    """One page for unknown, used, expired and withdrawn codes, so that guessing reveals nothing."""
    return render_template("team/dead_link.html"), 404


def _open_or_none(code: str) -> Invitation | None:
    count_opened_link()
    with reading() as session:
        return one_time.find_open(session, Invitation, code, utc_now())


def _will_do(form: JoinForm, invitation: Invitation) -> bool:
    problems = members.problems_with(invitation.email, form.name.data, form.password.data)
    for field in (form.name, form.password):
        if problems[field.name]:
            field.errors = [problems[field.name]]
    return not form.errors


def _join_page(code: str, invitation: Invitation, form: JoinForm) -> str:
    return render_template("team/join.html", code=code, invitation=invitation, form=form, roles=ROLES)


def _mail_or_none(session: Session, invitation: Invitation, code: str) -> OutgoingMail | None:
    if not is_to_be_mailed():
        return None
    content = invitation_email(session, invitation, code, current_user.name)
    return outbox.queue_mail(session, MailKind.INVITATION, invitation.id, content, utc_now())


def _send_or_hand_over(invitation: Invitation, code: str, mail: OutgoingMail | None, keyring: KeyRing) -> BaseResponse:
    if mail:
        wake(outbox.SENDING, mail.id)
        message = "The invitation is on its way by e-mail."
        return see_other("team.show_invitation", message, invitation_id=invitation.id)
    to_the_page = see_other("team.show_invitation", invitation_id=invitation.id)
    return show_code_next(to_the_page, _handover_of(invitation), code, keyring)


def _handover_of(invitation: Invitation) -> str:
    return f"invitation:{invitation.id}:code"
