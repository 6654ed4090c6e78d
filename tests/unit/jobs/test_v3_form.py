"""The form where a product uses v3: what it asks for, each mistake beside its field, and what is kept of it."""

from typing import Any

import pytest

from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.submitting.form_checks import check_job_form
from dashboard.jobs.submitting.forms import JobForm, with_test_person
from dashboard.jobs.submitting.phones import international_number, phone_digits
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.smile.constants import ImageType, SmileApi
from dashboard.smile.v3.people import checked_consent, checked_user_details
from dashboard.smile.v3.sandbox_people import sandbox_people
from dashboard.smile.validation import Wrong
from tests.factories.images import make_jpeg
from tests.unit.jobs.test_catalogue import live
from tests.unit.jobs.test_forms import sent_files
from tests.unit.jobs.test_pictures import JPEG

POLICY = "https://kora.example/privacy"
V3 = {product: SmileApi.V3 for product, facts in FACTS.items() if facts.v3}
PERSON = {"first_name": "Amina Fatou", "last_name": "Bello", "email": "amina@example.com", "consent": "yes"}
BVN = {"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "id_number": "00000000000"} | PERSON
BIOMETRIC = BVN | {"product": "biometric_kyc"}
DOCUMENT = {"product": "document_verification", "country": "NG", "id_type": "PASSPORT"} | PERSON
REGISTRATION = {"product": "smartselfie_registration"} | PERSON
AUTHENTICATION = {"product": "smartselfie_authentication", "user_id": "cust-1"} | PERSON
FACES: dict[str, Any] = {"selfie": JPEG, "liveness": [make_jpeg(seed, 240, 320) for seed in range(6)]}
PAGES = FACES | {"id_front": JPEG}
#: A valid form of each product that v3 has, and its images.
VALID = {
    Product.ENHANCED_KYC: (BVN, {}),
    Product.BIOMETRIC_KYC: (BIOMETRIC, FACES),
    Product.DOCUMENT_VERIFICATION: (DOCUMENT, PAGES),
    Product.ENHANCED_DOCUMENT_VERIFICATION: (
        DOCUMENT | {"product": "enhanced_document_verification", "country": "GH"},
        PAGES,
    ),
    Product.SMARTSELFIE_REGISTRATION: (REGISTRATION, FACES),
    Product.SMARTSELFIE_AUTHENTICATION: (AUTHENTICATION, FACES),
}


def form_of(values: dict[str, str], *, policy: str = POLICY, sandbox: bool = True, **more: Any) -> JobForm:
    catalogue = more.pop("catalogue", Catalogue())
    apis = more.pop("apis", V3)
    return JobForm(values, catalogue=catalogue, apis=apis, is_sandbox=sandbox, policy_address=policy)


def check(values: dict[str, str], images: dict[str, Any] | None = None, **more: Any) -> tuple[JobForm, JobRequest]:
    form, files = form_of(values, **more), sent_files(images or {})
    wanted = check_job_form(form, files)
    return form, wanted  # type: ignore[return-value]


def test_every_product_of_v3_is_tried_here():
    assert set(VALID) == set(V3)


@pytest.mark.parametrize("product", V3)
def test_what_the_form_makes_is_what_smiles_client_takes(product: Product):
    values, images = VALID[product]

    form, wanted = check(values, images)

    assert form.errors == {}
    assert (wanted.product, wanted.api, wanted.partner_params) == (product, SmileApi.V3, {})
    wrong: Wrong = {}
    names = {"first_name": "given_names", "last_name": "last_name", "email": "email", "phone_number": "phone_number"}
    given = {theirs: wanted.person[ours] for ours, theirs in names.items() if ours in wanted.person}
    checked_user_details(given, wrong, frozenset())
    checked_consent(wanted.person["consent"], wrong)
    assert wrong == {}
    assert wanted.person["consent"]["notice_privacy_policy_url"] == POLICY
    assert wanted.person["consent"]["notice_language"] == "EN"
    assert set(wanted.person) <= {*names, "consent"}
    kinds = [image.image_type for image in wanted.images]
    assert kinds.count(ImageType.LIVENESS_FILE) == (6 if FACTS[product].images else 0)


@pytest.mark.parametrize(
    ("values", "images", "field"),
    [
        (BVN | {"first_name": ""}, {}, "first_name"),
        (BVN | {"last_name": "  "}, {}, "last_name"),
        (BVN | {"email": ""}, {}, "email"),
        (BVN | {"email": "amina"}, {}, "email"),
        (BVN | {"email": "amina@example"}, {}, "email"),
        (BVN | {"phone_number": "12"}, {}, "phone_number"),
        (BVN | {"phone_number": "call me"}, {}, "phone_number"),
        (REGISTRATION | {"phone_number": "0803 123 4567"}, FACES, "phone_number"),
        (BVN | {"id_number": ""}, {}, "id_number"),
        (BVN | {"consent": ""}, {}, "consent"),
        (BVN | {"consent": "yes", "drawn_for": "v1"}, {}, "consent"),
        (BVN | {"notice_language": "xx"}, {}, "notice_language"),
        (BVN | {"id_type": "BVN_MFA"}, {}, "id_type"),
        (BIOMETRIC, {"liveness": FACES["liveness"]}, "selfie"),
        (BIOMETRIC, {"selfie": JPEG}, "liveness"),
        (BIOMETRIC, FACES | {"liveness": FACES["liveness"][:5]}, "liveness"),
        (BIOMETRIC, FACES | {"liveness": [JPEG] * 9}, "liveness"),
        (BIOMETRIC, FACES | {"liveness": [b"junk", *FACES["liveness"]]}, "liveness"),
        (DOCUMENT, FACES, "id_front"),
        (AUTHENTICATION | {"user_id": ""}, FACES, "user_id"),
    ],
)
def test_each_mistake_stands_beside_its_field(values: dict[str, str], images: dict[str, Any], field: str):
    form, wanted = check(values, images)

    assert wanted is None
    assert field in form.errors
    assert set(form.errors) <= {field, "product", "id_number"}  # Another ID type has another number.
    assert all(message.endswith(".") for message in form.errors.values())


def test_either_contact_is_enough_and_the_phone_is_sent_as_v3_takes_it():
    _, wanted = check(BVN | {"email": "", "phone_number": " 0803-123 4567"})
    _, both = check(BVN | {"phone_number": "+234 803 123 4567"})

    assert wanted.person["phone_number"] == "+2348031234567"
    assert "email" not in wanted.person
    assert (both.person["email"], both.person["phone_number"]) == ("amina@example.com", "+2348031234567")


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("0803 123 4567", "NG", "+2348031234567"),
        ("0803 123 4567", "ng", "+2348031234567"),
        ("2348031234567", "NG", "+2348031234567"),
        ("00234 803 123 4567", "KE", "+2348031234567"),
        ("+234 (0)803 123 4567", "KE", "+2348031234567"),
        ("Tel: 0712 345 678", "KE", "+254712345678"),
        ("\u0660\u0668\u0660\u0663\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "NG", "+2348031234567"),
        ("0803 123 4567", "", ""),
        ("0803 12", "NG", ""),
        ("0803 123 4567", "XX", ""),
        ("+999999", "NG", ""),
        ("", "NG", ""),
        ("\0", "NG", ""),
    ],
)
def test_phone_numbers_of_a_country_become_international(typed: str, country: str, number: str):
    assert international_number(typed, country) == number
    assert not number or phone_digits(number) == phone_digits(international_number(number, ""))


