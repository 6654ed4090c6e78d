"""What the forms about a verification have in common: the fields of a person, and what is wrong with a value.

Which of them a choice of product, country and ID type needs is said in choosing.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dashboard.db import utc_now
from dashboard.smile.constants import BUSINESS_TYPES

MAX_LENGTH = 200
NAME_OF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,99}")


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


def problem_with_value(name: str, value: str, choices: tuple[tuple[str, str], ...] = ()) -> str:
    """What is wrong with what was typed into one of FIELDS, in a sentence; empty when nothing is."""
    if len(value) > MAX_LENGTH:
        return f"At most {MAX_LENGTH} characters."
    if choices and value not in dict(choices):
        return "Choose one from the list."
    if name == "dob" and not _is_past_date(value):
        return "A date in the past, as year-month-day: 1990-12-31."
    return ""


def problem_with_id(value: str) -> str:
    """The same for an id or a reference of the partner's own."""
    return "" if NAME_OF_ID.fullmatch(value) else "Up to 100 letters, digits and . _ : @ + - without spaces."


def _is_past_date(text: str) -> bool:
    """Python reads more spellings of a date than Smile does: 19901231, 1990-W53-1."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return False
    return found.isoformat() == text and found < utc_now().date()
