"""What the form asks for where a product uses Smile's v3 API: the person, the contact, consent and liveness images.

The names are those of v1 where both ask for the same, so that what was typed stays when the product changes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.jobs.products import ProductFacts
from dashboard.jobs.smile_api.catalogue import IdChoice, country_name
from dashboard.jobs.submitting.fields import FieldFacts
from dashboard.jobs.submitting.phones import international_number, local_example
from dashboard.languages import DEFAULT
from dashboard.smile.v3.constants import FEWEST_LIVENESS_IMAGES, MOST_LIVENESS_IMAGES, PHONE_NUMBER
from dashboard.smile.v3.people import check_email
from dashboard.smile.v3.sandbox_people import SandboxPerson, sandbox_people
from dashboard.smile.validation import Wrong
from dashboard.web.pages.filters import words

NAMES, CONTACTS = ("first_name", "last_name"), ("email", "phone_number")
#: Of what an ID type needs besides its number, v3 takes only these.
OF_ID_TYPES = ("bank_code", "operator")
#: The customer consents in a session of its own, which v3 does not have.
CONSENT_SESSION = "session_id"

NO_CONTACT = "Smile needs an e-mail address or a phone number."
NO_POLICY = (
    "No address of a privacy policy is stored, and Smile's v3 API needs one. An owner enters it in the settings."
)
NO_CONSENT = "Smile's v3 API needs the customer's consent for every check."
LIVENESS = (
    "Liveness images",
    f"{FEWEST_LIVENESS_IMAGES} to {MOST_LIVENESS_IMAGES} frames taken just before the selfie, chosen together.",
)


def is_offered(choice: IdChoice) -> bool:
    """Whether v3 can look up this ID type."""
    return CONSENT_SESSION not in choice.required


def required_fields(facts: ProductFacts, choice: IdChoice | None) -> tuple[str, ...]:
    number = ("id_number",) if facts.asks_id_number else ()
    further = tuple(name for name in OF_ID_TYPES if choice and name in choice.required)
    return (*number, *further, *NAMES)


def image_fields(facts: ProductFacts, hidden: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    """The image fields, each with whether it is required: v3 takes no photo of a document for a number."""
    if not facts.images:
        return ()
    back = tuple((name, False) for name in facts.optional_images if name == "id_back" and name not in hidden)
    return (("selfie", True), ("liveness", True), *((name, True) for name in facts.images if name != "selfie"), *back)


def field_of(name: str, country: str) -> FieldFacts | None:
    """The field as v3 means it; None where it is the same as for v1."""
    example = local_example(country)
    return {
        "first_name": FieldFacts("Given names", "All of them, as on the ID."),
        "email": FieldFacts("E-mail address", "Smile needs this or the phone number.", kind="email"),
        "phone_number": FieldFacts(
            "Phone number",
            f"Such as {example}, or with + and the country's code."
            if example
            else "With + and the country's code, for example +2348012345678.",
            kind="tel",
        ),
    }.get(name)


def problem_with_contact(name: str, value: str, country: str) -> str:
    """What is wrong with an e-mail address or a phone number, in a sentence; empty when nothing is."""
    if name == "email":
        wrong: Wrong = {}
        check_email(value, name, wrong)
        return "Enter an e-mail address such as amina@example.com." if wrong else ""
    if name != "phone_number" or PHONE_NUMBER.fullmatch(value):
        return ""
    if not local_example(country):
        return "Enter + and the country's code first, for example +2348012345678."
    return f"This is no phone number of {country_name(country)}, and none that begins with + and a country's code."


def phone_of_v3(typed: str, country: str) -> str:
    """The number as v3 takes it; as it was typed where it cannot be read."""
    return international_number(typed, country) or typed


def problem_with_liveness(count: int) -> str:
    if FEWEST_LIVENESS_IMAGES <= count <= MOST_LIVENESS_IMAGES:
        return ""
    counted = f"; this has {count}" if count else ""
    return f"{LIVENESS[0]}: choose {FEWEST_LIVENESS_IMAGES} to {MOST_LIVENESS_IMAGES}{counted}."


def consent_record(language: str, policy_address: str, now: datetime) -> dict[str, Any]:
    """The consent that a member confirmed, as v3 takes it."""
    return {
        "granted": True,
        "granted_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "notice_language": (language or DEFAULT).upper(),
        "notice_privacy_policy_url": policy_address,
    }


def people_for(facts: ProductFacts) -> Mapping[str, SandboxPerson]:
    """The test people of the sandbox who mean something for this product, by e-mail address."""
    if not facts.v3:
        return {}
    name = facts.v3.token_name
    return {each.email: each for each in sandbox_people() if each.email and each.concerns(name)}


def what_happens(person: SandboxPerson) -> str:
    """What Smile decides about a test person, in a few words."""
    decision = {"clear": "approved", "block": "rejected"}.get(person.decision, person.decision)
    return f"{decision}: {words(person.reason)}" if person.reason else decision
