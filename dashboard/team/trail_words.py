"""How lines about members read in the audit trail."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.audit.wording import Found, TrailWords
from dashboard.team.models import Member
from dashboard.team.queries import find_member_by_email

SENTENCES = {
    "member.added": "added {subject} to the team",
    "member.renamed": "changed the name of {subject}",
    "member.password_set": "set the password of {subject}",
    "member.disabled": "disabled {subject}",
    "member.signed_in": "signed in",
    "member.signed_out": "signed out",
}


def find_members(session: Session, _: str, ids: Sequence[UUID]) -> Mapping[UUID, Found]:
    members = session.exec(select(Member).where(col(Member.id).in_(ids))).all()
    return {member.id: Found(member.name, "/team") for member in members}


def search_members(session: Session, _: str, typed: str) -> Sequence[UUID]:
    member = find_member_by_email(session, typed)
    return [member.id] if member else []


WORDS = TrailWords(
    noun="member", called="member", sentences=SENTENCES, find=find_members, search=search_members, address="/team"
)
