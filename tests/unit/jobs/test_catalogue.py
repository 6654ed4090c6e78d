"""What each product asks for: by Smile's live answer, by the shipped tables, and by an answer that is not one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.submitting.fields import FIELDS

BASE = ["country", "id_type", "user_id", "job_id"]


def live(product: str = "enhanced_kyc", **details: Any) -> Catalogue:
    described = {"label": "Some ID", "required_fields": [*BASE, "id_number"], "id_number_regex": "^[0-9]{4}$"} | details
    services = {"hosted_web": {product: {"NG": {"name": "Nigeria", "id_types": {"BVN": described}}}}}
    return Catalogue(services, {"consentRequired": {"NG": ["BVN"]}})


@pytest.mark.parametrize("product", [product for product, facts in FACTS.items() if facts.id_type_list])
def test_shipped_tables_offer_every_product_somewhere(product: Product):
    catalogue = Catalogue()
    countries = catalogue.countries(product)

    choices = [choice for code, _ in countries for choice in catalogue.id_choices(product, code)]

    assert choices
    assert [name for _, name in countries] == sorted(name for _, name in countries)
    unknown = {name for choice in choices for name in choice.required + choice.optional} - set(FIELDS)
    assert unknown == set(), "the form could not ask for these"
    for choice in choices:
        asks_number = "id_number" in choice.required or "session_id" in choice.required
        assert asks_number == FACTS[product].asks_id_number
        assert not choice.is_live


@pytest.mark.parametrize("product", [Product.SMARTSELFIE_REGISTRATION, Product.SMARTSELFIE_AUTHENTICATION])
def test_selfie_needs_no_country(product: Product):
    assert Catalogue().countries(product) == []


@pytest.mark.parametrize(
    ("product", "country", "id_type", "required", "optional"),
    [
        (Product.ENHANCED_KYC, "NG", "BVN", {"id_number"}, set()),
        (Product.BASIC_KYC, "NG", "BVN", {"id_number"}, {"gender", "phone_number"}),
        (Product.ENHANCED_KYC, "NG", "BANK_ACCOUNT", {"id_number", "bank_code"}, set()),
        (Product.BUSINESS_VERIFICATION, "NG", "BUSINESS_REGISTRATION", {"id_number", "business_type"}, set()),
        (Product.ENHANCED_DOCUMENT_VERIFICATION, "GH", "PASSPORT", set(), set()),
    ],
)
def test_shipped_table_names_the_fields(
    product: Product, country: str, id_type: str, required: set[str], optional: set[str]
):
    choice = Catalogue().find(product, country, id_type)

    assert choice is not None
    assert required <= set(choice.required)
    assert optional <= set(choice.optional)
    assert not set(choice.required) & set(choice.optional)


def test_live_answer_wins_over_the_table():
    catalogue = live(required_fields=[*BASE, "id_number", "citizenship"])

    [choice] = catalogue.id_choices(Product.ENHANCED_KYC, "NG")

    assert catalogue.is_live
    assert choice.is_live
    assert choice.required == ("id_number", "citizenship")
    assert choice.needs_consent
    assert catalogue.id_choices(Product.ENHANCED_KYC, "GH") == []


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("^[0-9]{4}$", "1234", True),
        ("^[0-9]{4}$", "12345", False),
        ("^[0-9]{4}$", "1234\n", False),
        ("[0-9]{4}", "x1234", False),
        ("/^[A-Z]{2}[0-9]{2}$/i", "ab12", True),
        ("^[A-Z]{2}[0-9]{2}$/i", "ab12", True),
        ("/^[A-Z]{2}$/", "ab", False),
        ("([", "whatever", True),
        ("", "whatever", True),
    ],
)
def test_number_is_held_against_the_pattern(pattern: str, number: str, fits: bool):
    [choice] = live(id_number_regex=pattern).id_choices(Product.ENHANCED_KYC, "NG")

    assert choice.matches(number) == fits


def test_document_types_know_their_backs_and_ask_for_no_number():
    choices = Catalogue().id_choices(Product.DOCUMENT_VERIFICATION, "NG")

    assert {choice.has_back for choice in choices} == {True, False}
    assert all(choice.required == () for choice in choices)


@pytest.mark.parametrize(
    "services",
    [
        {"hosted_web": []},
        {"hosted_web": {"enhanced_kyc": ["NG"]}},
        {"hosted_web": {"enhanced_kyc": {"NG": None}}},
        {"hosted_web": {"enhanced_kyc": {"NG": {"id_types": {"BVN": "text"}}}}},
        {"hosted_web": {"enhanced_kyc": {"NG": {"id_types": {"BVN": {"required_fields": "text", "label": 7}}}}}},
        {"bank_codes": [{"code": "044"}, "text", None]},
        {"bank_codes": {"044": "Access"}},
    ],
)
def test_answer_of_another_shape_breaks_no_form(services: dict[str, Any]):
    catalogue = Catalogue(services, {"consentRequired": ["NG"]})

    choices = [
        choice
        for code, _ in catalogue.countries(Product.ENHANCED_KYC)
        for choice in catalogue.id_choices(Product.ENHANCED_KYC, code)
    ]

    assert all({"id_number", "session_id"} & set(choice.required) for choice in choices)
    assert catalogue.bank_codes == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=6,
)


@budget(max_examples=60, deadline=None)
@given(
    hosted=st.dictionaries(st.sampled_from(["enhanced_kyc", "basic_kyc", "biometric_kyc"]), JSON, max_size=2) | JSON,
    banks=JSON,
)
def test_no_answer_at_all_raises(hosted: Any, banks: Any):
    catalogue = Catalogue({"hosted_web": hosted, "bank_codes": banks}, {})

    for product in (Product.ENHANCED_KYC, Product.BASIC_KYC):
        for code, name in catalogue.countries(product):
            assert isinstance(name, str)
            assert isinstance(catalogue.id_choices(product, code), list)
