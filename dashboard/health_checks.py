"""What a health check may look at, and what it reports. Each slice registers its own checks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database

if TYPE_CHECKING:  # types of higher layers
    from dashboard.health.handshakes import TlsState
    from dashboard.jobs.following.smile_answers import SmileContact
    from dashboard.worker.queue import Queue


class State(StrEnum):
    OK = "ok"
    UNSET = "unset"  # not set up, and need not be
    UNKNOWN = "unknown"  # not known yet, which is fine
    WARN = "warn"
    BAD = "bad"


class Group(StrEnum):
    """The headings of the checks, in order."""

    KEYS = "Keys"
    NETWORK = "Network"
    DATA = "Data"
    MACHINE = "Machine"
    PEOPLE = "People"


@dataclass(frozen=True)
class Finding:
    """The result of a check: `sentence` says how things are, `advice` what to do.

    Neither holds secrets or personal data.
    """

    state: State
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class CheckContext:
    """Everything that a check may look at.

    `proxies_seen`: how many proxies passed on the current request; None outside a request. `encryption`: the TLS of the
    public address, if it was probed. `queue`: None if it must not be asked. `database_problem`: why the database cannot
    be used; empty if it can.
    """

    settings: Settings
    database: Database
    session: Session
    now: datetime
    smile: "SmileContact | None"
    is_debugging: bool = False
    proxies_seen: int | None = None
    encryption: "TlsState | None" = None
    queue: "Queue | None" = None
    database_problem: str = ""


Check = Callable[[CheckContext], Finding]


@dataclass(frozen=True)
class HealthCheck:
    """`is_on_overview`: every member sees its sentence. It only reads, and quickly."""

    group: Group
    name: str
    check: Check
    is_on_overview: bool = False


def ok(sentence: str) -> Finding:
    return Finding(State.OK, sentence)


def unset(sentence: str, advice: str = "") -> Finding:
    return Finding(State.UNSET, sentence, advice)


def unknown(sentence: str, advice: str = "") -> Finding:
    return Finding(State.UNKNOWN, sentence, advice)


def warn(sentence: str, advice: str) -> Finding:
    return Finding(State.WARN, sentence, advice)


def bad(sentence: str, advice: str) -> Finding:
    return Finding(State.BAD, sentence, advice)
