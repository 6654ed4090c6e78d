"""How the simulator tells of its own mistakes: kind and place, never the text, which may quote who was verified."""

import logging
import traceback

log = logging.getLogger("dashboard.sandbox")


def log_failure(what: str, error: Exception) -> None:
    log.error("%s: %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
