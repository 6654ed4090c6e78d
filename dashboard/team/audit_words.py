"""How the audit trail words entries about members."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.audit.wording import AuditWords, LinkedName
from dashboard.team.models import Member
from dashboard.team.queries import find_member_by_email

SENTENCES = {
    "member.added": "added {subject} to the team",
    "member.renamed": "changed the name of {subject}",
    "member.password_set": "set the password of {subject}",
    "member.disabled": "disabled {subject}",
    "member.enabled": "let {subject} sign in again",
    "member.role_changed": "changed the role of {subject}",
    "member.formats_chosen": "chose how dates and times are written for {subject}",
    "member.reset_link_made": "made a link to a new password for {subject}",
    "member.signed_in": "signed in",
    "member.signed_out": "signed out",
    "member.confirmed": "confirmed who they are",
    "member.sign_in_refused": "failed to prove that they are {subject}",
    "member.cookie_copied": "used a copied cookie of {subject}, and was signed out",
    "member.second_factors_removed": "removed all second factors of {subject}",
    "second_factor.added": "added a second factor for {subject}",
    "second_factor.removed": "removed a second factor of {subject}",
    "recovery_codes.made": "made new recovery codes for {subject}",
    "recovery_code.used": "used a recovery code of {subject}",
    "sign_in.ended": "ended the sign-in of another browser of {subject}",
    "sign_in.others_ended": "ended the sign-ins of all other browsers of {subject}",
}
INVITATION_SENTENCES = {
    "invitation.created": "invited somebody to the team",
    "invitation.renewed": "sent an invitation again, with a new code",
    "invitation.withdrawn": "withdrew an invitation",
    "invitation.accepted": "accepted an invitation",
}
GUESSING_SENTENCES = {"guessing.slowed_down": "made too many guesses at sign-in, and was slowed down"}
MAIL_SENTENCES = {"mail.given_up": "gave up sending an e-mail to a member"}


def find_members(session: Session, _: str, ids: Sequence[UUID]) -> Mapping[UUID, LinkedName]:
    members = session.exec(select(Member).where(col(Member.id).in_(ids))).all()
    return {member.id: LinkedName(member.name, f"/team/{member.id}") for member in members}


def search_members(session: Session, _: str, typed: str) -> Sequence[UUID]:
    member = find_member_by_email(session, typed)
    return [member.id] if member else []


WORDS = AuditWords(
    noun="member", called="member", sentences=SENTENCES, find=find_members, search=search_members, address="/team"
)
INVITATION_WORDS = AuditWords(
    noun="invitation", called="an invitation", sentences=INVITATION_SENTENCES, address="/team"
)
GUESSING_WORDS = AuditWords(noun="password here", called="the sign-in", sentences=GUESSING_SENTENCES)
MAIL_WORDS = AuditWords(noun="mail", called="an e-mail", sentences=MAIL_SENTENCES)
