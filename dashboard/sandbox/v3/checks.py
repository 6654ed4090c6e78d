"""The rules of v3 for single fields. Each check returns the value, or refuses the request with the field's name."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from dashboard.sandbox.fields import Json
from dashboard.sandbox.state import current
from dashboard.sandbox.v3.parts import Parts
from dashboard.sandbox.v3.refusals import Refused, invalid, missing, refused_by_account
from dashboard.sandbox.world.outcomes import find_id_type, is_offered, is_well_formed
from dashboard.smile.constants import document_types
from dashboard.smile.v3 import constants

CONSENT_FIELDS = frozenset({"granted", "granted_at", "notice_language", "notice_privacy_policy_url"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NO_CALLBACK = (
    "A valid callback_url is required in the request or a default callback URL must be configured in the portal."
)
NO_CONTACT = "Either email or phone_number is required."
WRONG_NUMBER = "Invalid ID number format for the specified country and ID type."
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
#: Tokens may be a little ahead of the server's clock.
_TOKEN_LEEWAY = timedelta(minutes=1)


def consent(given: Any, *, in_token: bool = False) -> Json:
    """The consent. in_token: a token allows more, and only the four fields.

    Raises Refused (400).

    https://github.com/smileidentity/api-reference
    """
    if given is None:
        raise Refused(400, "consent is required")
    if not isinstance(given, dict) or (in_token and set(given) - CONSENT_FIELDS):
        raise missing("consent")
    if given.get("granted") is not True:
        raise missing("consent.granted")
    moment = _moment(given.get("granted_at"))
    if moment is None:
        raise missing("consent.granted_at")
    if moment > datetime.now(UTC) + (_TOKEN_LEEWAY if in_token else timedelta(0)):
        raise Refused(400, "Required field 'consent.granted_at' cannot be set in the future.")
    language = str(given.get("notice_language"))
    language = language.upper() if in_token else language
    if not re.fullmatch("[A-Z]{2}", language):
        raise missing("consent.notice_language")
    schemes = ("https", "http") if in_token else ("https",)
    if not _is_address(given.get("notice_privacy_policy_url"), schemes):
        raise missing("consent.notice_privacy_policy_url")
    return {**{name: given[name] for name in sorted(CONSENT_FIELDS)}, "notice_language": language}


def user_details(given: Any, bound: Mapping[str, Any], *, no_contact: str = NO_CONTACT) -> Json:
    """The details of the person; those of the token override them. no_contact: the text for missing contact details.

    Raises Refused (400).

    https://github.com/smileidentity/api-reference
    """
    names = ("given_names", "last_name", "email", "phone_number")
    held = {name: bound[name] for name in names if name in bound}
    if given is None and not held:
        raise missing("user_details")
    if given is not None and not isinstance(given, dict):
        raise missing("user_details")
    details = {**{name: (given or {}).get(name) for name in names}, **held}
    for name in ("given_names", "last_name"):
        if not isinstance(details[name], str) or not details[name].strip():
            raise missing(f"user_details.{name}")
    if not details["email"] and not details["phone_number"]:
        raise Refused(400, no_contact)
    contact(details)
    return details


def contact(details: Mapping[str, Any]) -> None:
    """Check e-mail address and phone number, where they are given. Raises Refused (400)."""
    for name, pattern in (("email", _EMAIL), ("phone_number", constants.PHONE_NUMBER)):
        value = details.get(name)
        if value not in (None, "") and not (isinstance(value, str) and pattern.fullmatch(value)):
            raise invalid(name)


def callback_url(address: str, *, is_needed: bool = True) -> str:
    """The callback address of a request, "" for the partner's default.

    Raises Refused: 400 without any, or for anything but https; 403 for a domain that is not allowed.

    https://github.com/smileidentity/api-reference
    """
    settings = current().settings
    if not address:
        if is_needed and not settings.default_callback_url:
            raise Refused(400, NO_CALLBACK)
        return ""
    if not _is_address(address, ("https", "http")):
        raise missing("callback_url")
    host, allowed = urlsplit(address).hostname or "", settings.v3_callback_domains
    is_local = settings.allow_http_on_loopback and host in LOOPBACK
    if urlsplit(address).scheme != "https" and not is_local:
        raise missing("callback_url")
    if allowed and not any(host == domain or host.endswith(f".{domain}") for domain in allowed):
        raise refused_by_account("callback_url")
    return address


def partner_params(parts: Parts) -> dict[str, str]:
    """The texts that come back with the result; {} without any. Raises Refused (400) for values that are no text."""
    params = parts.json("partner_params")
    if params is None:
        return {}
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise invalid("partner_params")
    return params


def metadata(parts: Parts) -> list[Json]:
    """The list of names and values; [] without any. Raises Refused (400)."""
    entries = parts.json("metadata")
    if entries is None:
        return []
    most = {"name": constants.LONGEST_METADATA_NAME, "value": constants.LONGEST_METADATA_VALUE}
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise invalid("metadata")
    for entry in entries:
        if not all(isinstance(entry.get(name), str) and len(entry[name]) <= longest for name, longest in most.items()):
            raise invalid("metadata")
    return entries


def country(given: Mapping[str, Any]) -> str:
    """The country of two letters. Raises Refused (400)."""
    code = str(given.get("country") or "")
    if not re.fullmatch("[A-Za-z]{2}", code):
        raise missing("country")
    return code.upper()


def country_code(text: str) -> str:
    """The code of a country that may be given by its name. Raises Refused (400) for one that is not known."""
    known = {row.country_name.lower(): row.country for row in document_types()}
    code = known.get(text.lower(), text.upper())
    if code not in known.values():
        raise missing("country")
    return code


def id_type(given: Mapping[str, Any], product: str) -> None:
    """Check that the ID type belongs to the country and the product, and that the number fits it.

    product: "" for any.
    Raises Refused: 400, or 403 for an ID type that the product does not have.

    https://github.com/smileidentity/api-reference
    """
    row = find_id_type(str(given.get("country")), str(given.get("id_type")))
    if row is None and not product and _is_document(given):
        return  # A token may be for a document, which is not looked up by a number.
    if row is None:
        raise missing("id_type")
    number = str(given.get("id_number") or "")
    if product and not number:
        raise missing("id_number")
    if number and not is_well_formed({**given, "id_number": number}):
        raise Refused(400, WRONG_NUMBER)
    if product and not is_offered(row, product):
        raise refused_by_account("id_type")
    for name in ("bank_code", "operator"):
        if product and name in row.required_fields and not given.get(name):
            raise missing(name)


def _is_document(given: Mapping[str, Any]) -> bool:
    named = (given.get("country"), given.get("id_type"))
    return any((row.country, row.code) == named for row in document_types())


def choice(value: str, choices: tuple[str, ...], problem: Refused) -> str:
    """One of the choices. Raises the problem, a Refused, for anything else."""
    if value not in choices:
        raise problem
    return value


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) and len(text) >= 10 else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_address(value: Any, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
