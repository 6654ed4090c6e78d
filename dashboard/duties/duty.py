"""One duty: how it stands, and what it is judged by. What is looked at lives beside, the list of all in registry.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.duties.handshakes import Encryption
from dashboard.jobs.smile_answers import SmileAnswer


class State(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"  # nothing is known yet, and nothing is wrong with that
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """`sentence` says how it stands, `advice` what to do; neither ever holds a secret or a person."""

    state: State
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class Duty:
    group: str
    name: str
    finding: Finding


@dataclass(frozen=True)
class Scene:
    """All that a duty may look at. `proxies_seen`: how many handed on the request that asks; None without one.

    `encryption`: of the public address, when somebody waits for a look at it over the network.
    """

    settings: Settings
    database: Database
    session: Session
    now: datetime
    smile: SmileAnswer | None
    is_debugging: bool = False
    proxies_seen: int | None = None
    encryption: Encryption | None = None


Look = Callable[[Scene], Finding]


def ok(sentence: str) -> Finding:
    return Finding(State.OK, sentence)


def unknown(sentence: str, advice: str = "") -> Finding:
    return Finding(State.UNKNOWN, sentence, advice)


def warn(sentence: str, advice: str) -> Finding:
    return Finding(State.WARN, sentence, advice)


def bad(sentence: str, advice: str) -> Finding:
    return Finding(State.BAD, sentence, advice)
