"""The rules for ID numbers: required fields of an ID type, consent, and the session of BVN_MFA."""

from dashboard.sandbox import fields
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, MISSING_BUSINESS, Refused
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import current
from dashboard.sandbox.world.outcomes import find_id_type
from dashboard.sandbox.world.store import Job
from dashboard.sandbox.world.zips import DATA_INVALID, ZipRejected
from dashboard.smile.constants import BUSINESS_ID_TYPES, BUSINESS_TYPES, IdType, document_types, id_types

#: Keys of a lookup, at the top level of the request.
ID_KEYS = (
    "country", "id_type", "id_number", "first_name", "middle_name", "last_name", "dob", "phone_number",
    "gender", "bank_code", "citizenship", "company", "session_id", "business_type", "postal_address",
    "postal_code",
)  # fmt: skip
_CONSENTS = ("personal_details", "contact_information", "document_information")
#: The hosted page's input fields for `dob`; the API takes `dob` only.
_PAGE_ONLY = {"day", "month", "year"}


def personal_lookup(body: Json, product: str) -> Json:
    """The checked id_info of a Basic or Enhanced KYC request: its values for ID_KEYS, as text.

    product: "basic_kyc" or "enhanced_kyc".
    Raises Refused: 2204 wrong type; 2213 missing field, unknown ID type, missing consent or unconfirmed session.

    https://docs.usesmileid.com/supported-id-types/for-individuals-kyc/backed-by-id-authority
    """
    id_info = _id_info(body)
    row = _known_type(id_info, MISSING)
    required = required_fields(row, product)
    for name in required:
        fields.text(body, name)
    if "session_id" in required:
        id_info["id_number"] = _number_of_session(id_info["session_id"])
    settings = current().settings
    if settings.require_consent and not has_consent(row.country, row.id_type, body, settings):
        raise Refused(MISSING, f"Error - A required parameter is missing: consent_information for {row.id_type}")
    return id_info


def business_lookup(body: Json) -> Json:
    """The checked id_info of a Business Verification request: its values for ID_KEYS, as text.

    Raises Refused: 2204 wrong type, 2413 missing or unsupported field.

    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """
    for name in ("country", "id_type", "id_number"):
        fields.text(body, name, MISSING_BUSINESS)
    id_info = _id_info(body)
    if id_info["id_type"] not in BUSINESS_ID_TYPES:
        raise Refused(MISSING_BUSINESS, "Unsupported id_type for a business", business=True)
    row = _known_type(id_info, MISSING_BUSINESS)
    if "business_type" in row.required_fields and id_info.get("business_type") not in BUSINESS_TYPES:
        raise Refused(MISSING_BUSINESS, "Unsupported business type", business=True)
    for name in required_fields(row, "business_verification"):
        fields.text(body, name, MISSING_BUSINESS)
    return id_info


def check_submitted(job: Job, settings: SandboxSettings) -> None:
    """Apply the same rules to the id_info of a zip.

    Raises ZipRejected, which ends the job as "Data Invalid".

    https://docs.usesmileid.com/further-reading/result-codes
    """
    id_info = job.id_info
    country, id_type = str(id_info.get("country") or ""), str(id_info.get("id_type") or "")
    if id_info.get("id_number"):
        if find_id_type(country, id_type) is None:
            raise ZipRejected(DATA_INVALID, "id_type is not known for the country")
        if settings.require_consent and not has_consent(country, id_type, id_info, settings):
            raise ZipRejected(DATA_INVALID, f"{id_type} needs consent_information")
    elif job.product in ("document_verification", "enhanced_document_verification"):
        known = {row.code for row in document_types() if row.country == country}
        known |= {row.id_type for row in id_types() if row.country == country}
        if not known or (id_type and id_type not in known):
            raise ZipRejected(DATA_INVALID, "no such document in that country")


def required_fields(row: IdType, product: str) -> list[str]:
    """The request fields that an ID type needs for a product, besides country and id_type.

    An entry `product:+a+b` of the table asks for a and b with that product only.
    """
    required: list[str] = []
    for entry in row.required_fields:
        only_for, _, names = entry.rpartition(":")
        if only_for in ("", product):
            required += [name for name in names.split("+") if name and name not in _PAGE_ONLY]
    return required


def has_consent(country: str, id_type: str, body: Json, settings: SandboxSettings) -> bool:
    """Whether the request holds the customer's consent; True for ID types that need none.

    body: the fields of the request, with `consent_information`.
    """
    if (country, id_type) not in settings.consent_id_types:
        return True
    information = body.get("consent_information")
    consented = information.get("consented") if isinstance(information, dict) else None
    return isinstance(consented, dict) and all(consented.get(name) is True for name in _CONSENTS)


def _id_info(body: Json) -> Json:
    return {name: value for name in ID_KEYS if (value := fields.optional_text(body, name))}


def _known_type(id_info: Json, code: str) -> IdType:
    business = code == MISSING_BUSINESS
    for name in ("country", "id_type"):
        fields.text(id_info, name, code)
    row = find_id_type(id_info["country"], id_info["id_type"])
    if row is None:
        raise Refused(code, "Unsupported id_type for the country", business=business)
    return row


def _number_of_session(session_id: str) -> str:
    session = current().store.verified_sessions.get(session_id)
    if session is None or not session["verified"]:
        raise Refused(MISSING, "The session_id has not been confirmed by a one-time password")
    return str(session["id_number"])
