"""The health check of the audit trail: whether its chain is unbroken."""

from dashboard.audit.chain import ChainReport, check_chain
from dashboard.audit.checking import last_check
from dashboard.audit.models import ChainCheck
from dashboard.audit.queries import lines_kept
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown

#: So many lines are checked while somebody waits.
MOST_LINES = 20_000


def audit_trail(context: CheckContext) -> Finding:
    """A page does not wait for a million lines: then what the worker last found counts."""
    found: ChainReport | ChainCheck | None = last_check(context.session)
    if lines_kept(context.session) <= MOST_LINES:
        found = check_chain(context.session)
    if found is None:
        return unknown("The audit trail has not been checked yet.", "The worker does so once a day.")
    if found.broken_at is not None:
        advice = "Somebody changed the database by hand. Compare it with a backup, and find out who could."
        return bad(f"The audit trail was changed. {found.why}", advice)
    return ok(f"The audit trail is unbroken: {found.lines:,} lines.")
