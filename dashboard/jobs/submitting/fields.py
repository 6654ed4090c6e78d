"""What the forms about a verification have in common: the fields of a person, how each is cleaned, what is wrong.

Which of them a choice of product, country and ID type needs is said in choosing.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from dashboard.db import utc_now
from dashboard.smile.constants import BUSINESS_TYPES
from dashboard.smile.typed import clean_code, clean_id, clean_name, clean_phone_number, has_control_characters

MAX_LENGTH = 200
#: A name that Smile may give to a field of its own; anything else in its list is a mistake or an attack.
NAME_OF_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
#: Names that mean something else in our form or in Smile's request, where they would stand for that.
NOT_FOR_FIELDS = frozenset(
    {"product", "country", "id_type", "user_id", "job_id", "customer_reference", "consent", "sandbox_result", "again"}
    | {"selfie", "id_front", "id_back", "liveness", "csrf_token", "form_key", "send_anyway", "test_number", "language"}
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
    "bank_code": FieldFacts("Bank", "The bank that holds the account.", kind="select"),
    "citizenship": FieldFacts("Citizenship", "As the authority writes it, for example Kenyan."),
    "business_type": FieldFacts(
        "Kind of business", "As it is registered.", kind="select", choices=tuple(BUSINESS_TYPES.items())
    ),
    "postal_address": FieldFacts("Postal address", "As it is registered, for example P.O. Box 1234."),
    "postal_code": FieldFacts("Postal code", "For example 00100."),
    "session_id": FieldFacts("Consent session", "The session id of the customer's one-time-password consent."),
}


#: How what was typed is cleaned before it is checked, shown and sent. Every other field is free text, as a name is.
CLEANERS: Mapping[str, Callable[[str], str]] = {
    "user_id": clean_id,
    "job_id": clean_id,
    "customer_reference": clean_id,
    "dob": clean_code,
    "phone_number": clean_phone_number,
    "postal_code": clean_code,
    "session_id": clean_id,
}


def field_facts(name: str) -> FieldFacts:
    """Of a field that Smile asks for and nothing is known of: plain text under its own name."""
    return FIELDS.get(name) or FieldFacts(name.replace("_", " ").strip().capitalize(), "Smile asks for it.")


def may_be_asked(name: str) -> bool:
    """Whether a field of Smile's list can be asked for in a form."""
    return name in FIELDS or (NAME_OF_FIELD.fullmatch(name) is not None and name not in NOT_FOR_FIELDS)


def cleaned_value(name: str, typed: str) -> str:
    return CLEANERS.get(name, clean_name)(typed)


def problem_with_value(name: str, value: str, choices: tuple[tuple[str, str], ...] = ()) -> str:
    """What is wrong with what was typed into a field, in a sentence; empty when nothing is."""
    if len(value) > MAX_LENGTH:
        return f"At most {MAX_LENGTH} characters."
    if choices and value not in dict(choices):
        return "Choose one from the list."
    if name == "dob" and not _is_past_date(value):
        return "A date in the past, as year-month-day: 1990-12-31."
    return ""


def problem_with_id(value: str) -> str:
    """The same for an id or a reference of the partner's own: other systems make them, so nearly all are taken."""
    if len(value) > MAX_LENGTH:
        return f"At most {MAX_LENGTH} characters."
    return "Ends of lines and other control characters cannot be part of it." if has_control_characters(value) else ""


def _is_past_date(text: str) -> bool:
    """Python reads more spellings of a date than Smile does: 19901231, 1990-W53-1."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return False
    return found.isoformat() == text and found < utc_now().date()
