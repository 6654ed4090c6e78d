"""Published facts of Smile's v3 API: names, numbers and texts. It holds no behaviour."""

import re
from enum import StrEnum

#: A request that is larger is refused with 413.
MOST_REQUEST_BYTES = 4_500_000
#: Not published: Smile only says that a file may be too large.
MOST_FILE_BYTES = 4_000_000
FEWEST_LIVENESS_IMAGES, MOST_LIVENESS_IMAGES = 6, 8
MOST_ALIASES, LONGEST_ALIAS = 20, 256
LONGEST_NOTES = 500
LONGEST_ADDRESS = 512
LONGEST_METADATA_NAME, LONGEST_METADATA_VALUE = 100, 1000

#: How an ID of a job looks; the server makes it.
JOB_ID = re.compile(r"job_[0-9a-hjkmnp-tv-z]{26}")
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")

#: The products that a token can be made for.
TOKEN_PRODUCTS = (
    *("aml", "basic_kyc", "one_time_aml", "biometric_kyc", "address_verification", "document_verification"),
    *("enhanced_document_verification", "enhanced_kyc", "phone_number_verification", "smart_selfie_authentication"),
    *("smart_selfie_registration", "smart_selfie_compare"),
)
#: The fields that a token can hold instead of the requests that are made with it.
PAYLOAD_FIELDS = (
    *("country", "id_type", "id_number", "given_names", "last_name", "email", "phone_number", "callback_url"),
    "consent",
)
COMPARISON_IMAGE_TYPES = ("DOCUMENT", "ID_PHOTO", "PORTRAIT")
FRAUD_REASONS = (
    *("FIRST_PARTY_FRAUD", "SECOND_PARTY_FRAUD", "THIRD_PARTY_FRAUD", "SYNTHETIC_IDENTITY", "ACCOUNT_TAKEOVER"),
    *("DOCUMENT_FORGERY", "IDENTITY_FARMING", "MULE_ACCOUNT", "OTHER"),
)
#: The documented reasons of a decision; a result that is clear has none.
REASONS = (
    *("high_risk", "medium_risk", "identifier_not_found", "age_requirement_not_met", "face_verification_failed"),
    *("spoof_detected", "account_locked", "account_locked_fraud", "document_check_failed", "unsupported_document"),
    *("document_expired", "document_copy_detected", "document_unclassifiable", "invalid_id_number"),
    *("service_unavailable", "internal_error", "image_unavailable_or_invalid", "content_policy_violated"),
    *("aml_match_found", "news_media_match", "address_out_of_range", "name_mismatch", "no_address_on_record"),
    "information_outdated",
)
NEWS_CATEGORIES = (
    *("arms_trafficking", "credit_update", "environmental_crime", "financial_crime", "human_rights_violation"),
    *("leadership_change", "legal_risk", "location_change", "narcotics", "other", "other_crime", "ownership_change"),
    *("product_change", "regulatory", "sexual_crime", "technology_event", "terrorism", "violent_crime"),
)
ADDRESS_COUNTRIES = ("NG", "ZA")
UTILITY_TYPES = ("PrePaid", "PostPaid")
CONTINENTS = ("AFRICA", "ASIA", "EUROPE", "NORTH AMERICA", "OCEANIA", "SOUTH AMERICA")
LOCALES = ("en-GB", "fr-FR", "ar-EG")


class Decision(StrEnum):
    """What a finished job says: passed, failed, passed but look at it, or failed itself.

    https://github.com/smileidentity/api-reference
    """

    CLEAR = "clear"
    BLOCK = "block"
    ATTENTION = "attention"
    ERROR = "error"
