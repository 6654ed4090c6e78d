"""The request that submits a job to Smile's v3 API, made from what is stored about it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.db import keyring_of
from dashboard.jobs.models import Image, Job
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.jobs.submitting.media import SealedImage
from dashboard.jobs.submitting.submission import id_number_of, person_of
from dashboard.smile import v3
from dashboard.smile.constants import ImageType

REQUESTS: Mapping[Product, type[v3.Submission]] = {
    Product.BIOMETRIC_KYC: v3.BiometricKyc,
    Product.DOCUMENT_VERIFICATION: v3.DocumentVerification,
    Product.ENHANCED_DOCUMENT_VERIFICATION: v3.EnhancedDocumentVerification,
    Product.ENHANCED_KYC: v3.EnhancedKyc,
    Product.SMARTSELFIE_REGISTRATION: v3.Registration,
    Product.SMARTSELFIE_AUTHENTICATION: v3.Authentication,
}
#: Our own id of the job, so that people find it in Smile's portal. Smile removes `job_id` itself from callbacks.
REFERENCE = "desk_job_id"
SANDBOX_RESULT = "sandbox_result"
PERSON = {"given_names": "first_name", "last_name": "last_name", "email": "email", "phone_number": "phone_number"}


def v3_request(session: Session, job: Job, settings: Settings) -> v3.Submission:
    """The request. What is missing is left out, and named by the client when it checks the request.

    Raises UnreadableValue where stored data cannot be opened.
    """
    person, images = person_of(session, job), _images(session, job, settings)
    details = {name: person[stored] for name, stored in PERSON.items() if person.get(stored)}
    values: dict[str, Any] = {
        "consent": person.get("consent"),
        "user_details": details or None,
        "user_id": job.user_id,
        "callback_url": callback_address(settings, job.id),
        "partner_params": params_of(job, settings),
        "country": job.country,
        "id_type": job.id_type,
        "id_number": id_number_of(session, job) or None,
        "bank_code": person.get("bank_code"),
        "operator": person.get("operator"),
        "selfie_image": _one(images.get(ImageType.SELFIE_FILE)),
        "liveness_images": images.get(ImageType.LIVENESS_FILE),
        "document": _one(images.get(ImageType.ID_FRONT_FILE)),
        "document_back": _one(images.get(ImageType.ID_BACK_FILE)),
        SANDBOX_RESULT: _number(job.partner_params.get(SANDBOX_RESULT)),
    }
    kind = REQUESTS[job.product]
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})


def params_of(job: Job, settings: Settings) -> dict[str, str]:
    """What comes back with the result: texts only, with the marker that ties a callback to this job."""
    own = {REFERENCE: job.job_id, MARKER: marker_of(settings.secret_key.get_secret_value(), job.id)}
    given = {name: str(value) for name, value in job.partner_params.items() if name != SANDBOX_RESULT}
    return given | own


def _images(session: Session, job: Job, settings: Settings) -> dict[int, list[SealedImage]]:
    keyring = keyring_of(session)
    found: dict[int, list[SealedImage]] = {}
    for image in session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all():
        found.setdefault(image.image_type, []).append(SealedImage(keyring, settings.media_dir, image))
    return found


def _one(images: Sequence[SealedImage] | None) -> SealedImage | None:
    return images[0] if images else None


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 5 else None
