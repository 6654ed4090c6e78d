"""The form of a new job: which fields and images a choice needs. form_checks.py checks what was sent."""

from dataclasses import dataclass
from functools import cached_property

from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.catalogue import IdChoice
from dashboard.jobs.submitting import v3_fields
from dashboard.jobs.submitting.choosing import Choosing
from dashboard.jobs.submitting.fields import (
    FIELDS,
    FieldFacts,
    field_facts,
    may_be_asked,
)
from dashboard.smile.constants import TEST_DIGITS

#: Kept when another choice does not ask for them, so that nothing that was typed is lost.
KEPT = ("country", *FIELDS, "user_id", "job_id", "customer_reference", "sandbox_result", "notice_language")
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
    policy_address: str = ""  # of the company's privacy policy, which the consent of v3 names

    def value(self, name: str) -> str:
        value = super().value(name)
        return v3_fields.phone_of_v3(value, self.country) if name == "phone_number" and self.is_v3 else value

    @cached_property
    def id_choices(self) -> list[IdChoice]:
        return [choice for choice in super().id_choices if not self.is_v3 or v3_fields.is_offered(choice)]

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
        if self.is_v3 and self.facts:
            return v3_fields.required_fields(self.facts, self.id_choice)
        return tuple(name for name in self.id_choice.required if may_be_asked(name)) if self.id_choice else ()

    @property
    def unaskable_fields(self) -> tuple[str, ...]:
        """Fields that Smile needs and this form cannot send: a job without them would be charged and refused."""
        if self.is_v3 or not self.id_choice:
            return ()
        return tuple(name for name in self.id_choice.required if not may_be_asked(name))

    @property
    def optional_fields(self) -> tuple[str, ...]:
        if self.is_v3:
            return v3_fields.CONTACTS
        return self.id_choice.optional if self.id_choice else ()

    @property
    def needs_consent(self) -> bool:
        return self.is_v3 or (self.id_choice is not None and self.id_choice.needs_consent)

    @property
    def has_consented(self) -> bool:
        """Whether the box is ticked, and below the sentence that is shown now: v1 and v3 ask for different things."""
        return bool(self.value("consent")) and self.value("drawn_for") in ("", self.api)

    @property
    def kept(self) -> dict[str, str]:
        """What was typed and this choice does not ask for."""
        shown: set[str] = set()
        if self.is_ready_for_details:
            shown = {*self.required_fields, *self.optional_fields, "user_id", "job_id", "customer_reference"}
            shown.add("notice_language" if self.is_v3 else "sandbox_result")
        shown |= {"country"} if self.countries else set()
        return {name: value for name in KEPT if name not in shown and (value := self.value(name))}

    @property
    def image_fields(self) -> tuple[tuple[str, bool], ...]:
        """The image fields, each with whether it is required."""
        if self.facts is None:
            return ()
        has_no_back = self.id_choice is not None and self.id_choice.id_type and not self.id_choice.has_back
        hidden = {"id_back"} if has_no_back and self.facts.id_type_list == "documents" else set()
        if self.is_v3:
            return v3_fields.image_fields(self.facts, frozenset(hidden))
        optional = tuple((name, False) for name in self.facts.optional_images if name not in hidden)
        return tuple((name, True) for name in self.facts.images) + optional

    def choices_of(self, name: str) -> tuple[tuple[str, str], ...]:
        return self.catalogue.bank_codes if name == "bank_code" else field_facts(name).choices

    def field(self, name: str) -> FieldFacts:
        return (v3_fields.field_of(name, self.country) if self.is_v3 else None) or field_facts(name)

    def image_words(self, name: str) -> tuple[str, str]:
        """The label of an image field, and its help."""
        return v3_fields.LIVENESS if self.is_v3 and name == "liveness" else IMAGE_LABELS[name]

    @property
    def test_numbers(self) -> list[tuple[str, str]]:
        """Each documented test number with the result it leads to; none outside the sandbox."""
        choice = self.id_choice
        if self.is_v3 or not self.is_sandbox or choice is None:
            return []
        if not choice.test_number or "id_number" not in choice.required:
            return []
        # Only the last digit differs, where the number ends in one; "your own data" needs more than a number.
        return [(choice.test_number[:-1] + digit, words) for digit, words in TEST_DIGITS.items() if digit != "4"]

    @property
    def test_people(self) -> list[tuple[str, str, str]]:
        """E-mail address and name of each test person, and what Smile decides; none outside the sandbox of v3."""
        if not (self.is_v3 and self.is_sandbox and self.facts):
            return []
        found = v3_fields.people_for(self.facts)
        return [
            (email, f"{each.given_names} {each.last_name}", v3_fields.what_happens(each))
            for email, each in found.items()
        ]

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


def with_test_person(form: JobForm, email: str) -> dict[str, str]:
    """What this test person fills in, with a test number where none was typed; empty for anybody else."""
    person = v3_fields.people_for(form.facts).get(email) if form.facts else None
    if person is None:
        return {}
    number = form.value("id_number") or (form.id_choice.test_number if form.id_choice else "")
    filled = {"first_name": person.given_names, "last_name": person.last_name, "email": person.email}
    return filled | {"id_number": number}
