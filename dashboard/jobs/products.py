"""The products, one row each: everything that forms, links, the worker and pages need to know.

To add a product, add a member of `Product` and a row of `FACTS`. What Smile publishes by job type or result code is in
smile/constants.py and its tables.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.smile.constants import JobType, SmileApi

#: What a customer needs on Smile's page.
FACE, DOCUMENT, NUMBER = "face", "document", "number"


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
class Effort:
    """What Smile's page asks of the customer; the megabytes are its script, camera and images together, rounded up."""

    needs: tuple[str, ...]
    minutes: int
    megabytes: int


@dataclass(frozen=True)
class V3Facts:
    """A product in v3, by its names in tokens and webhooks, and in Smile's script for pages."""

    token_name: str
    script_name: str
    differs: str  # what v3 adds, and what it lacks, in one sentence


@dataclass(frozen=True)
class ProductFacts:
    name: str
    job_type: JobType
    proves: str
    needs: str
    takes: str
    approved: str  # the verdict as a sentence, where the result code does not say more
    rejected: str
    web_name: str = ""  # in tokens, in Smile's script and in Smile Links; empty: it has no page for customers
    effort: Effort | None = None  # on that page
    images: tuple[str, ...] = ()  # required image fields of the form
    optional_images: tuple[str, ...] = ()
    asks_id_number: bool = False
    id_type_list: str = ""  # this product's name in the tables of ID types; "documents": the list of documents
    may_omit_id_type: bool = False  # Smile then detects it
    compares: tuple[str, ...] = ()  # optional fields that are only compared: the answer has matches and no data
    enrols: bool = False  # the user id can be authenticated afterwards
    needs_enrolled_user: bool = False
    is_answered_at_once: bool = False
    v3: V3Facts | None = None  # None: Smile's v3 API does not offer it

    @property
    def apis(self) -> tuple[SmileApi, ...]:
        """The generations of Smile's API that offer it."""
        return (SmileApi.V1, SmileApi.V3) if self.v3 else (SmileApi.V1,)


