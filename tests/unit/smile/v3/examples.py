"""Valid requests of every kind; a test changes only what it is about."""

import io
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from dashboard.smile.v3 import (
    AddressVerification,
    AmlMonitoring,
    Authentication,
    BiometricKyc,
    Compare,
    Consent,
    DocumentVerification,
    EnhancedDocumentVerification,
    EnhancedKyc,
    OneTimeAml,
    Registration,
    ResidencyDocumentVerification,
    Submission,
    UserDetails,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
CALLBACK = "https://partner.example/hooks/smile"
JOB_ID = "job_01j9q2v5m8f3k7r1t4w6x0y2za"
LIVENESS = [JPEG] * 6
CONSENT = Consent(
    granted_at=datetime(2026, 10, 1, 9, 30, tzinfo=UTC),
    notice_language="EN",
    notice_privacy_policy_url="https://partner.example/privacy",
)
DETAILS = UserDetails(given_names="Amina Fatou", last_name="Clearwater", email="amina.clearwater@example.com")
PERSON: dict[str, Any] = {"consent": CONSENT, "user_details": DETAILS}
NUMBER = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}
FACES: dict[str, Any] = {"selfie_image": JPEG, "liveness_images": LIVENESS}

REQUESTS: dict[str, Submission] = {
    "enhanced_kyc": EnhancedKyc(**PERSON, **NUMBER),
    "biometric_kyc": BiometricKyc(**PERSON, **NUMBER, **FACES),
    "document_verification": DocumentVerification(**PERSON, **FACES, country="NG", document=JPEG),
    "enhanced_document_verification": EnhancedDocumentVerification(
        **PERSON, **FACES, country="NG", id_type="PASSPORT", document=JPEG
    ),
    "residency_document_verification": ResidencyDocumentVerification(
        **PERSON, **FACES, country="NG", document=JPEG, visa=PNG
    ),
    "registration": Registration(**PERSON, **FACES),
    "authentication": Authentication(**PERSON, **FACES, user_id="user-1"),
    "compare": Compare(**PERSON, selfie_image=JPEG, comparison_image=JPEG, comparison_image_type="ID_PHOTO"),
    "address": AddressVerification(**PERSON, address="1 Broad Street, Lagos", country="ZA", id_number="0000000000000"),
    "aml": OneTimeAml(**PERSON, countries=["NG"], full_name="Amina Fatou Clearwater"),
    "aml/monitoring": AmlMonitoring(**PERSON, countries=["NG"], full_name="Amina Fatou Clearwater"),
}


def photo(width: int, height: int) -> bytes:
    """A JPEG that hardly shrinks."""
    packed = io.BytesIO()
    Image.effect_noise((width, height), 120).convert("RGB").save(packed, "JPEG", quality=95)
    return packed.getvalue()
