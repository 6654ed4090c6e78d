"""Logging: one line per event, as text or JSON, with secrets and personal data masked."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

SECRET_WORDS = ("key", "secret", "signature", "token", "password", "code", "cookie", "authorization")
PERSONAL_WORDS = ("id_number", "name", "dob", "phone", "email", "address", "body", "payload")
MASK = "[masked]"
#: Fields that contain one of the words above but are safe and needed.
KNOWN_SAFE = frozenset({"logger_name", "result_code", "status_code", "remote_address", "error_code"})


def set_up_logging(log_format: str) -> None:
    as_text = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    renderer: Any = structlog.processors.JSONRenderer() if log_format == "json" else as_text
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(Output()),  # type: ignore[arg-type]  # it writes and flushes
        cache_logger_on_first_use=True,
    )
    # Libraries log addresses and bodies at lower levels. We log what matters ourselves.
    for noisy in ("urllib3", "huey", "requests", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


class Output:
    """Standard output that drops a line when there is no room for it.

    A full disk, which the log should report, must not turn a 503 into a 500 or end the worker's clock.
    """

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stdout.flush()


def mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {field: _masked(field, value) for field, value in event.items()}


def _masked(field: Any, value: Any) -> Any:
    if field not in KNOWN_SAFE and any(word in str(field).lower() for word in SECRET_WORDS + PERSONAL_WORDS):
        return MASK
    if isinstance(value, Mapping):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    return value
