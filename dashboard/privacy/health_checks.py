"""The health check of retention: whether every kind of personal data is erased after its time."""

from dashboard.health_checks import CheckContext, Finding, ok, warn
from dashboard.privacy.retention import KINDS, read_rules


def retention(context: CheckContext) -> Finding:
    kept_for_ever = [kind.label for kind in KINDS if not read_rules(context.session)[kind.name]]
    if kept_for_ever:
        advice = "Set how long each kind is kept under Settings, How long data is kept."
        return warn(f"Kept for ever: {', '.join(kept_for_ever)}.", advice)
    return ok("Every kind of personal data is erased after its time.")
