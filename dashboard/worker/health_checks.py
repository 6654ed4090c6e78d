"""The health check of the worker: whether one is running."""

from datetime import datetime, timedelta

from dashboard.health_checks import CheckContext, Finding, bad, ok
from dashboard.stored_settings import WORKER_SEEN, read_setting
from dashboard.web.pages.filters import duration_in_words

IS_DEAD_AFTER = timedelta(minutes=2)


def worker(context: CheckContext) -> Finding:
    stored = read_setting(context.session, WORKER_SEEN)
    advice = "Start `dashboard worker`: without it nothing is sent to Smile and no result is fetched."
    if stored is None:
        return bad("No worker has run yet.", advice)
    silence = context.now - datetime.fromisoformat(stored)
    if silence > IS_DEAD_AFTER:
        return bad(f"No worker has been alive for {duration_in_words(silence)}.", advice)
    return ok("A worker is running.")
