"""What happens to members: added, renamed, given a password, disabled. Each leaves a line in the audit trail."""

import re
from datetime import datetime

from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.errors import Conflict, Invalid
from dashboard.team import passwords, queries
from dashboard.team.models import Member
from dashboard.team.permissions import Role
from dashboard.team.sign_ins import end_all_sign_ins

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 100


def add_member(session: Session, email: str, name: str, role: Role, password: str, now: datetime) -> Member:
    email, name = queries.normal_email(email), name.strip()
    problems = {
        "email": _problem_with_email(email),
        "name": _problem_with_name(name),
        "password": passwords.problem_with(password, email, name),
    }
    _refuse(problems)
    if queries.find_member_by_email(session, email):
        raise Conflict(f"There is a member with the address {email} already.")
    member = Member(email=email, name=name, role=role, password_hash=passwords.hash_password(password), created_at=now)
    session.add(member)
    record(session, "member.added", _subject(member), now, details={"role": role.value})
    return member


def rename_member(session: Session, member: Member, name: str, now: datetime) -> None:
    name = name.strip()
    _refuse({"name": _problem_with_name(name)})
    session.add(member)
    member.name = name
    record(session, "member.renamed", _subject(member), now)


def set_password(session: Session, member: Member, password: str, now: datetime) -> None:
    """Ends every sign-in of the member: whoever holds a copied cookie is out at once."""
    _refuse({"password": passwords.problem_with(password, member.email, member.name)})
    session.add(member)
    member.password_hash = passwords.hash_password(password)
    end_all_sign_ins(session, member, now)
    record(session, "member.password_set", _subject(member), now)


def refresh_hash(session: Session, member: Member, password: str) -> None:
    """At a sign-in with the right password: brings a hash of earlier parameters up to today's."""
    if passwords.needs_rehash(member.password_hash):
        member = session.get_one(Member, member.id)
        member.password_hash = passwords.hash_password(password)


def disable_member(session: Session, member: Member, now: datetime) -> None:
    """The row stays, since the trail and the jobs name it."""
    session.add(member)
    # Locked until the commit: two owners who disable each other at once must not both succeed.
    owners = session.exec(
        select(Member).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None)).with_for_update()
    ).all()
    if [owner.id for owner in owners] == [member.id]:
        raise Conflict("This is the last owner. Make somebody else an owner first.")
    member.disabled_at = now
    end_all_sign_ins(session, member, now)
    record(session, "member.disabled", _subject(member), now)


def _problem_with_email(email: str) -> str | None:
    if EMAIL.fullmatch(email) and email.isprintable() and len(email) <= MAX_EMAIL_LENGTH:
        return None
    return "Type an e-mail address, such as ada@example.com."


def _problem_with_name(name: str) -> str | None:
    if 0 < len(name) <= MAX_NAME_LENGTH and name.isprintable():
        return None
    return f"Type a name of {MAX_NAME_LENGTH} characters or fewer."


def _refuse(problems: dict[str, str | None]) -> None:
    fields = {field: problem for field, problem in problems.items() if problem}
    if fields:
        raise Invalid(fields)


def _subject(member: Member) -> str:
    return f"member {member.id}"
