"""What the first page says of a link, before it becomes a page."""

from datetime import UTC, datetime

import pytest

from dashboard.jobs.products import FACTS, WEB_PRODUCTS, Product
from dashboard.languages import LANGUAGES
from dashboard.links.customer.first_page import consent_sentence, first_page
from dashboard.links.languages import texts_in
from dashboard.links.models import Link
from dashboard.stored_settings import Branding

KORA = Branding("Kora Bank", purposes={"en": "So that you can open your account."})
LINK = Link(
    product=Product.BIOMETRIC_KYC, country="NG", id_type="BVN", expires_at=datetime(2026, 11, 29, 18, tzinfo=UTC)
)
OFFERED = [
    {"country": "NG", "id_type": "PASSPORT", "verification_method": "doc_verification"},
    {"country": "NG", "id_type": "BVN", "verification_method": "enhanced_kyc"},
]


def test_everything_that_it_says_in_english():
    page = first_page(LINK, KORA, texts_in("en"))

    assert page.title == "Kora Bank asks you to confirm who you are"
    assert page.purpose == "So that you can open your account."
    assert page.needs == [
        "your face, in good light",
        "your number: BVN",
        "a camera; your browser will ask whether it may be used",
    ]
    assert page.effort == "About 2 minutes · about 5 MB of data"
    assert page.works_until == "Not now? This link works until Sunday 29 November, 18:00 UTC."
    assert page.consent == consent_sentence(KORA, texts_in("en"))
    assert page.choices == []


def test_a_purpose_that_the_owner_did_not_translate_is_ours():
    assert first_page(LINK, KORA, texts_in("fr")).purpose == "Pour que Kora Bank soit sûre qu’il s’agit bien de vous."


def test_of_several_choices_it_names_the_most_that_may_be_needed():
    page = first_page(Link(choices=OFFERED, expires_at=LINK.expires_at), KORA, texts_in("en"))

    assert page.choices == ["Passport", "BVN"]
    assert "the document or number that you choose below" in page.needs
    assert page.effort == "About 2 minutes · about 6 MB of data"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("product", WEB_PRODUCTS)
def test_every_product_can_be_told_in_every_language(product: Product, language: str):
    page = first_page(Link(product=product, expires_at=LINK.expires_at), KORA, texts_in(language))

    assert page.needs
    assert all("{" not in sentence for sentence in (page.title, page.effort, page.works_until, *page.needs))


def test_every_product_with_a_hosted_page_has_its_effort():
    assert {product for product, facts in FACTS.items() if facts.effort} == set(WEB_PRODUCTS)


def test_customers_are_told_where_smiles_own_pages_do_not_speak_their_language():
    swahili, french = texts_in("sw"), texts_in("fr")

    assert (swahili.has_hosted_pages, swahili.hosted_language) == (False, "en-GB")
    assert (french.has_hosted_pages, french.hosted_language) == (True, "fr-FR")
