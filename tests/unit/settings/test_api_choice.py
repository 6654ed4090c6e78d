"""Which API of Smile each product uses: chosen by owners, with the privacy policy that v3 needs, for new jobs only."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.products import FACTS, Product
from dashboard.links.models import Link
from dashboard.smile.constants import SmileApi
from tests.factories.jobs import make_job
from tests.factories.links import make_link

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
POLICY = {"policy_url": "https://kora.example/privacy"}
ALL_V3 = {f"api_{product}": "v3" for product, facts in FACTS.items() if facts.v3}
PAGE = "/settings/smile-api"


def chosen(client: FlaskClient) -> dict[str, str]:
    return {each["product"]: each["api"] for each in client.get(f"{PAGE}.json").json["products"]}


def lines(session: Session, action: str) -> list[dict[str, Any]]:
    found = session.exec(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)).all()
    return [entry.details for entry in found]


def test_page_has_a_row_for_each_product_and_says_which_have_no_v3(sign_in: SignInAs):
    page = unescape(sign_in("ada").get(PAGE).text)

    for product, facts in FACTS.items():
        assert f'<th scope="row">{facts.name}</th>' in page
        assert (f'name="api_{product}"' in page) == (facts.v3 is not None)
        assert not facts.v3 or facts.v3.differs in page
    assert page.count("Smile has no v3 of it.") == sum(facts.v3 is None for facts in FACTS.values())


def test_switch_counts_for_new_jobs_and_links_and_moves_nothing_that_is_there(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, session: Session
):
    job = make_job(database, settings, Product.ENHANCED_KYC)
    link, _ = make_link(database, settings)
    ada = sign_in("ada")

    answer = ada.post(PAGE, data=POLICY | ALL_V3)

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert chosen(ada) == {product: "v3" if facts.v3 else "v1" for product, facts in FACTS.items()}
    with app.app_context():
        later = make_job(database, settings, Product.ENHANCED_KYC)
        of_one_api = make_job(database, settings, Product.BASIC_KYC)
    apis = {each.id: each.api for each in session.exec(select(Job).order_by(Job.id)).all()}
    assert apis == {job.id: SmileApi.V1, later.id: SmileApi.V3, of_one_api.id: SmileApi.V1}
    assert session.get_one(Link, link.id).api == SmileApi.V1
    ada.post(PAGE, data=dict.fromkeys(ALL_V3, "v1"))
    assert set(chosen(ada).values()) == {"v1"}
    assert session.get_one(Job, later.id).api == SmileApi.V3


def test_trail_tells_each_switch_with_before_and_after(sign_in: SignInAs, session: Session):
    ada = sign_in("ada")
    ada.post(PAGE, data=POLICY | {"api_enhanced_kyc": "v3"})
    ada.post(PAGE, data=POLICY | {"api_enhanced_kyc": "v3"})
    ada.post(PAGE, data={"api_enhanced_kyc": "v1"})

    assert lines(session, "smile_api.changed") == [
        {"product": "Enhanced KYC", "before": "v1", "after": "v3"},
        {"product": "Enhanced KYC", "before": "v3", "after": "v1"},
    ]
    assert lines(session, "policy_address.changed") == [{"before": "none", "after": POLICY["policy_url"]}]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"api_enhanced_kyc": "v3"}, "policy_url"),
        ({"api_enhanced_kyc": "v3", "policy_url": "http://kora.example/privacy"}, "policy_url"),
        ({"api_enhanced_kyc": "v3", "policy_url": "kora.example"}, "policy_url"),
        ({"api_enhanced_kyc": "v3", "policy_url": "https://10.0.0.1/privacy"}, "policy_url"),
        ({"policy_url": "not an address"}, "policy_url"),
        (POLICY | {"api_basic_kyc": "v3"}, "api_basic_kyc"),
        (POLICY | {"api_enhanced_kyc": "v2"}, "api_enhanced_kyc"),
        (POLICY | {"api_enhanced_kyc": '"><script>alert(1)</script>'}, "api_enhanced_kyc"),
    ],
)
def test_bad_choice_is_told_and_nothing_is_saved(
    sign_in: SignInAs, session: Session, typed: dict[str, str], field: str
):
    ada = sign_in("ada")

    answer = ada.post(PAGE, data=typed)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<script>alert" not in answer.text
    assert field != "policy_url" or f'id="{field}-error"' in answer.text
    assert set(chosen(ada).values()) == {"v1"}
    assert lines(session, "smile_api.changed") == lines(session, "policy_address.changed") == []


def test_refused_form_keeps_what_was_chosen_and_typed(sign_in: SignInAs):
    page = sign_in("ada").post(PAGE, data={"api_enhanced_kyc": "v3", "policy_url": "kora"}).text

    assert 'value="kora"' in page
    assert "Now v1, not saved yet." in page


def test_policy_stays_while_a_product_uses_v3(sign_in: SignInAs):
    """Both pages that change it say so; once nothing uses v3 it may go."""
    ada = sign_in("ada")
    ada.post(PAGE, data=POLICY | {"api_enhanced_kyc": "v3"})
    branding = {"company_name": "Kora", "theme_color": "#0b5d4e"}

    here = ada.post(PAGE, data={"policy_url": ""})
    there = ada.post("/settings", data=branding | {"policy_url": ""})

    assert (here.status_code, there.status_code) == (422, 422)
    assert 'id="policy_url-error"' in here.text
    assert 'id="policy_url-error"' in there.text
    assert ada.get(f"{PAGE}.json").json["policy_url"] == POLICY["policy_url"]
    assert ada.post(PAGE, data={"policy_url": "", "api_enhanced_kyc": "v1"}).status_code == 303
    assert ada.get(f"{PAGE}.json").json["policy_url"] is None


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 403), ("cleo", 403)])
def test_only_owners_choose(sign_in: SignInAs, who: str, status: int):
    member = sign_in(who)

    assert member.get(PAGE).status_code == status
    assert member.get(f"{PAGE}.json").status_code == status
    assert member.post(PAGE, data=POLICY).status_code == (303 if status == 200 else 403)
