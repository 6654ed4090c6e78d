"""Duties about people: who can help when an owner is locked out, who did what, and how long data of customers stays."""

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.audit.chain import ChainReport, check_chain
from dashboard.audit.checking import last_check
from dashboard.audit.models import ChainCheck
from dashboard.audit.queries import lines_kept
from dashboard.duties.duty import Finding, Scene, bad, ok, unknown, warn
from dashboard.privacy.retention import KINDS, read_rules
from dashboard.team.models import Member
from dashboard.team.permissions import Role
from dashboard.team.second_factors import HAS_SECOND_FACTOR

#: So many lines are checked while somebody waits.
MOST_LINES = 20_000


def owners(scene: Scene) -> Finding:
    enabled = (
        select(func.count()).select_from(Member).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None))
    )
    count = scene.session.exec(enabled).one()
    if count == 0:
        return bad("Nobody is an owner.", "Run `dashboard member add EMAIL --name NAME --role owner`.")
    if count == 1:
        return warn("There is only one owner.", "Invite a second one under Team, so that nobody is locked out.")
    return ok(f"There are {count} owners.")


def second_factors(scene: Scene) -> Finding:
    without = scene.session.exec(
        select(func.count()).select_from(Member).where(col(Member.disabled_at).is_(None), ~HAS_SECOND_FACTOR)
    ).one()
    if without == 0:
        return ok("Every member has a second factor.")
    advice = "Ask them to set one up under Your account. Outside a demo, owners cannot work without one."
    return warn(f"{without} {'member has' if without == 1 else 'members have'} no second factor.", advice)


def audit_trail(scene: Scene) -> Finding:
    """A page does not wait for a million lines: then what the worker last found counts."""
    found: ChainReport | ChainCheck | None = last_check(scene.session)
    if lines_kept(scene.session) <= MOST_LINES:
        found = check_chain(scene.session)
    if found is None:
        return unknown("The audit trail has not been checked yet.", "The worker does so once a day.")
    if found.broken_at is not None:
        advice = "Somebody changed the database by hand. Compare it with a backup, and find out who could."
        return bad(f"The audit trail was changed. {found.why}", advice)
    return ok(f"The audit trail is unbroken: {found.lines:,} lines.")


def retention(scene: Scene) -> Finding:
    kept_for_ever = [kind.label for kind in KINDS if not read_rules(scene.session)[kind.name]]
    if kept_for_ever:
        advice = "Set how long each kind is kept under Settings, How long data is kept."
        return warn(f"Kept for ever: {', '.join(kept_for_ever)}.", advice)
    return ok("Every kind of personal data is erased after its time.")
