"""Settings in the database that can change at run time, such as the company's branding."""

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
#: Smile's last answer to the request that only checks our key.
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
    """The stored value, or None if it was never set."""
    setting = session.get(Setting, name, populate_existing=True)  # It may have been written outside the session.
    return None if setting is None else setting.value


def write_setting(session: Session, name: str, value: Any, now: datetime) -> None:
    """Stores a value; of two at once the later one wins. The caller checks permissions and writes the audit trail."""
    row = insert_into(session, Setting).values(name=name, value=value, changed_at=now)
    changed = {"value": row.excluded.value, "changed_at": row.excluded.changed_at}
    session.connection().execute(row.on_conflict_do_update(index_elements=["name"], set_=changed))


@dataclass(frozen=True)
class Branding:
    """How the company appears to its customers."""

    company_name: str = "Your company"
    logo_url: str = ""  # our own (begins with /) is shown on every page, any other only on Smile's
    theme_color: str = "#1f5fa8"
    policy_url: str = ""
    purposes: Mapping[str, str] = field(default_factory=dict)  # why we ask, by language; empty: a default sentence
    return_urls: tuple[str, ...] = ()  # where links may send customers when they are done
    time_zone: str = DEFAULT_TIME_ZONE  # for customers and printed pages; the default for new members

    @property
    def own_logo(self) -> str:
        """The logo if we serve it ourselves, so that showing it tells no other host about the customer."""
        return self.logo_url if self.logo_url.startswith("/") and not self.logo_url.startswith("//") else ""

    def logo_address(self, public_url: str) -> str:
        """The full address of the logo, for other sites."""
        return f"{public_url}{self.own_logo}" if self.own_logo else self.logo_url


def read_branding(session: Session, settings: Settings) -> Branding:
    stored = read_setting(session, BRANDING) or (DEMO_BRANDING if settings.is_demo else {})
    return Branding(**{**stored, "return_urls": tuple(stored.get("return_urls", ()))})


def company_time_zone(session: Session) -> str:
    return str((read_setting(session, BRANDING) or {}).get("time_zone", DEFAULT_TIME_ZONE))


def write_branding(session: Session, branding: Branding, now: datetime) -> None:
    write_setting(session, BRANDING, asdict(branding), now)
