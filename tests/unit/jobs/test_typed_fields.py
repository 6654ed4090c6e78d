"""What is typed into the form of a new job: cleaned before it is checked, and nothing that Smile needs is left out."""

from typing import Any

import pytest

from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.submitting.choosing import Choosing
from tests.factories.typed import wrappings
from tests.unit.jobs.test_forms import BASIC, BVN, check
from tests.unit.links.views.test_new_link import PASSPORT

NUMBER = "22212345678"
UGANDA = {"product": "basic_kyc", "country": "UG", "id_type": "NATIONAL_ID_NO_PHOTO", "id_number": "CM123456789ABC"}
PERSON = {"first_name": "Amina", "last_name": "Bello"}


def live(required: list[str], pattern: str = "^[0-9]{11}$", product: str = "enhanced_kyc") -> Catalogue:
    facts = {"label": "BVN", "required_fields": required, "id_number_regex": pattern}
    return Catalogue({"hosted_web": {product: {"NG": {"id_types": {"BVN": facts}}}}}, {})


def uganda(*more: str) -> Catalogue:
    required = ["country", "id_type", "id_number", "first_name", "last_name", *more]
    facts = {"label": "National ID", "required_fields": required, "id_number_regex": "^[A-Z0-9]{14}$"}
    return Catalogue({"hosted_web": {"basic_kyc": {"UG": {"id_types": {"NATIONAL_ID_NO_PHOTO": facts}}}}}, {})


@pytest.mark.parametrize("wrapped", wrappings(NUMBER), ids=ascii)
def test_a_wrapped_number_is_taken_and_shown_as_cleaned(wrapped: str):
    form, wanted = check(BVN | {"id_number": wrapped}, catalogue=live(["id_number"]))

    assert form.errors == {}
    assert form.value("id_number") == NUMBER
    assert wanted is not None
    assert wanted.id_number == NUMBER


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("222 123 4567", "The BVN number needs 11 digits; this has 10."),
        ("BVN: 222\u2013123\u2013456789", "The BVN number needs 11 digits; this has 12."),
        ("2221234567O", "The BVN number needs 11 digits; this has 10 and 1 other character."),
    ],
)
def test_the_error_says_what_is_expected_and_what_was_found(typed: str, says: str):
    form, wanted = check(BVN | {"id_number": typed}, catalogue=live(["id_number"]))

    assert form.errors == {"id_number": says}
    assert wanted is None


def test_a_pattern_that_no_words_tell_gives_an_example():
    choice = Catalogue().find(check(BVN)[0].product, "NG", "DRIVERS_LICENSE")  # type: ignore[arg-type]

    assert choice is not None
    assert "For example " in choice.problem_with("1")


def test_digits_of_other_scripts_are_sent_as_ascii():
    form, wanted = check(BVN | {"id_number": "٢٢٢١٢٣٤٥٦٧٨"}, catalogue=live(["id_number"], r"^\d{11}$"))

    assert form.errors == {}
    assert wanted is not None
    assert wanted.id_number == NUMBER


@pytest.mark.parametrize(
    ("name", "typed", "sent"),
    [
        ("first_name", " Ade\u0301\u200bwale\u00a0", "Adéwale"),
        ("last_name", "Okafor\u2011Bello\ufeff", "Okafor-Bello"),
        ("dob", "١٩٩٠\u201112\u201131", "1990-12-31"),
        ("phone_number", "\u202a+234 801 234 5678\u202c", "+2348012345678"),
    ],
)
def test_fields_of_a_person_are_cleaned(name: str, typed: str, sent: str):
    form, wanted = check(BASIC | {name: typed})

    assert form.errors == {}
    assert wanted is not None
    assert wanted.person[name] == sent


@pytest.mark.parametrize("name", ["user_id", "job_id", "customer_reference"])
@pytest.mark.parametrize(
    "typed",
    [
        "auth0|5f7c8ec7",
        "google-oauth2|1167",
        "o'brien@example.com",
        "INV/2026/001",
        "Ada Ọbí",
        "cust#12",
        "<b>",
        "x" * 200,
    ],
)
def test_ids_and_references_of_other_systems_are_taken_as_they_are(name: str, typed: str):
    form, wanted = check(BVN | {name: f"\u200b{typed} "})

    assert form.errors == {}
    assert getattr(wanted, name) == typed


@pytest.mark.parametrize("name", ["user_id", "job_id", "customer_reference"])
@pytest.mark.parametrize("typed", ["a\0b", "a\x1b[31mb", "a\x7fb", "x" * 201])
def test_control_characters_and_texts_without_end_are_no_id(name: str, typed: str):
    form, wanted = check(BVN | {name: typed})

    assert list(form.errors) == [name]
    assert wanted is None


def test_a_field_that_only_smile_knows_is_asked_for_and_sent():
    form, wanted = check(
        UGANDA | PERSON | {"secondary_id_number": " 0123\u200b45 "}, catalogue=uganda("secondary_id_number")
    )

    assert form.errors == {}
    assert (form.field("secondary_id_number").label, form.field("secondary_id_number").kind) == (
        "Secondary id number",
        "text",
    )
    assert wanted is not None
    assert wanted.person == PERSON | {"secondary_id_number": "012345"}


def test_nothing_is_sent_without_a_field_that_only_smile_knows():
    form, wanted = check(UGANDA | PERSON, catalogue=uganda("secondary_id_number"))

    assert form.errors == {"secondary_id_number": "Secondary id number is needed for this ID type."}
    assert wanted is None


@pytest.mark.parametrize(
    "name", ["consent", "signature", "partner_params", "csrf_token", "<script>", "a b", "", "x" * 70]
)
def test_a_field_that_no_form_can_send_is_a_reason_not_to_send(name: str):
    form, wanted = check(UGANDA | PERSON | {name: "yes"}, catalogue=uganda(name))

    assert list(form.errors) == ["id_type"]
    assert "Nothing was sent" in form.errors["id_type"]
    assert wanted is None


def test_the_form_of_a_link_cleans_the_same_fields():
    state = Choosing(
        PASSPORT | {"user_id": "\u200bauth0|5f7c ", "id_number": "\u202dA00123456\u202c,"}, catalogue=Catalogue()
    )

    assert (state.value("user_id"), state.value("id_number")) == ("auth0|5f7c", "A00123456")


def test_a_field_of_smile_s_own_is_drawn_in_the_form(sign_in: Any, monkeypatch: pytest.MonkeyPatch):
    from dashboard.jobs.smile_api.live_catalogue import LiveCatalogue

    monkeypatch.setattr(LiveCatalogue, "get", lambda _: uganda("secondary_id_number"))

    page = sign_in("ben").post("/jobs/new", data=UGANDA | {"secondary_id_number": "77"}).text

    assert 'name="secondary_id_number"' in page
    assert ">Secondary id number<" in page.replace(" <", "<")
    assert 'value="77"' in page
