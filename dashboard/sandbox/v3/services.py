"""What v3 offers: banks, ID types, documents, the state of authorities, and what hosted pages ask for."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.api.lookups import required_fields
from dashboard.sandbox.api.services import BANK_CODES
from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks
from dashboard.sandbox.v3.refusals import NOT_ALLOWED, UNAUTHORIZED, ListRefused, Refused, answer_refusals
from dashboard.sandbox.v3.tokens import caller
from dashboard.sandbox.world.outcomes import find_id_type
from dashboard.smile.constants import DocumentType, IdType, document_types, id_types
from dashboard.smile.v3.constants import CONTINENTS, LOCALES

services_v3 = Blueprint("v3_services", __name__)
answer_refusals(services_v3)

_IN_CONFIG = ("basic_kyc", "biometric_kyc", "doc_verification", "enhanced_document_verification", "enhanced_kyc")
#: Live answers list these among the required fields too.
_PLUMBING = ("country", "id_number", "id_type", "partner_id", "partner_params", "timestamp")
_PERSON = {
    "given_names": ("Given names", "text", None),
    "last_name": ("Last name", "text", None),
    "email": ("E-mail address", "email", "contact"),
    "phone_number": ("Phone number", "phone", "contact"),
}


@services_v3.get("/v3/services/bank_codes")
def bank_codes() -> Response:
    """GET /v3/services/bank_codes: the banks of a `country`, by default of all, as `bank_codes`.

    Raises ListRefused (400, 403, 500).

    https://github.com/smileidentity/api-reference
    """
    country = _country("country")
    banks = [{"code": code, "country": "NG", "name": name} for name, code in BANK_CODES.items()]
    return jsonify({"bank_codes": [bank for bank in banks if country in ("", bank["country"])]})


@services_v3.get("/v3/services/supported_id_types")
def supported_id_types() -> Response:
    """GET /v3/services/supported_id_types: the ID types of a `country`, by default of all, as `id_types`.

    Raises ListRefused (400, 403, 500).

    https://github.com/smileidentity/api-reference
    """
    country = _country("country")
    return jsonify(
        {"id_types": [entry for row in _lookups() if country in ("", row.country) for entry in _listed(row)]}
    )


@services_v3.get("/v1/valid_documents")
@services_v3.get("/v3/valid-documents")
@services_v3.get("/v3/services/supported_documents")
def supported_documents() -> Response:
    """GET /v3/services/supported_documents: the documents of a `continent` or `country_code`, as `valid_documents`.

    `/v3/valid-documents` and `/v1/valid_documents` are other names of it. `locale` changes nothing here.
    Raises ListRefused (400, 403, 500).

    https://github.com/smileidentity/api-reference
    """
    code = _country("country_code")
    continent, locale = request.args.get("continent", ""), request.args.get("locale", "en-GB")
    if continent not in ("", *CONTINENTS):
        raise ListRefused(400, f"Continent must be one of {', '.join(CONTINENTS)}", "2413")
    if locale not in LOCALES:
        raise ListRefused(400, f"Locale must be one of {', '.join(LOCALES)}", "2413")
    wanted = [row for row in document_types() if code in ("", row.country) and continent in ("", _continent(row))]
    groups = groupby(wanted, lambda row: row.country)
    return jsonify({"valid_documents": [_documents(list(rows)) for _, rows in groups]})


@services_v3.get("/v3/services/id_status")
def id_status() -> Response:
    """GET /v3/services/id_status: the state of the authority behind an `id_type` of a `country`, which may be a name.

    Returns `last_checked` (ISO 8601, UTC), `last_check_status`, `last_hour_success_rate`, `last_known_status` and
    `last_check_success_rate`, rates as percentages in text.
    Raises Refused (400, 401).

    https://github.com/smileidentity/api-reference
    """
    _with_token()
    given = {name: request.args.get(name, "") for name in ("country", "id_type")}
    for name, value in given.items():
        if not value:
            raise Refused(400, f'"{name}" is required')
    try:
        country = checks.country_code(given["country"])
    except Refused:
        raise Refused(400, "Invalid country") from None
    row = find_id_type(country, given["id_type"])
    if row is None:
        raise Refused(400, "Invalid id_type for the given country")
    if not _is_lookup(row):
        raise Refused(400, f"No data found. Check that {country} and {given['id_type']} are valid inputs")
    is_up = current().v3.authority == "up"
    return jsonify(
        {
            "last_checked": iso(datetime.now(UTC)),
            "last_check_status": "success" if is_up else "failure",
            "last_hour_success_rate": "95%" if is_up else "5%",
            "last_known_status": "online" if is_up else "offline",
            "last_check_success_rate": "90%" if is_up else "0%",
        }
    )


@services_v3.get("/v3/services/config")
def config() -> Response:
    """GET /v3/services/config: what hosted pages show and ask, and what the token provides already.

    Returns `consentRequired`, `fields_to_collect`, `idSelection`, `products`, `token_provided_fields` and
    `token_provided_values`.
    Raises Refused (401).

    Not documented on a page; known from https://github.com/smileidentity/usesmileid-sample-apps
    """
    who = caller()
    provided = sorted({*who.bound, *({"user_id"} if who.user_id else set())})
    # Personal values are not given back to the page.
    shown = {name: who.bound[name] for name in ("country", "id_type") if name in who.bound}
    return jsonify(
        {
            "consentRequired": {},
            "fields_to_collect": {},
            "idSelection": {product: _selection(product) for product in _IN_CONFIG},
            "products": {product: _products(product) for product in _IN_CONFIG},
            "token_provided_fields": provided,
            "token_provided_values": shown,
        }
    )


def _with_token() -> None:
    try:
        caller()
    except Refused as refused:
        raise Refused(401, "Invalid token") if refused.text == UNAUTHORIZED else refused from None


def _country(name: str) -> str:
    """The code in the query, "" for all; also the refusals that the switch asks of open lists."""
    refusal = current().v3.refusal
    if refusal in ("ip", "ip_address"):
        raise ListRefused(403, NOT_ALLOWED, "2413")
    if refusal in ("error", "system_error"):
        raise ListRefused(500, "System Error", "2401")
    code = request.args.get(name, "")
    if code and not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        raise ListRefused(400, "Country Code must be two capital letters", "2413")
    return code


def _lookups() -> Iterable[IdType]:
    return filter(_is_lookup, id_types())


def _is_lookup(row: IdType) -> bool:
    return not row.products or bool({"basic_kyc", "enhanced_kyc", "biometric_kyc"} & set(row.products))


def _listed(row: IdType) -> list[Json]:
    needs = [name for name in required_fields(row, "enhanced_kyc") if name not in _PLUMBING]
    entry: Json = {
        "country": row.country,
        "type": row.id_type,
        "label": row.label,
        "regex": row.number_regex,
        "required_fields": [*_PLUMBING, *needs],
    }
    if row.id_type == "BANK_ACCOUNT":
        # Some countries have an entry for each bank, with its code.
        return [entry | {"bank_code": code} for code in BANK_CODES.values()] if row.country == "ZM" else [entry]
    return [entry]


def _documents(rows: list[DocumentType]) -> Json:
    first = rows[0]
    return {
        "country": {"code": first.country, "name": first.country_name, "continent": _continent(first)},
        # "Others", with an empty code, is the last entry of each country.
        "id_types": [
            {"code": row.code, "name": row.name, "example": [], "has_back": row.has_back, "format": "card"}
            for row in sorted(rows, key=lambda row: row.code == "")
        ],
    }


def _continent(row: DocumentType) -> str:
    return row.continent.replace("_", " ")


def _selection(product: str) -> dict[str, list[str]]:
    return {code: [row.id_type for row in rows] for code, rows in _by_country(product)}


def _products(product: str) -> Json:
    return {
        code: [{"key_name": row.id_type, "label": row.label, "fields": _fields(row, product)} for row in rows]
        for code, rows in _by_country(product)
    }


def _by_country(product: str) -> Iterable[tuple[str, list[IdType]]]:
    rows = sorted((row for row in id_types() if product in row.products), key=lambda row: row.country)
    for code, group in groupby(rows, lambda row: row.country):
        yield code, list(group)


def _fields(row: IdType, product: str) -> list[Json]:
    entries: list[Json] = []
    if product != "doc_verification":
        number = {"key_name": "id_number", "label": row.label, "field_type": "text", "placeholder_text": ""}
        entries.append(number | {"required": True, "regex": row.number_regex})
    for name, (label, kind, group) in _PERSON.items():
        entry: Json = {
            "key_name": name,
            "label": label,
            "field_type": kind,
            "placeholder_text": "",
            "required": not group,
        }
        entries.append(entry | ({"one_of_group": group} if group else {}))
    return entries
