"""The submissions of v3 whose result comes later: what each product needs besides the common fields."""

from flask import Blueprint, Response

from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks, processing
from dashboard.sandbox.v3.images import checked_images
from dashboard.sandbox.v3.refusals import Refused, answer_refusals, missing
from dashboard.sandbox.v3.submissions import NOT_ENROLLED, Rules, Submission, check_number, make_job
from dashboard.smile.v3.constants import COMPARISON_IMAGE_TYPES

products = Blueprint("v3_products", __name__)
answer_refusals(products)

_FACES = ("selfie_image", "liveness_images")


def _check_images(made: Submission, *names: str, optional: tuple[str, ...] = ()) -> None:
    made.images = checked_images(made.parts, names, optional)


def _biometric_kyc(made: Submission) -> None:
    check_number(made)
    _check_images(made, *_FACES)


def _document(made: Submission) -> None:
    if made.product == "document_verification":
        made.given["id_type"] = made.text("id_type")
    else:
        made.given["id_type"] = made.needed("id_type")
    made.given["country"] = checks.country({"country": made.needed("country")})
    needed = ["document"]
    if made.product == "residency_document_verification":
        if made.given["id_type"] != "PASSPORT":
            raise Refused(400, "Field 'id_type' must be PASSPORT for residency document verification.")
        needed.append("visa")
    _check_images(made, *_FACES, *needed, optional=("document_back",))


def _registration(made: Submission) -> None:
    allow = made.parts.flag("allow_new_enroll")
    user = current().store.users.get(made.user_id)
    if user is not None and user.enrolled and not allow:
        # How Smile refuses an enrolled user is not documented.
        raise missing("user_id")
    _check_images(made, *_FACES)


def _authentication(made: Submission) -> None:
    if not made.user_id:
        raise missing("user_id")
    if not made.parts.flag("use_enrolled_image"):
        _check_images(made, *_FACES)
    user = current().store.users.get(made.user_id)
    if user is None or not user.enrolled:
        raise Refused(404, NOT_ENROLLED)


def _compare(made: Submission) -> None:
    made.parts.flag("allow_new_enroll")
    kind = made.needed("comparison_image_type")
    problem = Refused(400, "Field 'comparison_image_type' must be either DOCUMENT, ID_PHOTO, or PORTRAIT.")
    # Who passes is enrolled under the partner's user id, if there is one.
    made.given["enrols"] = bool(made.user_id)
    made.given["comparison_image_type"] = checks.choice(kind, COMPARISON_IMAGE_TYPES, problem)
    _check_images(made, "selfie_image", "comparison_image", optional=("liveness_images",))


@products.post("/v3/enhanced_kyc")
def enhanced_kyc() -> Response:
    """POST /v3/enhanced_kyc: look a number up; the result follows by webhook.

    Takes the parts `country`, `id_type`, `id_number`, `user_details`, `consent`, and optionally `bank_code`,
    `operator`, `user_id`, `callback_url`, `partner_params` and `metadata`.
    Returns 202 with `status`, `message`, `job_id`, `user_id` and `created_at` (ISO 8601, UTC).
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("enhanced_kyc", check_number)


@products.post("/v3/biometric_kyc")
def biometric_kyc() -> Response:
    """POST /v3/biometric_kyc: look a number up and compare its photo; `selfie_image` and `liveness_images` are added.

    Takes the parts and returns the fields of `enhanced_kyc`, and `sandbox_result`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("biometric_kyc", _biometric_kyc)


@products.post("/v3/document_verification")
def document_verification() -> Response:
    """POST /v3/document_verification: check a document.

    Takes the parts `country`, `id_type` (may be left out), `selfie_image`, `liveness_images`, `document`,
    `document_back`, `user_details`, `consent` and those that all submissions have. Returns those of `enhanced_kyc`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("document_verification", _document)


@products.post("/v3/enhanced_document_verification")
def enhanced_document_verification() -> Response:
    """POST /v3/enhanced_document_verification: check a document and its number; needs `id_type`.

    Takes the parts and returns the fields of `document_verification`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("enhanced_document_verification", _document)


@products.post("/v3/residency_document_verification")
def residency_document_verification() -> Response:
    """POST /v3/residency_document_verification: check a passport and its `visa`.

    Takes the parts and returns the fields of `document_verification`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("residency_document_verification", _document)


@products.post("/v3/registration")
def registration() -> Response:
    """POST /v3/registration: enrol a person by `selfie_image` and `liveness_images`.

    Takes the parts that all submissions have, `allow_new_enroll` and `sandbox_result`. Returns those of `enhanced_kyc`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("smart_selfie_registration", _registration)


@products.post("/v3/authentication")
def authentication() -> Response:
    """POST /v3/authentication: compare a selfie with the enrolled one of `user_id`; or `use_enrolled_image`.

    Takes the parts and returns the fields of `registration`.
    Raises Refused (400, 401, 402, 403, 404, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("smart_selfie_authentication", _authentication)


@products.post("/v3/compare")
def compare() -> Response:
    """POST /v3/compare: compare `selfie_image` with `comparison_image` of a `comparison_image_type`.

    Takes the parts and returns the fields of `registration`.
    Raises Refused (400, 401, 402, 403, 413, 415, 429).

    https://github.com/smileidentity/api-reference
    """
    return _submit("smart_selfie_compare", _compare)


def _submit(product: str, rules: Rules) -> Response:
    job = make_job(product, rules)
    processing.work_later(job)
    return processing.accepted(job)
