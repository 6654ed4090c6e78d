"""The products that a job can be of: their names, job types, what each proves and which images it needs."""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.smile.constants import JobType


class Product(StrEnum):
    BIOMETRIC_KYC = "biometric_kyc"
    DOCUMENT_VERIFICATION = "document_verification"
    ENHANCED_DOCUMENT_VERIFICATION = "enhanced_document_verification"
    ENHANCED_KYC = "enhanced_kyc"
    BASIC_KYC = "basic_kyc"
    SMARTSELFIE_REGISTRATION = "smartselfie_registration"
    SMARTSELFIE_AUTHENTICATION = "smartselfie_authentication"
    BUSINESS_VERIFICATION = "business_verification"


@dataclass(frozen=True)
class ProductFacts:
    """What the form, the worker and the pages need to know of a product."""

    name: str
    job_type: JobType
    proves: str
    needs: str
    takes: str
    images: tuple[str, ...] = ()  # field names of the form that must be given
    optional_images: tuple[str, ...] = ()
    asks_id_number: bool = False
    id_type_list: str = ""  # the name of this product in the tables of ID types; "documents": the list of documents
    is_answered_at_once: bool = False


FACTS: dict[Product, ProductFacts] = {
    Product.BIOMETRIC_KYC: ProductFacts(
        "Biometric KYC",
        JobType.BIOMETRIC_KYC,
        "The face belongs to the person that an ID authority holds under this number.",
        "A selfie and an ID number",
        "Under a minute; longer when a person reviews it",
        images=("selfie",),
        optional_images=("liveness", "id_front"),
        asks_id_number=True,
        id_type_list="biometric_kyc",
    ),
    Product.DOCUMENT_VERIFICATION: ProductFacts(
        "Document Verification",
        JobType.DOCUMENT_VERIFICATION,
        "The document is genuine and shows the same face as the selfie.",
        "A selfie and photos of the document",
        "Under two minutes; longer when a person reviews it",
        images=("selfie", "id_front"),
        optional_images=("id_back", "liveness"),
        id_type_list="documents",
    ),
    Product.ENHANCED_DOCUMENT_VERIFICATION: ProductFacts(
        "Enhanced Document Verification",
        JobType.ENHANCED_DOCUMENT_VERIFICATION,
        "The document is genuine, shows the same face, and the authority confirms what is on it.",
        "A selfie and photos of the document",
        "Under two minutes; longer when a person reviews it",
        images=("selfie", "id_front"),
        optional_images=("id_back", "liveness"),
        id_type_list="enhanced_document_verification",
    ),
    Product.ENHANCED_KYC: ProductFacts(
        "Enhanced KYC",
        JobType.ENHANCED_KYC,
        "The ID number exists, and this is the person that the authority holds under it.",
        "An ID number",
        "A few seconds",
        asks_id_number=True,
        id_type_list="enhanced_kyc",
        is_answered_at_once=True,
    ),
    Product.BASIC_KYC: ProductFacts(
        "Basic KYC",
        JobType.ENHANCED_KYC,
        "What the customer says matches what the authority holds, field by field.",
        "An ID number and the customer's details",
        "A few seconds",
        asks_id_number=True,
        id_type_list="basic_kyc",
        is_answered_at_once=True,
    ),
    Product.SMARTSELFIE_REGISTRATION: ProductFacts(
        "SmartSelfie registration",
        JobType.SMARTSELFIE_REGISTRATION,
        "A live person is enrolled under a user id, to be recognised later.",
        "A selfie",
        "Under a minute",
        images=("selfie",),
        optional_images=("liveness",),
    ),
    Product.SMARTSELFIE_AUTHENTICATION: ProductFacts(
        "SmartSelfie authentication",
        JobType.SMARTSELFIE_AUTHENTICATION,
        "This is the same person who was enrolled under the user id.",
        "A selfie of an enrolled customer",
        "Under a minute",
        images=("selfie",),
        optional_images=("liveness",),
    ),
    Product.BUSINESS_VERIFICATION: ProductFacts(
        "Business Verification",
        JobType.BUSINESS_VERIFICATION,
        "The company is registered, and these are its officers and owners.",
        "A registration or tax number",
        "A few seconds",
        asks_id_number=True,
        id_type_list="business_verification",
        is_answered_at_once=True,
    ),
}


def product_of_job_type(job_type: int | None) -> Product | None:
    """None where several products share a job type, as the two that only look a number up."""
    found = [product for product, facts in FACTS.items() if facts.job_type == job_type]
    return found[0] if len(found) == 1 else None
