"""Whether Smile accepts our key, and its clock's offset: asked by the worker every hour, and stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import utc_now
from dashboard.jobs.smile_api.clients import PAGE_TIMEOUT, open_transport
from dashboard.jobs.smile_api.smile_clock import date_of
from dashboard.smile import BadSignature, Refused, Services, SmileError
from dashboard.smile_keys import ApiKeys
from dashboard.stored_settings import SMILE_ANSWER, read_setting, write_setting


@dataclass(frozen=True)
class SmileContact:
    asked_at: datetime
    was_answered: bool
    is_refused: bool = False
    clock_offset_seconds: float | None = None  # Smile's clock minus ours


def ask_smile(settings: Settings, keys: ApiKeys) -> SmileContact:
    """Asks Smile a signed question that changes nothing and costs nothing. Call it outside transactions."""
    offsets: list[float] = []

    def note_date(headers: Mapping[str, str]) -> None:
        if date := date_of(headers):
            offsets.append((date - utc_now()).total_seconds())

    with open_transport(settings, *PAGE_TIMEOUT, note_date) as transport:
        older = [key.value for key in keys.active if key != keys.signing]
        services = Services(
            settings.smile_partner_id, keys.signing.value, settings.smile_server, transport=transport, verify_keys=older
        )
        try:
            services.products_config()
            was_answered, is_refused = True, False
        except (Refused, BadSignature) as error:
            was_answered, is_refused = not error.may_retry, not error.may_retry
        except SmileError:
            was_answered, is_refused = False, False
    return SmileContact(utc_now(), was_answered, is_refused, offsets[-1] if offsets else None)


def read_last_contact(session: Session) -> SmileContact | None:
    stored = read_setting(session, SMILE_ANSWER)
    return SmileContact(**{**stored, "asked_at": datetime.fromisoformat(stored["asked_at"])}) if stored else None


def save_contact(session: Session, answer: SmileContact, now: datetime) -> None:
    write_setting(session, SMILE_ANSWER, asdict(answer) | {"asked_at": answer.asked_at.isoformat()}, now)
