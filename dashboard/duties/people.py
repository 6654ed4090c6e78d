"""Duties about people: somebody who can help when an owner is locked out, and a trail that nobody changed."""

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.duties.duty import Finding, Scene, bad, ok, warn
from dashboard.duties.trail import first_wrong_line
from dashboard.team.models import Member
from dashboard.team.permissions import Role

#: A page does not wait for a million lines; `dashboard db check` looks at all of them.
LINES_LOOKED_AT = 2000


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


def audit_trail(scene: Scene) -> Finding:
    wrong = first_wrong_line(scene.session, newest=LINES_LOOKED_AT)
    if wrong is not None:
        advice = "Somebody changed the database by hand. Compare it with a backup, and find out who could."
        return bad(f"Line {wrong} of the audit trail does not fit what comes before it.", advice)
    return ok("The newest lines of the audit trail are unbroken.")
