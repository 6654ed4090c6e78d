"""Phone numbers: as Smile's v3 API takes them, and found by a keyed digest of what all spellings have in common."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers
import structlog
from sqlmodel import Session, col, select

from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.jobs.models import Job, job_associated_data
from dashboard.smile.typed import clean_phone_number
from dashboard.stored_settings import read_setting, write_setting

#: Calling codes of the countries whose numbers Smile checks.
CALLING_CODES = (
    *("20", "27", "212", "213", "216", "220", "221", "225", "226", "228", "229", "230", "231", "233", "234", "237"),
    *("242", "243", "244", "249", "250", "251", "252", "254", "255", "256", "258", "260", "263", "265", "267"),
)
log = structlog.get_logger(__name__)
SHORTEST = 6
FILLED_TO = "phone_digests_filled_to"
BATCH = 200


def international_number(text: str, country: str) -> str:
    """The number as +2348012345678, also from the form in which people of the country write it; empty if it is none."""
    typed = clean_phone_number(text)
    typed = f"+{typed[2:]}" if typed.startswith("00") else typed
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def local_example(country: str) -> str:
    """A mobile number as people of the country write it; empty for a country that has none."""
    number = phonenumbers.example_number_for_type(country.upper(), phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL) if number else ""


def phone_digits(text: str) -> str:
    """The number without calling code and leading zeros: the same for +234 801 234 5678 and 0801 234 5678."""
    digits = "".join(str(int(each)) for each in text if each.isdecimal())
    is_international = text.strip().startswith("+") or digits.startswith("00")
    digits = digits.lstrip("0")
    code = next((each for each in CALLING_CODES if digits.startswith(each)), "")
    if code and (is_international or len(digits) - len(code) >= 9):
        digits = digits[len(code) :].lstrip("0")
    return digits if len(digits) >= SHORTEST else ""


def phone_of_person(person: Any) -> str:
    value = person.get("phone_number") if isinstance(person, dict) else None
    return phone_digits(value) if isinstance(value, str) else ""


def phone_of_sealed_person(opened: bytes) -> str:
    """The phone number in an opened `person_sealed`, for key rotation."""
    return phone_of_person(json.loads(opened))


def fill_digests(session: Session, now: datetime) -> bool:
    """Digests the phone numbers of the next older jobs; False once none are left.

    A killed run is continued where it stopped.
    """
    last = read_setting(session, FILLED_TO)
    if last == "all":
        return False
    rows = select(Job).where(col(Job.id_number_sealed).is_not(None) | col(Job.person_sealed).is_not(None))
    rows = rows.where(col(Job.id) > UUID(last)) if last else rows
    jobs = session.exec(rows.order_by(col(Job.id)).limit(BATCH).with_for_update()).all()
    keyring = keyring_of(session)
    for job in jobs:
        if job.person_sealed is None or job.phone_digest is not None:
            continue
        try:
            phone = phone_of_person(keyring.open_json(job.person_sealed, job_associated_data(job.id, "person")))
        except (UnreadableValue, ValueError):  # One damaged row does not stop the others.
            log.warning("phone_unreadable", job=str(job.id))
            continue
        if phone:
            job.phone_digest = keyring.digest_for_search(phone)
    write_setting(session, FILLED_TO, str(jobs[-1].id) if len(jobs) == BATCH else "all", now)
    return len(jobs) == BATCH
