"""What the partner may use: the services list, the partner's configuration, and the documents of every country."""

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.api.lookups import required_fields
from dashboard.sandbox.state import current
from dashboard.smile.constants import IdType, document_types, id_types

services = Blueprint("services", __name__)

_HOSTED_PRODUCTS = (
    "basic_kyc", "biometric_kyc", "enhanced_kyc", "doc_verification", "ekyc_smartselfie",
    "enhanced_document_verification",
)  # fmt: skip
_ALWAYS_REQUIRED = ["country", "id_type", "user_id", "job_id"]
#: Clearing codes of the Central Bank of Nigeria.
BANK_CODES = {
    "Access Bank": "044",
    "First Bank of Nigeria": "011",
    "Guaranty Trust Bank": "058",
    "United Bank for Africa": "033",
    "Zenith Bank": "057",
}
#: Published test numbers.
#: https://docs.usesmileid.com/general/supported-id-types/test-data
_TEST_DATA = {
    ("NG", "V_NIN"): "0" * 16,
    ("NG", "VOTER_ID"): "0" * 19,
    ("NG", "DRIVERS_LICENSE"): "ABC" + "0" * 9,
    ("NG", "BANK_ACCOUNT"): "0" * 10,
    ("NG", "TIN"): "00000000-0000",
    ("NG", "TAX_INFORMATION"): "00000000-0000",
    ("NG", "CAC"): "0" * 7,
    ("GH", "SSNIT"): "C" + "0" * 12,
    ("GH", "VOTER_ID"): "0" * 10,
    ("GH", "NEW_VOTER_ID"): "0" * 10,
    ("GH", "NATIONAL_ID"): "GHA-000000000-0",
    ("GH", "PASSPORT"): "G" + "0" * 7,
    ("GH", "DRIVERS_LICENSE"): "B" + "0" * 7,
    ("KE", "NATIONAL_ID"): "0" * 8,
    ("KE", "NATIONAL_ID_NO_PHOTO"): "0" * 8,
    ("KE", "KRA_PIN"): "0" * 8,
    ("KE", "DRIVERS_LICENSE"): "0" * 8,
    ("KE", "ALIEN_CARD"): "0" * 6,
    ("KE", "PASSPORT"): "A" + "0" * 8,
    ("ZA", "NATIONAL_ID"): "0" * 13,
    ("ZA", "NATIONAL_ID_NO_PHOTO"): "0" * 13,
    ("UG", "NATIONAL_ID_NO_PHOTO"): "0" * 14,
    ("ZM", "BANK_ACCOUNT"): "0" * 13,
    ("ZM", "TPIN"): "0" * 10,
}


@services.get("/v1/services")
def show() -> Response:
    """GET /v1/services: the ID types on offer, for each product and country.

    Returns `bank_codes` (a list of {"name", "code"}) and `hosted_web`: product -> country -> {"name", "id_types"}.

    https://docs.usesmileid.com/supported-id-types/for-individuals-kyc/backed-by-id-authority
    """
    names = {row.country: row.country_name for row in document_types()}
    return jsonify(
        {
            "bank_codes": [{"name": name, "code": code} for name, code in BANK_CODES.items()],
            "hosted_web": {product: _countries(product, names) for product in _HOSTED_PRODUCTS},
        }
    )


@services.post("/v1/products_config")
def products_config() -> Response:
    """POST /v1/products_config: what the partner may use, and which ID types need consent.

    Returns `consentRequired`: country -> ID types, and `idSelection`: product -> country -> ID types.
    Raises Refused (2203, 2204, 2205).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    authentication.by_signature_or_token(fields.json_body(), "partner_id")
    consent: dict[str, list[str]] = {}
    for country, id_type in current().settings.consent_id_types:
        consent.setdefault(country, []).append(id_type)
    products = ("basic_kyc", "biometric_kyc", "enhanced_kyc", "doc_verification")
    selection = {
        product: {country: [row.id_type for row in rows] for country, rows in groupby(_rows(product), _country)}
        for product in products
    }
    return jsonify({"consentRequired": consent, "idSelection": selection})


@services.post("/v1/valid_documents")
def valid_documents() -> Response:
    """POST /v1/valid_documents: the documents that Document Verification accepts.

    Returns `valid_documents`: a list of {"country": {"name", "continent", "code"}, "id_types": list}, whose ID types
    have `name`, `code`, `has_back` and `example`.
    Raises Refused (2203, 2204, 2205).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    authentication.by_signature_or_token(fields.json_body(), "partner_id")
    documents = []
    for code, group in groupby(document_types(), lambda row: row.country):
        rows = list(group)
        documents.append(
            {
                "country": {"name": rows[0].country_name, "continent": rows[0].continent, "code": code},
                # "Others", with an empty code, is the last entry of each country.
                "id_types": [
                    {"name": row.name, "code": row.code, "has_back": row.has_back, "example": []}
                    for row in sorted(rows, key=lambda row: row.code == "")
                ],
            }
        )
    return jsonify({"valid_documents": documents})


def _countries(product: str, names: dict[str, str]) -> dict[str, Any]:
    return {
        country: {
            "name": names.get(country, country),
            "id_types": {row.id_type: _described(row, product) for row in rows},
        }
        for country, rows in groupby(_rows(product), _country)
    }


def _described(row: IdType, product: str) -> dict[str, Any]:
    if product == "doc_verification":
        return {"label": row.label}
    return {
        "label": row.label,
        "required_fields": [*_ALWAYS_REQUIRED, *required_fields(row, product)],
        "test_data": _TEST_DATA.get((row.country, row.id_type), "0" * 11),
        "id_number_regex": row.number_regex,
    }


def _rows(product: str) -> list[IdType]:
    return sorted((row for row in id_types() if product in row.products), key=_country)


def _country(row: IdType) -> str:
    return row.country
