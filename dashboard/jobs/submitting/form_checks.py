"""Checks a sent form of a new job: what is wrong goes beside its field, else it becomes a JobRequest."""

from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from dashboard.db import utc_now
from dashboard.jobs.products import FACTS, Product, ProductFacts, problem_with_user_id
from dashboard.jobs.submitting import v3_fields
from dashboard.jobs.submitting.fields import problem_with_id, problem_with_value
from dashboard.jobs.submitting.forms import SANDBOX_RESULTS, JobForm
from dashboard.jobs.submitting.images import clean_image
from dashboard.jobs.submitting.media import GivenImage
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.languages import LANGUAGE_NAMES
from dashboard.smile.constants import ImageType, SmileApi
from dashboard.smile.image_redrawer import UnusableImage

MAX_LIVENESS_IMAGES = 8
IMAGE_TYPES = {
    "selfie": ImageType.SELFIE_FILE,
    "id_front": ImageType.ID_FRONT_FILE,
    "id_back": ImageType.ID_BACK_FILE,
    "liveness": ImageType.LIVENESS_FILE,
}


def check_job_form(state: JobForm, files: MultiDict[str, FileStorage]) -> JobRequest | None:
    """Checks a sent form: puts what is wrong into its errors, and returns the request when there are none."""
    if state.product is None:
        state.errors["product"] = "Choose what to verify."
        return None
    _check_choice(state, FACTS[state.product])
    _check_fields(state)
    _check_consent(state)
    _check_ids(state)
    images = _check_images(state, files)
    if state.warnings and not state.value("send_anyway"):
        state.errors.setdefault("id_number", f"{state.warnings['id_number']} Tick the box to send it anyway.")
    return None if state.errors else _to_request(state, state.product, images)


def _check_choice(state: JobForm, facts: ProductFacts) -> None:
    if state.countries and not state.country:
        state.errors["country"] = "Choose the country that issued the ID."
    elif state.countries and not state.is_ready_for_details:
        state.errors["id_type"] = "Choose the ID type."
    elif state.is_v3 and state.value("drawn_for") == SmileApi.V1:
        state.errors["product"] = f"{facts.name} was switched to Smile's v3 API, which asks for more."
    elif state.unaskable_fields:
        names = ", ".join(f"“{name[:64]}”" for name in state.unaskable_fields)
        state.errors["id_type"] = (
            f"Smile needs {names} for this ID type, which this form cannot send. Nothing was sent."
        )


def _check_fields(state: JobForm) -> None:
    asked = state.required_fields + state.optional_fields
    for name in asked:
        value = state.value(name)
        if not value and name in state.required_fields:
            state.errors[name] = _missing(state, name)
        elif value and (problem := _problem_with(state, name, value)):
            state.errors[name] = problem
    if state.is_v3 and not any(map(state.value, v3_fields.CONTACTS)):
        state.errors["email"] = v3_fields.NO_CONTACT
    if state.product and FACTS[state.product].asks_id_number:
        state.check_id_number()


def _missing(state: JobForm, name: str) -> str:
    label = state.field(name).label
    if name in v3_fields.NAMES and state.is_v3:
        return f"Smile's v3 API asks for the {label.lower()}."
    return f"{label} is needed for this ID type."


def _problem_with(state: JobForm, name: str, value: str) -> str:
    problem = problem_with_value(name, value, state.choices_of(name))
    if problem or not state.is_v3:
        return problem
    return v3_fields.problem_with_contact(name, value, state.country)


def _check_consent(state: JobForm) -> None:
    if state.is_v3 and not state.policy_address:
        state.errors["consent"] = v3_fields.NO_POLICY
    elif state.needs_consent and not state.has_consented:
        state.errors["consent"] = (
            v3_fields.NO_CONSENT if state.is_v3 else "The authority answers only if the customer has agreed."
        )
    if state.is_v3 and state.value("notice_language") not in ("", *LANGUAGE_NAMES):
        state.errors["notice_language"] = "Choose a language from the list."


def _check_ids(state: JobForm) -> None:
    for name in ("user_id", "job_id", "customer_reference"):
        value = state.value(name)
        if value and (problem := problem_with_id(value)):
            state.errors[name] = problem
    if problem := problem_with_user_id(state.product, state.value("user_id")):
        state.errors["user_id"] = problem
    result = state.value("sandbox_result")
    if result and not state.is_v3 and (not state.is_sandbox or result not in SANDBOX_RESULTS):
        state.errors["sandbox_result"] = "Choose a result from the list; this works only in the sandbox."


def _check_images(state: JobForm, files: MultiDict[str, FileStorage]) -> tuple[GivenImage, ...]:
    images: list[GivenImage] = []
    for name, is_required in state.image_fields:
        given = [file for file in files.getlist(name) if file.filename]
        if is_required and not given:
            state.errors[name] = f"{state.image_words(name)[0]}: choose an image."
        if state.is_v3 and name == "liveness" and (problem := v3_fields.problem_with_liveness(len(given))):
            state.errors[name] = problem
            continue
        if len(given) > (MAX_LIVENESS_IMAGES if name == "liveness" else 1):
            state.errors[name] = "Too many images for this field."
            continue
        for file in given:
            try:
                images.append(GivenImage(IMAGE_TYPES[name], clean_image(file.stream.read())))
            except UnusableImage as problem:
                state.errors[name] = str(problem)
    return tuple(images)


def _to_request(state: JobForm, product: Product, images: tuple[GivenImage, ...]) -> JobRequest:
    asked = state.required_fields + state.optional_fields
    person: dict[str, Any] = {name: state.value(name) for name in asked if name != "id_number" and state.value(name)}
    if state.is_v3:
        person["consent"] = v3_fields.consent_record(state.value("notice_language"), state.policy_address, utc_now())
    if "dob" in person and state.id_choice and state.id_choice.id_type == "DRIVERS_LICENSE":
        year, month, day = person["dob"].split("-")
        person |= {"day": day, "month": month, "year": year}  # This authority also takes the date in parts.
    if not state.is_v3 and state.needs_consent:
        person["consent_information"] = {
            "consented": {
                "consent_granted_date": utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "personal_details": True,
                "contact_information": True,
                "document_information": True,
            }
        }
    result = "" if state.is_v3 else state.value("sandbox_result")
    return JobRequest(
        product=product,
        api=state.api,
        user_id=state.value("user_id"),
        job_id=state.value("job_id"),
        customer_reference=state.value("customer_reference"),
        country=state.country,
        id_type=state.id_choice.id_type if state.id_choice else "",
        id_number=state.value("id_number") if "id_number" in asked else "",
        person=person,
        partner_params={"sandbox_result": result} if result else {},
        images=images,
        form_key=state.form_key,
        again_of=state.again,
    )
