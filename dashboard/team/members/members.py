"""Changes to members: add, rename, set a password or role, disable. Each is recorded in the audit trail."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.audit.trail import record
from dashboard.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.permissions import Role
from dashboard.stored_settings import company_time_zone
from dashboard.team import queries
from dashboard.team.factors import passwords
from dashboard.team.login.sign_ins import end_all_sign_ins
from dashboard.team.models import Member
from dashboard.team.one_time import withdraw_invitations_of, withdraw_resets_of

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 100
TAKEN = "There is already a member with the address {}."
NO_LONGER_OWNER = "You are no longer an owner, so nothing was done."


def add_member(
    session: Session, email: str, name: str, role: Role, password: str, now: datetime, *, who: str = ""
) -> Member:
    email, name = queries.normal_email(email), name.strip()
    _refuse(problems_with(email, name, password))
    if queries.find_member_by_email(session, email):
        raise Conflict(TAKEN.format(email))
    hashed, zone = passwords.hash_password(password), company_time_zone(session)
    member = Member(email=email, name=name, role=role, password_hash=hashed, created_at=now, time_zone=zone)
    session.add(member)
    try:
        session.flush()
    except IntegrityError:  # Somebody else added the same address at this moment.
        raise Conflict(TAKEN.format(email)) from None
    record(session, "member.added", _subject(member), now, who=who, details={"role": role.value})
    return member


def rename_member(session: Session, member: Member, name: str, now: datetime) -> None:
    name = name.strip()
    _refuse({"name": _problem_with_name(name)})
    session.add(member)
    member.name = name
    session.flush()  # In every verb the row comes before the audit trail, or two could deadlock.
    record(session, "member.renamed", _subject(member), now)


def choose_formats(session: Session, member: Member, language: str, time_zone: str, now: datetime) -> None:
    """Sets the language and time zone in which dates, numbers and countries are written (web/pages/locales.py)."""
    session.add(member)
    member.language, member.time_zone = language, time_zone
    session.flush()
    record(session, "member.formats_chosen", _subject(member), now, details={"language": language, "zone": time_zone})


def set_password(session: Session, member: Member, password: str, now: datetime, *, who: str = "") -> None:
    """Sets the password, and ends all sign-ins and reset links, so that a copied cookie stops working at once."""
    _refuse({"password": passwords.problem_with(password, member.email, member.name)})
    session.add(member)
    member.password_hash = passwords.hash_password(password)
    end_all_sign_ins(session, member, now)
    withdraw_resets_of(session, member, now)
    record(session, "member.password_set", _subject(member), now, who=who)


def change_role(session: Session, member_id: UUID, role: Role, now: datetime, *, by: UUID) -> None:
    """Changes the role and ends all sign-ins, so that nothing goes on with the old role."""
    member = _changeable(session, member_id, by, keeps_owner=role == Role.OWNER)
    if member.disabled_at:
        raise Conflict("This member is disabled. Enable them first.")
    if member.role == role:
        return
    details = {"from": member.role.value, "to": role.value}
    member.role = role
    _shut_out(session, member, now)
    record(session, "member.role_changed", _subject(member), now, details=details)


def disable_member(session: Session, member: Member, now: datetime, *, by: UUID | None = None) -> None:
    """Disables a member. The row stays, since the trail and the jobs name it.

    `by` is None on the command line.
    """
    member = _changeable(session, member.id, by)
    if member.disabled_at is None:
        member.disabled_at = now
        _shut_out(session, member, now)
        record(session, "member.disabled", _subject(member), now)


def enable_member(session: Session, member_id: UUID, now: datetime, *, by: UUID) -> None:
    member = _changeable(session, member_id, by, keeps_owner=True)
    if member.disabled_at is not None:
        member.disabled_at = None
        session.flush()
        record(session, "member.enabled", _subject(member), now)


def _changeable(session: Session, member_id: UUID, by: UUID | None, keeps_owner: bool = False) -> Member:
    """The member, after checking that `by` is still an owner and that an owner is left afterwards.

    The owners are locked until the commit: two who demote or disable each other at once must not both succeed.
    """
    owners = {owner.id for owner in session.exec(_locked_owners())}
    member = session.get(Member, member_id, with_for_update={"key_share": True}, populate_existing=True)
    if member is None:
        raise NotFound
    if by is not None and by not in owners:
        raise NotAllowed(NO_LONGER_OWNER)
    if member_id == by:
        raise Conflict("You cannot change your own role or access. Another owner can.")
    if owners == {member_id} and not keeps_owner:
        raise Conflict("This is the last owner. Make somebody else an owner first.")
    return member


def require_owner(session: Session, member_id: UUID) -> None:
    """Raises NotAllowed unless the member is an owner, and stays one until the commit."""
    if session.exec(_locked_owners().where(Member.id == member_id)).first() is None:
        raise NotAllowed(NO_LONGER_OWNER)


def _locked_owners() -> SelectOfScalar[Member]:
    """The active owners, locked.

    `key_share`: other transactions may not change them, but may refer to them, as each new sign-in does.
    """
    active = select(Member).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None)).order_by(col(Member.id))
    return active.with_for_update(key_share=True).execution_options(populate_existing=True)


def _shut_out(session: Session, member: Member, now: datetime) -> None:
    session.flush()
    end_all_sign_ins(session, member, now)
    withdraw_invitations_of(session, member, now)
    withdraw_resets_of(session, member, now)


def problems_with(email: str, name: str, password: str) -> dict[str, str | None]:
    """What is wrong with a new member, by field."""
    return {
        "email": problem_with_email(email),
        "name": _problem_with_name(name.strip()),
        "password": passwords.problem_with(password, email, name),
    }


def problem_with_email(email: str) -> str | None:
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
