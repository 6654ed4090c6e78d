"""The other services: web tokens, lists, Smile Links, and the partner's account."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import (
    BadSignature,
    PartnerAccount,
    Services,
    SmileLinks,
    TransportFailed,
    WebApi,
    id_number_pattern,
)
from dashboard.smile.constants import id_types

from .examples import CALLBACK
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile, signed

ME = (PARTNER_ID, API_KEY)
SIGNED = {"partner_id", "timestamp", "signature"}
REQUEST = {"user_id": "user-1", "job_id": "job-1", "product": "authentication"}


def test_a_web_token_uses_the_default_callback(smile: FakeSmile, web_api: WebApi) -> None:
    smile.answers["POST /v1/token"] = Answer({"success": True, "token": "jwt"})

    assert web_api.get_web_token(REQUEST)["token"] == "jwt"
    web_api.get_web_token({**REQUEST, "callback_url": "https://partner.example/other"}, {})

    first, second = (request.json for request in smile.requests)
    assert set(first) == SIGNED | {"user_id", "job_id", "product", "callback_url"}
    assert first["callback_url"] == CALLBACK
    assert second["callback_url"] == "https://partner.example/other"


@pytest.mark.parametrize(
    ("product", "sent"),
    [
        ("authentication", "authentication"),
        ("identity_verification", "identity_verification"),
        ("smartselfie", "smartselfie"),
        ("ekyc_smartselfie", "ekyc_smartselfie"),
        ("enhanced_kyc", "enhanced_kyc"),
        ("document_verification", "doc_verification"),
        ("doc_verification", "doc_verification"),
        ("something_new", "something_new"),
    ],
)
def test_product_names_of_either_page_are_understood(
    smile: FakeSmile, web_api: WebApi, product: str, sent: str
) -> None:
    smile.answers["POST /v1/token"] = Answer({"token": "jwt"})

    web_api.get_web_token({**REQUEST, "product": product})

    assert smile.requests[0].json["product"] == sent


@pytest.mark.parametrize("answer", [{}, {"token": None}, {"success": True}])
def test_an_answer_without_a_token_is_not_handed_over(
    smile: FakeSmile, web_api: WebApi, answer: dict[str, object]
) -> None:
    smile.answers["POST /v1/token"] = Answer(answer)

    with pytest.raises(TransportFailed):
        web_api.get_web_token(REQUEST)


def test_a_token_answer_that_is_signed_is_checked(smile: FakeSmile, web_api: WebApi) -> None:
    smile.answers["POST /v1/token"] = Answer(signed({"token": "jwt"}, "somebody-else"))

    with pytest.raises(BadSignature):
        web_api.get_web_token(REQUEST)


def test_the_list_of_services_is_asked_for_without_credentials(smile: FakeSmile) -> None:
    smile.answers["GET /v1/services"] = Answer({"bank_codes": []})

    assert Services(*ME, smile.url).services() == {"bank_codes": []}
    assert (smile.requests[0].query, smile.requests[0].size) == ({}, 0)


def test_what_the_partner_may_use_is_asked_for_with_a_signature(smile: FakeSmile) -> None:
    smile.answers["POST /v1/products_config"] = Answer({"consentRequired": {}})
    smile.answers["POST /v1/valid_documents"] = Answer({"valid_documents": []})
    services = Services(*ME, smile.url)

    assert services.products_config() == {"consentRequired": {}}
    assert services.valid_documents("fr") == {"valid_documents": []}

    assert set(smile.requests[0].json) == SIGNED
    assert set(smile.requests[1].json) == SIGNED
    assert smile.requests[1].query == {"locale": ["fr"]}


@pytest.mark.parametrize(
    ("regex", "number", "matches"),
    [
        ("^[0-9]{11}$", "00000000000", True),
        ("^[0-9]{11}$", "0000000000", False),
        ("^[A-Z]{3}$/i", "abc", True),
        ("/^[A-Z]{3}$/i", "abc", True),
        ("/^[A-Z]{3}$/", "abc", False),
        (r"\d{4}\/\d{6}\/\d{2}", "2020/123456/07", True),
        ("(?i)^[A-Z]{3}$", "abc", True),
    ],
)
def test_patterns_of_the_services_answer_are_understood(regex: str, number: str, matches: bool) -> None:
    pattern = id_number_pattern(regex)

    assert pattern is not None
    assert (pattern.fullmatch(number) is not None) is matches


def test_every_shipped_pattern_can_be_used() -> None:
    unusable = [entry for entry in id_types() if entry.number_regex and id_number_pattern(entry.number_regex) is None]

    assert unusable == []


@given(st.text())
def test_any_text_gives_a_pattern_or_none(regex: str) -> None:
    assert isinstance(id_number_pattern(regex), re.Pattern | None)


def test_a_link_is_created_changed_disabled_read_and_listed(smile: FakeSmile) -> None:
    made = {"link": "https://links.sandbox.usesmileid.com/002/ref", "ref_id": "a/b"}
    smile.answers["POST /v1/smile_links"] = Answer(made, 202)
    for key in ("PUT /v1/smile_links/a%2Fb", "POST /v1/smile_links/a%2Fb", "GET /v1/smile_links"):
        smile.answers[key] = Answer({"ref_id": "a/b"})
    links = SmileLinks(*ME, smile.url)
    id_type = {"country": "NG", "id_type": "PASSPORT", "verification_method": "document_verification"}
    details = {"name": "Onboarding", "company_name": "Acme", "id_types": [id_type], "signature": "hostile"}

    assert links.create(details) == made
    links.update("a/b", {"name": "Other", "partner_id": "hostile"})
    links.disable("a/b")
    links.get("a/b")
    links.list()

    create, update, disable, get, listing = smile.requests
    assert create.json["id_types"] == [{**id_type, "verification_method": "doc_verification"}]
    assert "hostile" not in f"{create.json} {update.json}"
    assert update.json["name"] == "Other"
    assert disable.json["is_disabled"] is True
    assert set(get.json) == SIGNED
    assert set(listing.query) == SIGNED


def test_the_account_is_asked_about_at_the_portal(smile: FakeSmile) -> None:
    smile.answers["POST /api/v2/partner/wallet_balance"] = Answer({"wallet_balance": 500.0})
    smile.answers["POST /api/v2/partner/id_status"] = Answer({"last_check_status": "Online"})
    account = PartnerAccount(*ME, smile.url)

    assert account.wallet_balance("KES") == {"wallet_balance": 500.0}
    assert account.id_status("NG", "BVN") == {"last_check_status": "Online"}

    balance, status = (request.json for request in smile.requests)
    assert set(balance) == SIGNED | {"environment", "currency"}
    assert (balance["environment"], balance["currency"]) == ("test", "KES")
    assert (status["country"], status["id_type"]) == ("NG", "BVN")
