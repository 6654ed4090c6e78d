"""Health checks of callbacks: the networks that they may come from, and whether they arrive."""

from dashboard.callbacks.queries import find_last_callback
from dashboard.callbacks.receiving.networks import read_networks
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, warn
from dashboard.jobs.filters import JobFilter
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.lists.reading import count_of
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
    count = count_of(Scope(context.session, context.settings.environment, context.now), JobFilter(needs="overdue"))
    if count:
        advice = "Send a test callback under Callbacks and keys. Meanwhile the jobs are settled by asking Smile."
        number = f"{count:,}" if count <= COUNT_CAP else f"More than {COUNT_CAP:,}"
        jobs = (
            "1 job is waiting for a callback that is"
            if count == 1
            else f"{number} jobs are waiting for callbacks that are"
        )
        return warn(f"{jobs} overdue.", advice)
    return ok("No callback is overdue.")