def test_what_v3_does_not_know_is_not_asked_for_and_nothing_of_it_is_sent():
    extra = {"dob": "1990-12-31", "gender": "F", "session_id": "s-1", "sandbox_result": "1", "middle_name": "O"}

    form, wanted = check(BIOMETRIC | extra, FACES | {"id_front": JPEG})

    asked = {*form.required_fields, *form.optional_fields}
    assert asked == {"id_number", "first_name", "last_name", "email", "phone_number"}
    assert [name for name, _ in form.image_fields] == ["selfie", "liveness"]
    assert not set(extra) & set(wanted.person)
    assert wanted.partner_params == {}
    assert form.test_numbers == []


def test_id_types_that_need_a_consent_session_are_not_offered():
    def types(form: JobForm) -> set[str]:
        return {choice.id_type for choice in form.id_choices}

    assert types(form_of(BVN, apis={})) - types(form_of(BVN)) == {"BVN_MFA"}


def test_bank_code_is_asked_for_where_the_account_needs_it():
    facts = {"required_fields": ["id_number", "bank_code", "dob"], "label": "Bank account"}
    catalogue = Catalogue(
        {
            "bank_codes": [{"code": "044", "name": "Access Bank"}],
            "hosted_web": {"enhanced_kyc": {"NG": {"id_types": {"BANK_ACCOUNT": facts}}}},
        }
    )
    values = BVN | {"id_type": "BANK_ACCOUNT"}

    refused, _ = check(values, catalogue=catalogue)
    _, wanted = check(values | {"bank_code": "044"}, catalogue=catalogue)

    assert list(refused.errors) == ["bank_code"]
    assert wanted.person["bank_code"] == "044"


