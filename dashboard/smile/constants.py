"""Published facts of the Smile ID API: numbers, names and the tables in data/. It holds no behaviour."""

import csv
import io
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from importlib import resources

SANDBOX_URL = "https://testapi.smileidentity.com/v1"
PRODUCTION_URL = "https://api.smileidentity.com/v1"
SANDBOX_PORTAL_URL = "https://portal.smileidentity.com"
PRODUCTION_PORTAL_URL = "https://prod.smileidentity.com"

SIGNATURE_CONSTANT = "sid_request"
ZIP_FILE_NAME = "selfie.zip"
CODE_UPLOAD_PREPARED = "2202"
CODE_JOB_EXISTS = "2215"
CODE_JOB_FOUND = "2302"
CODE_NO_ZIP = "2314"


class SmileApi(StrEnum):
    """The generations of Smile's API: v1 (with its v2 parts), and v3.

    https://github.com/smileidentity/api-reference
    """

    V1 = "v1"
    V3 = "v3"


#: How requests name the software that sent them; Smile accepts any version.
SOURCE_SDK = "rest_api"
SOURCE_SDK_VERSION = "1.0.0"

#: Product names that a web token can be requested for -> the name that POST /v1/token and the browser script use.
WEB_PRODUCTS = {
    "authentication": "authentication",
    "smartselfie": "smartselfie",
    "basic_kyc": "basic_kyc",
    "identity_verification": "identity_verification",
    "enhanced_kyc": "enhanced_kyc",
    "biometric_kyc": "biometric_kyc",
    "ekyc_smartselfie": "ekyc_smartselfie",
    "doc_verification": "doc_verification",
    "document_verification": "doc_verification",
    "enhanced_document_verification": "enhanced_document_verification",
    "e_signature": "e_signature",
}
#: The verification methods of a Smile Link's ID types.
LINK_METHODS = ("biometric_kyc", "doc_verification", "enhanced_document_verification", "enhanced_kyc")


class JobType(IntEnum):
    """The job types of the API.

    Smile's libraries disagree about 12 (address verification or e-signature), so it has no name here.

    https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
    """

    BIOMETRIC_KYC = 1
    SMARTSELFIE_AUTHENTICATION = 2
    SMARTSELFIE_COMPARE = 3
    SMARTSELFIE_REGISTRATION = 4
    ENHANCED_KYC = 5
    DOCUMENT_VERIFICATION = 6
    BUSINESS_VERIFICATION = 7
    UPDATE_PHOTO = 8
    COMPARE_USER_INFO = 9
    AML_CHECK = 10
    ENHANCED_DOCUMENT_VERIFICATION = 11


#: Job types whose images travel in a zip, through POST /v1/upload.
UPLOAD_JOB_TYPES = frozenset({1, 2, 4, 6, 8, 9, 11})
#: Job types that the ID API answers synchronously (or through a callback).
ID_API_JOB_TYPES = frozenset({5, 7})
DOCUMENT_JOB_TYPES = frozenset({6, 11})


class ImageType(IntEnum):
    """The image types of a job: each image travels as a file of the zip or as base64 in info.json.

    https://docs.usesmileid.com/further-reading/faqs/what-are-the-image-types-i-can-upload-to-smile-id
    """

    SELFIE_FILE = 0
    ID_FRONT_FILE = 1
    SELFIE_BASE64 = 2
    ID_FRONT_BASE64 = 3
    LIVENESS_FILE = 4
    ID_BACK_FILE = 5
    LIVENESS_BASE64 = 6
    ID_BACK_BASE64 = 7


FILE_IMAGE_TYPES = frozenset({0, 1, 4, 5})
BASE64_IMAGE_TYPES = frozenset({2, 3, 6, 7})
SELFIE_IMAGE_TYPES = frozenset({0, 2})
ID_FRONT_IMAGE_TYPES = frozenset({1, 3})
ID_BACK_IMAGE_TYPES = frozenset({5, 7})
LIVENESS_IMAGE_TYPES = frozenset({4, 6})

BUSINESS_ID_TYPES = ("BASIC_BUSINESS_REGISTRATION", "BUSINESS_REGISTRATION", "TAX_INFORMATION")
BUSINESS_TYPES = {"bn": "Business name", "co": "Company", "it": "Incorporated trustees"}
#: The value of a field for which the authority returned nothing.
NOT_AVAILABLE = "Not Available"

