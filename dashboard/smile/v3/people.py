"""What every submission says about the person: who they are, and what they agreed to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dashboard.smile import validation
from dashboard.smile.plain_values import NotPlain, plain
from dashboard.smile.v3 import constants
from dashboard.smile.validation import Wrong

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The person's consent, as an ISO 27560 record.

    granted_at: when it was given, a datetime with its zone or ISO 8601 text; not in the future.
    notice_language: two letters. notice_privacy_policy_url: an https address. granted: has to be True.

    https://github.com/smileidentity/api-reference
    """

    granted_at: datetime | str
    notice_language: str
    notice_privacy_policy_url: str
    granted: bool = True


@dataclass(frozen=True, kw_only=True)
class UserDetails:
    """Who the person says they are, with at least one of e-mail address and phone number.

    phone_number: with a plus and the country's code, digits only.

    https://github.com/smileidentity/api-reference
    """

    given_names: str
    last_name: str
    email: str | None = None
    phone_number: str | None = None


def checked_consent(consent: Any, wrong: Wrong) -> dict[str, Any]:
    """The consent as it is sent, a mapping with the same names too. wrong: takes what is wrong, by field."""
    given = _fields(consent, Consent, "consent", wrong)
    if "consent" in wrong:
        return given
    if given.get("granted") is not True:
        wrong["consent.granted"] = "has to be true"
    problem = _problem_of_moment(given.get("granted_at"))
    if problem:
        wrong["consent.granted_at"] = problem
    language = given.get("notice_language")
    if not isinstance(language, str) or not re.fullmatch("[A-Z]{2}", language):
        wrong["consent.notice_language"] = "has to be two capital letters"
    check_https(given.get("notice_privacy_policy_url"), "consent.notice_privacy_policy_url", wrong)
    names = ("granted", *(field.name for field in fields(Consent) if field.name != "granted"))
    return {name: given.get(name) for name in names}


def checked_user_details(details: Any, wrong: Wrong, bound: frozenset[str]) -> dict[str, Any]:
    """The details as they are sent, a mapping with the same names too. wrong: takes what is wrong, by field.

    bound: the fields that the token holds already.
    """
    given = _fields(details, UserDetails, "user_details", wrong)
    if "user_details" in wrong:
        return given
    for name in ("given_names", "last_name"):
        if name in given or name not in bound:
            validation.check_text(given.get(name), f"user_details.{name}", wrong)
    if not any(given.get(name) for name in ("email", "phone_number")) and not {"email", "phone_number"} & bound:
        wrong["user_details.email"] = "is missing: either an e-mail address or a phone number is needed"
    check_email(given.get("email"), "user_details.email", wrong)
    phone = given.get("phone_number")
    if phone not in (None, "") and not (isinstance(phone, str) and constants.PHONE_NUMBER.fullmatch(phone)):
        wrong["user_details.phone_number"] = "has to be a plus, the country's code and the number, digits only"
    return {name: value for name, value in given.items() if value not in (None, "")}


def check_email(value: Any, name: str, wrong: Wrong) -> None:
    """Check an e-mail address, if there is one."""
    if value not in (None, "") and not (isinstance(value, str) and _EMAIL.fullmatch(value)):
        wrong[name] = "has to be an e-mail address"


def check_https(value: Any, name: str, wrong: Wrong) -> None:
    """Check a required https address."""
    validation.check_text(value, name, wrong)
    if name not in wrong:
        validation.check_address(value, name, wrong)
    if name not in wrong and urlsplit(value).scheme != "https":
        wrong[name] = "has to begin with https"


def _fields(value: Any, kind: type[Consent] | type[UserDetails], name: str, wrong: Wrong) -> dict[str, Any]:
    if value is None:
        wrong[name] = "is missing"
        return {}
    known = [field.name for field in fields(kind)]
    if isinstance(value, kind):
        value = {each: getattr(value, each) for each in known}
    if not isinstance(value, Mapping):
        wrong[name] = f"has to be a {kind.__name__}, or an object with the same names"
        return {}
    for unknown in [each for each in value if each not in known]:
        wrong[f"{name}.{unknown}"] = "is not a field"
    try:
        return {each: plain(value[each], each) for each in known if value.get(each) is not None}
    except NotPlain as error:
        wrong[name] = str(error)
        return {}


def _problem_of_moment(text: Any) -> str:
    """What is wrong with a moment, or ""."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return "has to be a moment with its zone, as a datetime or ISO 8601"
    return "is in the future" if moment > datetime.now(UTC) else ""
