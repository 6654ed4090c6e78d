"""What an owner changes while the product runs: named values in the database, and the company's branding among them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, SQLModel

from dashboard.config import Settings
from dashboard.db import UtcDateTime, insert_into

BRANDING = "branding"
DEFAULT_TIME_ZONE = "UTC"
#: When the last backup was made, and how much was in it.
LAST_BACKUP = "last_backup"
#: When a worker was last alive.
WORKER_SEEN = "worker_seen"
#: What Smile last answered to a question that only asks whether it knows us.
SMILE_ANSWER = "smile_answer"
DEMO_BRANDING = {
    "company_name": "Kora Bank",
    "logo_url": "/static/img/kora-bank.svg",
    "theme_color": "#0b5d4e",
    "policy_url": "https://example.com/privacy",
}


class Setting(SQLModel, table=True):
    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: Any = Field(sa_type=JSON)
    changed_at: datetime = Field(sa_type=UtcDateTime)


def read_setting(session: Session, name: str) -> Any:
    """The stored value, or None where nobody has set it."""
    setting = session.get(Setting, name, populate_existing=True)  # It may have been written past the session.
    return None if setting is None else setting.value


def write_setting(session: Session, name: str, value: Any, now: datetime) -> None:
    """Who may, and the line in the audit trail, are the caller's business. Of two at once the later one counts."""
    row = insert_into(session, Setting).values(name=name, value=value, changed_at=now)
    changed = {"value": row.excluded.value, "changed_at": row.excluded.changed_at}
    session.connection().execute(row.on_conflict_do_update(index_elements=["name"], set_=changed))


@dataclass(frozen=True)
class Branding:
    """How the company shows itself to its customers."""

    company_name: str = "Your company"
    logo_url: str = ""  # one of our own (it begins with /) is shown on every page, another only on Smile's
    theme_color: str = "#1f5fa8"
    policy_url: str = ""
    purposes: Mapping[str, str] = field(default_factory=dict)  # why we ask, by language; empty: a sentence of ours
    return_urls: tuple[str, ...] = ()  # where links may send a customer who is done
    time_zone: str = DEFAULT_TIME_ZONE  # of what customers read and of what is printed; new members begin with it

    @property
    def own_logo(self) -> str:
        """The logo, if no other host hears of the customer when it is shown."""
        return self.logo_url if self.logo_url.startswith("/") and not self.logo_url.startswith("//") else ""

    def logo_address(self, public_url: str) -> str:
        """The logo as others must ask for it."""
        return f"{public_url}{self.own_logo}" if self.own_logo else self.logo_url


def read_branding(session: Session, settings: Settings) -> Branding:
    stored = read_setting(session, BRANDING) or (DEMO_BRANDING if settings.is_demo else {})
    return Branding(**{**stored, "return_urls": tuple(stored.get("return_urls", ()))})


def company_time_zone(session: Session) -> str:
    return str((read_setting(session, BRANDING) or {}).get("time_zone", DEFAULT_TIME_ZONE))


def write_branding(session: Session, branding: Branding, now: datetime) -> None:
    write_setting(session, BRANDING, asdict(branding), now)