FACTS: dict[Product, ProductFacts] = {
    Product.BIOMETRIC_KYC: ProductFacts(
        name="Biometric KYC",
        job_type=JobType.BIOMETRIC_KYC,
        proves="The face belongs to the person that an ID authority has on record under this number.",
        needs="A selfie and an ID number",
        takes="Under a minute; longer when a person reviews it",
        approved="The face matches the authority's photo.",
        rejected="The face does not match, or no live person was seen.",
        web_name="biometric_kyc",
        v3=V3Facts(
            "biometric_kyc",
            "biometric_kyc",
            "Adds signals of fraud; takes no photo of the ID, and what the authority returned comes only by callback.",
        ),
        effort=Effort((FACE, NUMBER), minutes=2, megabytes=5),
        images=("selfie",),
        optional_images=("liveness", "id_front"),
        asks_id_number=True,
        id_type_list="biometric_kyc",
        enrols=True,
    ),
    Product.DOCUMENT_VERIFICATION: ProductFacts(
        name="Document Verification",
        job_type=JobType.DOCUMENT_VERIFICATION,
        proves="The document is genuine and shows the same face as the selfie.",
        needs="A selfie and photos of the document",
        takes="Under two minutes; longer when a person reviews it",
        approved="The document is genuine and shows the same face.",
        rejected="The document or the face on it could not be confirmed.",
        web_name="doc_verification",
        v3=V3Facts(
            "document_verification",
            "doc_verification",
            "Adds “attention”, as for an expired document; what was read from the document comes only by callback.",
        ),
        effort=Effort((FACE, DOCUMENT), minutes=2, megabytes=6),
        images=("selfie", "id_front"),
        optional_images=("id_back", "liveness"),
        id_type_list="documents",
        may_omit_id_type=True,
    ),
    Product.ENHANCED_DOCUMENT_VERIFICATION: ProductFacts(
        name="Enhanced Document Verification",
        job_type=JobType.ENHANCED_DOCUMENT_VERIFICATION,
        proves="The document is genuine, shows the same face, and the authority confirms what is on it.",
        needs="A selfie and photos of the document",
        takes="Under two minutes; longer when a person reviews it",
        approved="The document is genuine, shows the same face, and the authority knows it.",
        rejected="The document, the face on it or its number could not be confirmed.",
        web_name="enhanced_document_verification",
        v3=V3Facts(
            "enhanced_document_verification",
            "enhanced_document_verification",
            "Adds “attention”, as for an expired document; what the authority returned comes only by callback.",
        ),
        effort=Effort((FACE, DOCUMENT), minutes=2, megabytes=6),
        images=("selfie", "id_front"),
        optional_images=("id_back", "liveness"),
        id_type_list="enhanced_document_verification",
    ),
    Product.ENHANCED_KYC: ProductFacts(
        name="Enhanced KYC",
        job_type=JobType.ENHANCED_KYC,
        proves="The ID number exists, and this is the person that the authority has on record under it.",
        needs="An ID number",
        takes="A few seconds",
        approved="The authority has a person on record under this number.",
        rejected="The authority has nobody on record under this number.",
        web_name="enhanced_kyc",
        v3=V3Facts(
            "enhanced_kyc",
            "enhanced_kyc",
            "Adds signals of fraud, and is still answered at once; takes no date of birth and no consent session.",
        ),
        effort=Effort((NUMBER,), minutes=1, megabytes=1),
        asks_id_number=True,
        id_type_list="enhanced_kyc",
        is_answered_at_once=True,
    ),
    Product.BASIC_KYC: ProductFacts(
        name="Basic KYC",
        job_type=JobType.ENHANCED_KYC,
        proves="The customer's details match the authority's records, field by field.",
        needs="An ID number and the customer's details",
        takes="A few seconds",
        approved="The customer's details match the authority's records.",
        rejected="The customer's details do not match the authority's records.",
        web_name="basic_kyc",
        effort=Effort((NUMBER,), minutes=1, megabytes=1),
        asks_id_number=True,
        id_type_list="basic_kyc",
        compares=("first_name", "last_name", "dob", "gender", "phone_number"),
        is_answered_at_once=True,
    ),
    Product.SMARTSELFIE_REGISTRATION: ProductFacts(
        name="SmartSelfie registration",
        job_type=JobType.SMARTSELFIE_REGISTRATION,
        proves="A live person is enrolled under a user id, to be recognised later.",
        needs="A selfie",
        takes="Under a minute",
        approved="A live person is now enrolled under this user id.",
        rejected="No live person could be enrolled from these images.",
        web_name="smartselfie",
        v3=V3Facts(
            "smart_selfie_registration",
            "smartselfie",
            "Adds “attention” and signals of fraud; why somebody was rejected comes only by callback.",
        ),
        effort=Effort((FACE,), minutes=1, megabytes=5),
        images=("selfie",),
        optional_images=("liveness",),
        enrols=True,
    ),
    Product.SMARTSELFIE_AUTHENTICATION: ProductFacts(
        name="SmartSelfie authentication",
        job_type=JobType.SMARTSELFIE_AUTHENTICATION,
        proves="This is the same person who was enrolled under the user id.",
        needs="A selfie of an enrolled customer",
        takes="Under a minute",
        approved="This is the person who was enrolled under this user id.",
        rejected="This is not the person who was enrolled under this user id.",
        web_name="authentication",
        v3=V3Facts(
            "smart_selfie_authentication",
            "authentication",
            "Adds “attention” and signals of fraud; why somebody was rejected comes only by callback.",
        ),
        effort=Effort((FACE,), minutes=1, megabytes=5),
        images=("selfie",),
        optional_images=("liveness",),
        needs_enrolled_user=True,
    ),
    Product.BUSINESS_VERIFICATION: ProductFacts(
        name="Business Verification",
        job_type=JobType.BUSINESS_VERIFICATION,
        proves="The company is registered, and these are its officers and owners.",
        needs="A registration or tax number",
        takes="A few seconds",
        approved="The company is registered.",
        rejected="The registry has no company under this number.",
        asks_id_number=True,
        id_type_list="business_verification",
        is_answered_at_once=True,
    ),
}
ENROLLING = {product: facts for product, facts in FACTS.items() if facts.enrols}
#: Products with a page for customers, by their names in tokens and in Smile's script.
WEB_PRODUCTS = {product: facts.web_name for product, facts in FACTS.items() if facts.web_name}
PRODUCTS_BY_WEB_NAME = {name: product for product, name in WEB_PRODUCTS.items()}


def product_of_job_type(job_type: int | None) -> Product | None:
    """The product with this job type; None where several share it, as the two that only look up a number do."""
    found = [product for product, facts in FACTS.items() if facts.job_type == job_type]
    return found[0] if len(found) == 1 else None


def problem_with_user_id(product: Product | None, user_id: str) -> str:
    """What is wrong when the product needs a user id and none is given; empty otherwise."""
    if product and FACTS[product].needs_enrolled_user and not user_id:
        return f"{FACTS[product].name} needs the user id under which the customer was registered."
    return ""


def product_of_v3(name: str) -> Product | None:
    """The product that v3 calls so in its webhooks."""
    return next((product for product, facts in FACTS.items() if facts.v3 and facts.v3.token_name == name), None)
