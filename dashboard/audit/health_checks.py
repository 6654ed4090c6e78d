"""The health check of the audit trail: whether its chain is unbroken."""

from dashboard.audit.chain import ChainReport, check_chain
from dashboard.audit.checking import last_check
from dashboard.audit.models import ChainCheck
from dashboard.audit.queries import count_lines
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown

#: Up to this many lines are checked while the page loads.
MOST_LINES = 20_000


def audit_trail(context: CheckContext) -> Finding:
    """Checks a short trail at once. For a long one the worker's last check counts, so that the page does not wait."""
    found: ChainReport | ChainCheck | None = last_check(context.session)
    if count_lines(context.session) <= MOST_LINES:
        found = check_chain(context.session)
    if found is None:
        return unknown("The audit trail has not been checked yet.", "The worker checks it once a day.")
    if found.broken_at is not None:
        advice = "Somebody changed the database directly. Compare it with a backup, and find out who has access."
        return bad(f"The audit trail was changed. {found.why}", advice)
    return ok(f"The audit trail is unbroken: {found.lines:,} lines.")
