"""How far seeding has come. It is stored with the rows of each batch, so that an interrupted run doubles nothing."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from dashboard.seeding.company import Amounts
from dashboard.stored_settings import read_setting, write_setting

SETTING = "seeding"


@dataclass
class Progress:
    amounts: Amounts
    random_seed: int
    until: datetime  # the newest moment in the data
    done: dict[str, int] = field(default_factory=dict)  # by the names of the amounts
    is_finished: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"until": self.until.isoformat()}


def read_progress(session: Session) -> Progress | None:
    stored = read_setting(session, SETTING)
    if stored is None:
        return None
    amounts, until = Amounts(**stored["amounts"]), datetime.fromisoformat(stored["until"])
    return Progress(**{**stored, "amounts": amounts, "until": until})


def write_progress(session: Session, progress: Progress, now: datetime) -> None:
    write_setting(session, SETTING, progress.as_json(), now)
