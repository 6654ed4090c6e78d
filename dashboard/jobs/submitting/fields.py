"""The fields about a person in forms: their labels, how each is cleaned, and what is wrong with a value.

choosing.py says which of them a choice of product, country and ID type needs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from dashboard.db import utc_now
from dashboard.smile.constants import BUSINESS_TYPES
from dashboard.smile.typed import clean_code, clean_id, clean_name, clean_phone_number, has_control_characters

MAX_LENGTH = 200
#: A valid name for a field that Smile asks for; anything else in its list is a mistake or an attack.
NAME_OF_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
#: Names with another meaning in our form or in Smile's request.
NOT_FOR_FIELDS = frozenset(
    {"product", "country", "id_type", "user_id", "job_id", "customer_reference", "consent", "sandbox_result", "again"}
    | {"selfie", "id_front", "id_back", "liveness", "csrf_token", "form_key", "send_anyway", "test_number", "language"}
    | {"test_person", "notice_language", "drawn_for"}
    | {"partner_id", "partner_params", "smile_client_id", "timestamp", "signature", "sec_key", "token", "api_key"}
    | {"callback_url", "source_sdk", "source_sdk_version", "entered", "consent_information", "day", "month", "year"}
)


@dataclass(frozen=True)
class FieldFacts:
    label: str
    help: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


FIELDS: Mapping[str, FieldFacts] = {
    "id_number": FieldFacts("ID number"),
    "first_name": FieldFacts("First name"),
    "middle_name": FieldFacts("Middle name"),
    "last_name": FieldFacts("Last name"),
    "dob": FieldFacts("Date of birth", kind="date"),
    "gender": FieldFacts("Gender", kind="select", choices=(("M", "Male"), ("F", "Female"))),
    "phone_number": FieldFacts("Phone number", "With the country code, for example +2348012345678.", kind="tel"),
    "email": FieldFacts("E-mail address", kind="email"),
    "bank_code": FieldFacts("Bank", "The bank that holds the account.", kind="select"),
    "citizenship": FieldFacts("Citizenship", "As the authority writes it, for example Kenyan."),
    "business_type": FieldFacts(
        "Type of business", "As registered.", kind="select", choices=tuple(BUSINESS_TYPES.items())
    ),
    "postal_address": FieldFacts("Postal address", "As registered, for example P.O. Box 1234."),
    "postal_code": FieldFacts("Postal code", "For example 00100."),
    "session_id": FieldFacts("Consent session", "The session id of the customer's one-time-password consent."),
}


#: How typed values are cleaned before they are checked, shown and sent. All other fields are free text, like a name.
CLEANERS: Mapping[str, Callable[[str], str]] = {
    "user_id": clean_id,
    "job_id": clean_id,
    "customer_reference": clean_id,
    "dob": clean_code,
    "email": clean_code,
    "phone_number": clean_phone_number,
    "postal_code": clean_code,
    "session_id": clean_id,
}


def field_facts(name: str) -> FieldFacts:
    """The facts of a field; one that Smile asks for and that is unknown here is plain text under its own name."""
    return FIELDS.get(name) or FieldFacts(name.replace("_", " ").strip().capitalize(), "Smile asks for this.")


def may_be_asked(name: str) -> bool:
    """Whether a form can ask for a field of Smile's list."""
    return name in FIELDS or (NAME_OF_FIELD.fullmatch(name) is not None and name not in NOT_FOR_FIELDS)


def cleaned_value(name: str, typed: str) -> str:
    return CLEANERS.get(name, clean_name)(typed)


def problem_with_value(name: str, value: str, choices: tuple[tuple[str, str], ...] = ()) -> str:
    """What is wrong with a typed value, in a sentence; empty when nothing is."""
    if len(value) > MAX_LENGTH:
        return f"At most {MAX_LENGTH} characters."
    if choices and value not in dict(choices):
        return "Choose one from the list."
    if name == "dob" and not _is_past_date(value):
        return "Enter a date in the past as year-month-day, for example 1990-12-31."
    return ""


def problem_with_id(value: str) -> str:
    """The same for a partner's own id or reference. Other systems make them, so nearly everything is accepted."""
    if len(value) > MAX_LENGTH:
        return f"At most {MAX_LENGTH} characters."
    return "It must not contain line breaks or other control characters." if has_control_characters(value) else ""


def _is_past_date(text: str) -> bool:
    """Whether it is a past date as Smile writes dates; Python also reads 19901231 and 1990-W53-1."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return False
    return found.isoformat() == text and found < utc_now().date()
