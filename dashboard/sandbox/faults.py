"""Faults on purpose: which requests fail, how, and how often."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.sandbox import fields
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import WRONG_TYPE, Refused

#: Mode -> when it strikes by default. "after" is nastier: the request has been processed.
MODES = {"status": "before", "delay": "after", "drop": "before", "garbage": "before", "truncate": "after"}


@dataclass
class Fault:
    """One fault.

    path: exact, or a prefix if it ends in `*` or `/`. mode: a key of MODES. when: "before" or "after" processing.
    status: the HTTP status of "status" and "garbage". times: how often it strikes; None until it is cleared.
    method: the HTTP method; None for all. struck: how often it has struck.
    """

    path: str
    mode: str
    when: str
    status: int = 500
    delay_seconds: float = 5.0
    times: int | None = None
    method: str | None = None
    struck: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault strikes this request."""
        if self.times is not None and self.struck >= self.times:
            return False
        if self.method is not None and self.method != method:
            return False
        if self.path.endswith(("*", "/")):
            return path.startswith(self.path.rstrip("*"))
        return path == self.path


class Faults:
    """The active faults; the first that matches a request strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Activate a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[Json]:
        """The active faults, each as a dict of the fields of `Fault`."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted; None if there is none."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.struck += 1
                    return fault
        return None


def read_fault(body: Mapping[str, Any]) -> Fault:
    """The fault that a request describes, by the fields of `Fault`.

    Raises Refused: 2204 for a value of a wrong type or out of bounds, 2213 for a missing `path` or `mode`.
    """
    mode = fields.text(body, "mode")
    if mode not in MODES:
        raise Refused(WRONG_TYPE, f"mode must be one of {', '.join(MODES)}")
    when = fields.optional_text(body, "when") or MODES[mode]
    if when not in ("before", "after"):
        raise Refused(WRONG_TYPE, "when must be before or after")
    return Fault(
        path=fields.text(body, "path"),
        mode=mode,
        when=when,
        status=int(number(body, "status", 200 if mode == "garbage" else 500, 200, 599)),
        delay_seconds=number(body, "delay_seconds", 5.0, 0.0, 600.0),
        times=None if body.get("times") is None else int(number(body, "times", 1, 1, 1_000_000)),
        method=fields.optional_text(body, "method").upper() or None,
    )


def number(body: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    """The number in a field, or `default` if it is missing or null.

    Raises Refused (2204) if it is not a number from `least` to `most`.
    """
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(WRONG_TYPE, f"{name} must be a number from {least} to {most}")
    return value
