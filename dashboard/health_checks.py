"""One health check: what it may look at and what it finds. Each slice registers its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database

if TYPE_CHECKING:  # what the layers above found out before the checks began
    from dashboard.health.handshakes import Encryption
    from dashboard.jobs.following.smile_answers import SmileAnswer
    from dashboard.worker.queue import Queue


class State(StrEnum):
    OK = "ok"
    UNSET = "unset"  # it is not set up here, and need not be
    UNKNOWN = "unknown"  # nothing is known yet, and nothing is wrong with that
    WARN = "warn"
    BAD = "bad"


class Group(StrEnum):
    """The headings that checks stand under, in their order."""

    KEYS = "Keys"
    NETWORK = "Way in and out"
    DATA = "Data"
    MACHINE = "Machine"
    PEOPLE = "People"


@dataclass(frozen=True)
class Finding:
    """`sentence` says how it stands, `advice` what to do; neither ever holds a secret or a person."""

    state: State
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class CheckContext:
    """All that a check may look at. `proxies_seen`: how many handed on the request that asks; None without one.

    `encryption`: of the public address, when somebody waits for a look at it over the network. `queue`: None where
    nobody wants it to be asked. `database_problem`: why the database cannot be worked with; empty where it can.
    """

    settings: Settings
    database: Database
    session: Session
    now: datetime
    smile: "SmileAnswer | None"
    is_debugging: bool = False
    proxies_seen: int | None = None
    encryption: "Encryption | None" = None
    queue: "Queue | None" = None
    database_problem: str = ""


Check = Callable[[CheckContext], Finding]


@dataclass(frozen=True)
class HealthCheck:
    group: Group
    name: str
    check: Check


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
