"""Health checks of callbacks: the networks that they may come from, and whether they arrive."""

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.callbacks.queries import find_last_callback
from dashboard.callbacks.receiving.networks import read_networks
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, warn
from dashboard.jobs.models import Job
from dashboard.web.pages.filters import duration_in_words


def source_networks(context: CheckContext) -> Finding:
    named = read_networks(context.session)
    if named and not context.settings.trusted_proxies:
        advice = "Set DASHBOARD_TRUSTED_PROXIES to the number of proxies, or empty the list."
        return bad("The list of networks that callbacks are accepted from is not enforced.", advice)
    if named:
        return ok(f"Callbacks are accepted from {len(named)} networks only.")
    return ok("Callbacks are accepted from everywhere, as long as the signature is right.")


def last_callback(context: CheckContext) -> Finding:
    last = find_last_callback(context.session, context.settings.environment)
    if last is None:
        return unknown("No callback has arrived yet.", "Send a test callback under Callbacks and keys.")
    return ok(f"The last callback arrived {duration_in_words(context.now - last.received_at)} ago.")


def overdue_callbacks(context: CheckContext) -> Finding:
    overdue = select(func.count()).select_from(Job).where(
        Job.environment == context.settings.environment,
        col(Job.callback_due_at) < context.now,
        col(Job.callback_at).is_(None),
        col(Job.settled_at).is_(None),
    )  # fmt: skip
    count = context.session.exec(overdue).one()
    if count:
        advice = "Send a test callback under Callbacks and keys. Meanwhile the jobs are settled by asking Smile."
        jobs = (
            "1 job is waiting for a callback that is"
            if count == 1
            else f"{count} jobs are waiting for callbacks that are"
        )
        return warn(f"{jobs} overdue.", advice)
    return ok("No callback is overdue.")
