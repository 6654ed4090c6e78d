"""Logs the simulator's own errors: their type and place, never their text, which may quote personal data."""

import logging
import traceback

log = logging.getLogger("dashboard.sandbox")


def log_failure(what: str, error: Exception) -> None:
    """Log an error. what: the beginning of the message, such as "an action of the simulator failed"."""
    log.error("%s: %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