def test_nothing_is_made_without_a_policy_address():
    form, wanted = check(BVN, policy="")

    assert wanted is None
    assert "privacy policy" in form.errors["consent"]


def test_products_of_v1_ask_as_before_while_others_use_v3():
    form, wanted = check(BVN | {"product": "basic_kyc"})

    assert form.errors == {}
    assert wanted.api == SmileApi.V1
    assert "consent" not in wanted.person


def test_what_was_typed_is_kept_for_the_next_choice():
    """From v3 to v1 and back, over a product that asks for nothing of it."""
    typed = BVN | {
        "phone_number": "+2348031234567",
        "notice_language": "fr",
        "dob": "1990-12-31",
        "sandbox_result": "1",
    }

    at_v1 = form_of(typed | {"product": "smartselfie_registration"}, apis={})
    half_chosen = form_of(typed | {"id_type": ""})
    at_v3 = form_of(typed)

    names = {"first_name", "last_name", "email", "phone_number", "id_number", "dob", "notice_language"}
    assert {name: typed[name] for name in (*names, "country")} == at_v1.kept
    assert set(half_chosen.kept) == {*names, "sandbox_result"}
    assert at_v3.kept == {"dob": "1990-12-31", "sandbox_result": "1"}


def test_a_tick_counts_for_the_sentence_that_it_stood_under():
    assert form_of(BVN | {"drawn_for": "v3"}).has_consented
    assert form_of(BVN).has_consented  # a program, which saw no sentence
    assert not form_of(BVN | {"drawn_for": "v1"}).has_consented
    assert not form_of(BVN | {"drawn_for": "v3"}, apis={}).has_consented


def test_a_form_that_was_open_while_its_product_was_switched_says_so():
    form, wanted = check({"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "drawn_for": "v1"})

    assert wanted is None
    assert "was switched to Smile's v3 API" in form.errors["product"]


@pytest.mark.parametrize("product", V3)
def test_test_people_of_the_product_are_offered_in_the_sandbox_alone(product: Product):
    values, images = VALID[product]
    form = form_of(values)

    name = FACTS[product].v3.token_name  # type: ignore[union-attr]
    known = {each.email for each in sandbox_people() if each.email and each.concerns(name)}
    assert {email for email, _, _ in form.test_people} == known
    assert "approved" in {words for _, _, words in form.test_people}
    assert form_of(values, sandbox=False).test_people == form_of(values, apis={}).test_people == []
    for email, _, _ in form.test_people:
        filled, wanted = check(values | with_test_person(form, email), images)
        assert filled.errors == {}
        assert wanted.person["email"] == email


def test_a_test_person_brings_a_number_where_none_was_typed():
    empty, typed = form_of(BVN | {"id_number": ""}), form_of(BVN | {"id_number": "22212345678"})
    email = empty.test_people[0][0]

    assert with_test_person(empty, email)["id_number"] == "00000000000"
    assert with_test_person(typed, email)["id_number"] == "22212345678"
    assert with_test_person(typed, "nobody@example.com") == {}
    assert with_test_person(form_of({}), email) == {}


def test_live_pattern_holds_for_v3_too():
    form, _ = check(BVN | {"id_number": "99"}, catalogue=live())

    assert list(form.errors) == ["id_number"]