#: The sandbox's documented test numbers, which end in 0; another last digit selects another outcome.
#: https://docs.usesmileid.com/general/supported-id-types/test-data
TEST_NUMBERS = {
    ("NG", "BVN"): "00000000000",
    ("NG", "NIN"): "00000000000",
    ("NG", "NIN_V2"): "00000000000",
    ("NG", "NIN_SLIP"): "00000000000",
    ("NG", "PHONE_NUMBER"): "00000000000",
    ("NG", "V_NIN"): "0000000000000000",
    ("NG", "VOTER_ID"): "0000000000000000000",
    ("NG", "DRIVERS_LICENSE"): "ABC000000000",
    ("NG", "BANK_ACCOUNT"): "0000000000",
    ("NG", "TIN"): "00000000-0000",
    ("NG", "TAX_INFORMATION"): "00000000-0000",
    ("NG", "CAC"): "0000000",
    ("NG", "BUSINESS_REGISTRATION"): "0000000",
    ("NG", "BASIC_BUSINESS_REGISTRATION"): "0000000",
    ("GH", "SSNIT"): "C000000000000",
    ("GH", "VOTER_ID"): "0000000000",
    ("GH", "NEW_VOTER_ID"): "0000000000",
    ("GH", "PASSPORT"): "G0000000",
    ("GH", "DRIVERS_LICENSE"): "B0000000",
    ("KE", "NATIONAL_ID"): "00000000",
    ("KE", "KRA_PIN"): "00000000",
    ("KE", "DRIVERS_LICENSE"): "00000000",
    ("KE", "ALIEN_CARD"): "000000",
    ("KE", "PASSPORT"): "A00000000",
    ("ZA", "NATIONAL_ID"): "0000000000000",
    ("ZA", "NATIONAL_ID_NO_PHOTO"): "0000000000000",
    ("UG", "NATIONAL_ID_NO_PHOTO"): "00000000000000",
    ("ZM", "BANK_ACCOUNT"): "0000000000000",
    ("ZM", "TPIN"): "0000000000",
}
#: The outcome that the last digit of a test number selects.
TEST_DIGITS = {
    "0": "succeeds",
    "1": "not found",
    "2": "bad format",
    "3": "authority down",
    "4": "your own data",
}


@dataclass(frozen=True)
class ResultCode:
    """One row of the result code table.

    code: four digits. text: Smile's wording. products: the products it was seen with.
    outcome: "approved", "rejected", "provisional", "error", "info", or "" where it is not documented.

    https://docs.usesmileid.com/further-reading/result-codes
    """

    code: str
    text: str
    products: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class IdType:
    """One identity document or register of a country.

    country: two capital letters. number_regex: the pattern of its numbers, "" where none is published.
    required_fields: what a request needs besides country and id_type. `product:+a+b` asks for a and b with that product
        only.

    https://docs.usesmileid.com/supported-id-types/for-individuals-kyc/backed-by-id-authority
    """

    country: str
    id_type: str
    label: str
    number_regex: str
    required_fields: tuple[str, ...]
    products: tuple[str, ...]


@dataclass(frozen=True)
class DocumentType:
    """One document that Document Verification accepts, of one of 226 countries.

    country: two capital letters. code: Smile's name for it, "" for "Others".
    Not documented on a page: the list is the answer of POST /v1/valid_documents.
    """

    country: str
    country_name: str
    continent: str
    code: str
    name: str
    has_back: bool


@cache
def callback_addresses(environment: str) -> dict[str, tuple[str, ...]]:
    """The IP addresses that Smile publishes as the origin of its callbacks.

    environment: "sandbox" or "production".
    Returns the addresses of each list, "newer" and "older"; the lists disagree, and neither has been verified.

    https://docs.usesmileid.com/further-reading/security-overview
    """
    rows = [row for row in _rows("callback_addresses.csv") if row["environment"] == environment]
    pages = dict.fromkeys(row["published"] for row in rows)
    return {page: tuple(row["address"] for row in rows if row["published"] == page) for page in pages}


@cache
def result_codes() -> tuple[ResultCode, ...]:
    """The table of result and error codes. A code has a row for each of its texts.

    https://docs.usesmileid.com/further-reading/result-codes
    """
    return tuple(
        ResultCode(row["code"], row["text"], _split(row["product"]), row["outcome"])
        for row in _rows("result_codes.csv")
    )


@cache
def id_types() -> tuple[IdType, ...]:
    """The ID types of all countries.

    https://docs.usesmileid.com/supported-id-types/for-individuals-kyc/backed-by-id-authority
    """
    return tuple(
        IdType(
            row["country"],
            row["id_type"],
            row["label"],
            row["number_regex"],
            _split(row["required_fields"]),
            _split(row["products"]),
        )
        for row in _rows("id_types.csv")
    )


@cache
def document_types() -> tuple[DocumentType, ...]:
    """The documents that Document Verification accepts, of all countries."""
    return tuple(
        DocumentType(
            row["country"],
            row["country_name"],
            row["continent"],
            row["document_code"],
            row["document_name"],
            row["has_back"] == "true",
        )
        for row in _rows("document_types.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("dashboard.smile") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _split(value: str) -> tuple[str, ...]:
    return tuple(part for part in value.split("|") if part)
