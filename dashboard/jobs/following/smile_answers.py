"""Whether Smile accepts our key in both APIs, and its clock's offset: asked by the worker every hour, and stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import utc_now
from dashboard.jobs.smile_api.clients import PAGE_TIMEOUT, open_transport
from dashboard.jobs.smile_api.smile_clock import date_of
from dashboard.smile import BadSignature, Refused, Services, SmileError, Transport
from dashboard.smile.v3 import Client
from dashboard.smile_keys import ApiKeys
from dashboard.stored_settings import SMILE_ANSWER, read_setting, write_setting

#: Whose list of ID types is asked for: where most jobs are.
COUNTRY = "NG"


class V3Answer(StrEnum):
    """What v3 answered when it was asked for a token and for its list of ID types, which cost nothing."""

    NOT_ASKED = ""
    SILENT = "silent"
    REFUSED = "refused"
    WITHOUT_LISTS = "without_lists"
    FINE = "fine"


@dataclass(frozen=True)
class SmileContact:
    asked_at: datetime
    was_answered: bool
    is_refused: bool = False
    clock_offset_seconds: float | None = None  # Smile's clock minus ours
    v3: str = V3Answer.NOT_ASKED


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
        v3 = _ask_v3(settings, keys, transport) if was_answered else V3Answer.NOT_ASKED
    return SmileContact(utc_now(), was_answered, is_refused, offsets[-1] if offsets else None, v3.value)


def _ask_v3(settings: Settings, keys: ApiKeys, transport: Transport) -> V3Answer:
    try:
        client = Client(settings.smile_partner_id, keys.signing.value, settings.smile_server, transport=transport)
        client.create_token()
    except Refused as error:
        return V3Answer.SILENT if error.may_retry else V3Answer.REFUSED
    except SmileError:
        return V3Answer.SILENT
    try:
        return V3Answer.FINE if client.services.supported_id_types(COUNTRY) else V3Answer.WITHOUT_LISTS
    except SmileError:
        return V3Answer.WITHOUT_LISTS


def read_last_contact(session: Session) -> SmileContact | None:
    stored = read_setting(session, SMILE_ANSWER)
    return SmileContact(**{**stored, "asked_at": datetime.fromisoformat(stored["asked_at"])}) if stored else None


def save_contact(session: Session, answer: SmileContact, now: datetime) -> None:
    write_setting(session, SMILE_ANSWER, asdict(answer) | {"asked_at": answer.asked_at.isoformat()}, now)
