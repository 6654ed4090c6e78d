"""Whether people are found by their names, as an owner decided."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from dashboard.stored_settings import read_setting, write_setting

SWITCH = "name_search"


@dataclass(frozen=True)
class NameSearch:
    """`since`: when it was switched on or off; empty until the worker first looked at it."""

    is_on: bool = True
    since: str = ""


def read_switch(session: Session) -> NameSearch:
    return NameSearch(**(read_setting(session, SWITCH) or {}))


def is_on(session: Session) -> bool:
    return read_switch(session).is_on


def turn_switch(session: Session, *, is_on: bool, now: datetime) -> None:
    """The caller checks the permission and adds the line to the audit trail. The worker then fills or empties."""
    write_setting(session, SWITCH, {"is_on": is_on, "since": now.isoformat()}, now)
