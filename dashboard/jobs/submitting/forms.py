"""The form of a new job: which fields a choice needs, and parsing them into a JobRequest."""

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from dashboard.db import utc_now
from dashboard.jobs.products import FACTS, Product, problem_with_user_id
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.submitting.choosing import Choosing
from dashboard.jobs.submitting.fields import FieldFacts, field_facts, may_be_asked, problem_with_id, problem_with_value
from dashboard.jobs.submitting.images import clean_image
from dashboard.jobs.submitting.media import GivenImage
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.smile.constants import TEST_DIGITS, ImageType
from dashboard.smile.image_redrawer import UnusableImage

MAX_LIVENESS_IMAGES = 8
IMAGE_TYPES = {
    "selfie": ImageType.SELFIE_FILE,
    "id_front": ImageType.ID_FRONT_FILE,
    "id_back": ImageType.ID_BACK_FILE,
    "liveness": ImageType.LIVENESS_FILE,
}
SANDBOX_RESULTS = {"0": "Approved", "1": "Rejected", "2": "Provisional, then final"}


IMAGE_LABELS = {
    "selfie": ("Selfie", "The customer's face, from the front, in even light."),
    "id_front": ("Front of the document", "All four corners visible, no glare."),
    "id_back": ("Back of the document", "If the document has one."),
    "liveness": ("Liveness frames", "Up to eight frames taken just before the selfie."),
}


@dataclass(kw_only=True)
class JobForm(Choosing):
    """One state of the form: what was chosen and typed, and its errors."""

    is_sandbox: bool

    @property
    def may_leave_id_type_open(self) -> bool:
        return self.facts is not None and self.facts.may_omit_id_type

    @property
    def is_ready_for_details(self) -> bool:
        """Whether enough is chosen to know which fields are needed."""
        if self.product is None:
            return False
        has_type = self.id_choice is not None or (self.may_leave_id_type_open and not self.value("id_type"))
        return not self.countries or (bool(self.country) and has_type)

    @property
    def next_field(self) -> str:
        if self.product is None:
            return ""
        if not self.is_ready_for_details:
            return "id_type" if self.country else "country"
        named = (*self.required_fields, *(["user_id"] if FACTS[self.product].needs_enrolled_user else ()))
        return next((name for name in named if not self.value(name)), "customer_reference")

    @property
    def required_fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.id_choice.required if may_be_asked(name)) if self.id_choice else ()

    @property
    def unaskable_fields(self) -> tuple[str, ...]:
        """Fields that Smile needs and this form cannot send: a job without them would be charged and refused."""
        return tuple(name for name in self.id_choice.required if not may_be_asked(name)) if self.id_choice else ()

    @property
    def optional_fields(self) -> tuple[str, ...]:
        return self.id_choice.optional if self.id_choice else ()

    @property
    def image_fields(self) -> tuple[tuple[str, bool], ...]:
        """The image fields, each with whether it is required."""
        if self.facts is None:
            return ()
        has_no_back = self.id_choice is not None and self.id_choice.id_type and not self.id_choice.has_back
        hidden = {"id_back"} if has_no_back and self.facts.id_type_list == "documents" else set()
        optional = tuple((name, False) for name in self.facts.optional_images if name not in hidden)
        return tuple((name, True) for name in self.facts.images) + optional

    def choices_of(self, name: str) -> tuple[tuple[str, str], ...]:
        return self.catalogue.bank_codes if name == "bank_code" else field_facts(name).choices

    def field(self, name: str) -> FieldFacts:
        return field_facts(name)

    @property
    def test_numbers(self) -> list[tuple[str, str]]:
        """Each documented test number with the result it leads to; none outside the sandbox."""
        choice = self.id_choice
        if not self.is_sandbox or choice is None or not choice.test_number or "id_number" not in choice.required:
            return []
        # Only the last digit differs, where the number ends in one; "your own data" needs more than a number.
        return [(choice.test_number[:-1] + digit, words) for digit, words in TEST_DIGITS.items() if digit != "4"]

    def check_id_number(self) -> None:
        number, choice = self.value("id_number"), self.id_choice
        if not number or choice is None or choice.matches(number):
            return
        if choice.is_live:
            self.errors["id_number"] = choice.problem_with(number)
        else:
            self.warnings["id_number"] = (
                f"{choice.problem_with(number)} This is based on our own table: Smile's current list is unavailable."
            )


def check_job_form(
    form: MultiDict[str, str], files: MultiDict[str, FileStorage], catalogue: Catalogue, is_sandbox: bool
) -> tuple[JobForm, JobRequest | None]:
    """Parses a sent form: returns it with its errors, and the request when there are none."""
    state = JobForm(form.to_dict(), catalogue=catalogue, is_sandbox=is_sandbox)
    if state.product is None:
        state.errors["product"] = "Choose what to verify."
        return state, None
    _check_choice(state)
    _check_fields(state)
    _check_ids(state)
    images = _check_images(state, files)
    if state.warnings and not state.value("send_anyway"):
        state.errors.setdefault("id_number", f"{state.warnings['id_number']} Tick the box to send it anyway.")
    return state, None if state.errors else _to_request(state, state.product, images)


def _check_choice(state: JobForm) -> None:
    if state.countries and not state.country:
        state.errors["country"] = "Choose the country that issued the ID."
    elif state.countries and not state.is_ready_for_details:
        state.errors["id_type"] = "Choose the ID type."
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
            state.errors[name] = f"{field_facts(name).label} is needed for this ID type."
        elif value and (problem := problem_with_value(name, value, state.choices_of(name))):
            state.errors[name] = problem
    if state.product and FACTS[state.product].asks_id_number:
        state.check_id_number()
    if state.id_choice and state.id_choice.needs_consent and not state.value("consent"):
        state.errors["consent"] = "The authority answers only if the customer has agreed."


def _check_ids(state: JobForm) -> None:
    for name in ("user_id", "job_id", "customer_reference"):
        value = state.value(name)
        if value and (problem := problem_with_id(value)):
            state.errors[name] = problem
    if problem := problem_with_user_id(state.product, state.value("user_id")):
        state.errors["user_id"] = problem
    result = state.value("sandbox_result")
    if result and (not state.is_sandbox or result not in SANDBOX_RESULTS):
        state.errors["sandbox_result"] = "Choose a result from the list; this works only in the sandbox."


def _check_images(state: JobForm, files: MultiDict[str, FileStorage]) -> tuple[GivenImage, ...]:
    images: list[GivenImage] = []
    for name, is_required in state.image_fields:
        given = [file for file in files.getlist(name) if file.filename]
        if is_required and not given:
            state.errors[name] = f"{IMAGE_LABELS[name][0]}: choose an image."
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
    if "dob" in person and state.id_choice and state.id_choice.id_type == "DRIVERS_LICENSE":
        year, month, day = person["dob"].split("-")
        person |= {"day": day, "month": month, "year": year}  # This authority also takes the date in parts.
    if state.id_choice and state.id_choice.needs_consent:
        person["consent_information"] = {
            "consented": {
                "consent_granted_date": utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "personal_details": True,
                "contact_information": True,
                "document_information": True,
            }
        }
    result = state.value("sandbox_result")
    return JobRequest(
        product=product,
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
