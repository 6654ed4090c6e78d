"""Views for owners to see and change members."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.context import current, reading
from dashboard.db import keyring_of, utc_now
from dashboard.errors import Conflict
from dashboard.permissions import ROLES, Role
from dashboard.team import queries
from dashboard.team.blueprint import blueprint
from dashboard.team.email import outbox
from dashboard.team.email.emails import reset_address, reset_email
from dashboard.team.email.outbox import MailKind
from dashboard.team.factors.second_factors import members_with_second_factor
from dashboard.team.login.forms import InvitationForm, RoleForm
from dashboard.team.members import invitations, members, resets
from dashboard.team.members.filters import MemberFilter
from dashboard.team.members.serializers import mail_to_json, member_to_json
from dashboard.team.models import Member
from dashboard.team.one_time import PasswordReset
from dashboard.web.access import permission_required
from dashboard.web.list_views import asked_page, json_page, list_context, scope_here
from dashboard.web.lists.reading import count_of
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.pages.handover import code_to_show, forget_code, show_code_next
from dashboard.web.security.form_keys import form_transaction
from dashboard.worker.queue import wake


@blueprint.get("/team")
@permission_required("team.manage")
def index() -> ResponseReturnValue:
    return team_page(InvitationForm())


@blueprint.get("/team.json")
@permission_required("team.manage")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        page = asked_page(scope_here(session), MemberFilter.from_args(request.args))
        items = _members_to_json(session, page.rows)
    return json_page(page, items)


@blueprint.get("/team/<uuid:member_id>")
@permission_required("team.manage")
def show_member(member_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        code = code_to_show(_handover_of(member_id), keyring_of(session))
        answer = make_response(_member_page(session, member_id, code=code))
    if code:
        forget_code(answer)
    return answer


@blueprint.get("/team/<uuid:member_id>.json")
@permission_required("team.manage")
def show_member_json(member_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        member = queries.find_member(session, member_id)
        reset = resets.newest_reset(session, member_id)
        mail = mail_to_json(resets.mail_of(session, reset))
        return jsonify(
            _members_to_json(session, [member])[0] | {"reset_link": _reset_to_json(reset), "reset_mail": mail}
        )


@blueprint.post("/team/<uuid:member_id>/role")
@permission_required("team.manage")
def change_role(member_id: UUID) -> ResponseReturnValue:
    form = RoleForm()
    if not form.validate():
        with reading() as session:
            return _member_page(session, member_id, form=form), 422
    with form_transaction(url_for("team.show_member", member_id=member_id)) as session:
        members.change_role(session, member_id, Role(form.role.data), utc_now(), by=current_user.id)
    return see_other("team.show_member", "The role was changed. It counts from now on.", member_id=member_id)


@blueprint.post("/team/<uuid:member_id>/suspension")
@permission_required("team.manage")
def disable(member_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("team.show_member", member_id=member_id)) as session:
        members.disable_member(session, queries.find_member(session, member_id), utc_now(), by=current_user.id)
    return see_other("team.show_member", "Disabled. All of their browsers are signed out.", member_id=member_id)


@blueprint.post("/team/<uuid:member_id>/suspension/end")
@permission_required("team.manage")
def enable(member_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("team.show_member", member_id=member_id)) as session:
        members.enable_member(session, member_id, utc_now(), by=current_user.id)
    return see_other("team.show_member", "Enabled. They can sign in again.", member_id=member_id)


@blueprint.post("/team/<uuid:member_id>/password-resets")
@permission_required("team.manage")
def make_reset_link(member_id: UUID) -> ResponseReturnValue:
    now, mail = utc_now(), None
    with form_transaction(url_for("team.show_member", member_id=member_id)) as session:
        if member_id == current_user.id:
            raise Conflict("Change your own password under Your account.")
        members.require_owner(session, current_user.id)
        member = queries.find_member(session, member_id)
        reset, code = resets.make_reset(session, member, now)
        if is_to_be_mailed():
            mail = outbox.queue_mail(session, MailKind.RESET, reset.id, reset_email(member, reset, code), now)
        keyring = keyring_of(session)
    if mail:
        wake(outbox.SENDING, mail.id)
        return see_other("team.show_member", "The link is on its way by e-mail.", member_id=member_id)
    to_the_page = see_other("team.show_member", member_id=member_id)
    return show_code_next(to_the_page, _handover_of(member_id), code, keyring)


def team_page(form: InvitationForm) -> str:
    with reading() as session:
        scope = scope_here(session)
        context = list_context(scope, MemberFilter.from_args(request.args))
        ids = [member.id for member in context["page"].rows]
        open_invitations = invitations.list_invitations(session)
        return render_template(
            "team/index.html",
            form=form,
            **context,
            names=queries.names_of(session, [each.invited_by for each in open_invitations]),
            last_seen=queries.last_seen(session, ids),
            with_second_factor=members_with_second_factor(session, ids),
            members=count_of(scope, MemberFilter()),
            owners=count_of(scope, MemberFilter(role=Role.OWNER, access="yes")),
            invitations=open_invitations,
            mails=outbox.newest_mails(session, [invitation.id for invitation in open_invitations]),
            now=utc_now(),
            roles=ROLES,
        )


def is_to_be_mailed() -> bool:
    """Whether the link goes by e-mail: e-mail is set up, and the owner does not want to copy the link."""
    return current().settings.sends_mail and request.form.get("by") != "copy"


def _member_page(session: Session, member_id: UUID, *, form: RoleForm | None = None, code: str = "") -> str:
    member, now = queries.find_member(session, member_id), utc_now()
    reset = resets.newest_reset(session, member_id)
    return render_template(
        "team/member.html",
        member=member,
        form=form or RoleForm(formdata=None, role=member.role.value),
        last_seen=queries.last_seen(session, [member_id]).get(member_id),
        has_second_factor=member_id in members_with_second_factor(session, [member_id]),
        reset=reset if reset and reset.is_open(now) else None,
        mail=resets.mail_of(session, reset),
        handed_address=reset_address(code) if code else "",
        roles=ROLES,
    )


def _members_to_json(session: Session, found: Sequence[Member]) -> list[dict[str, Any]]:
    ids = [member.id for member in found]
    seen, with_second_factor = queries.last_seen(session, ids), members_with_second_factor(session, ids)
    return [member_to_json(member, seen.get(member.id), member.id in with_second_factor) for member in found]


def _reset_to_json(reset: PasswordReset | None) -> dict[str, Any] | None:
    if reset is None:
        return None
    return {"expires_at": json_time(reset.expires_at), "is_open": reset.is_open(utc_now())}


def _handover_of(member_id: UUID) -> str:
    return f"member:{member_id}:reset-code"
