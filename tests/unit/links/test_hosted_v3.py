"""A link of v3: its token binds what staff filled in, and a new token is for the same job."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.errors import Invalid
from dashboard.jobs.models import Job, JobEvent, JobState
from dashboard.jobs.products import FACTS, WEB_PRODUCTS, Product
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.submitting.markers import MARKER, is_marker_of
from dashboard.jobs.timeline import EventKind
from dashboard.links.customer.hosted_v3 import lifetime_of
from dashboard.links.models import IdTypeChoice
from dashboard.smile import InvalidRequest, Refused, TransportFailed
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3 import Token
from tests.factories.clients import replace_clients
from tests.factories.links import TWO_CHOICES, FakeV3Tokens, make_link, reload_link, use_v3
from tests.unit.links.conftest import NewPhone

AGREED = {"consent": "yes", "language": "en"}
AMINA = {"first_name": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"}
BASIC = IdTypeChoice("NG", "NIN_V2", "basic_kyc")


@pytest.fixture
def v3_tokens(app: Flask, database: Database, settings: Settings) -> FakeV3Tokens:
    use_v3(database, settings)
    fake = FakeV3Tokens()
    replace_clients(app, v3_pages=fake)
    return fake


def only_job(database: Database) -> Job:
    with database.reading() as session:
        return session.exec(select(Job)).one()


def configuration_in(page: str) -> dict[str, Any]:
    found = re.search(r'id="smile-config">(.*?)</script>', page, re.DOTALL)
    assert found
    configuration: dict[str, Any] = json.loads(found[1])
    return configuration


def test_start_opens_the_script_of_v12_with_a_token_that_binds_what_staff_filled_in(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    prefill = AMINA | {"phone_number": "+2348012345678", "id_number": "22200000001"}
    params = {"branch": "12"}
    _, code = make_link(
        database, settings, product=Product.BIOMETRIC_KYC, id_type="BVN", prefill=prefill, partner_params=params
    )

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    job, (asked,) = only_job(database), v3_tokens.asked
    marker = asked["partner_params"].pop(MARKER)
    assert is_marker_of(settings.secret_key.get_secret_value(), job.id, marker)
    assert asked == {
        "product": "biometric_kyc",
        "user_id": job.user_id,
        "partner_params": params,
        "payload": {
            "callback_url": callback_address(settings, job.id),
            "country": "NG",
            "id_type": "BVN",
            "id_number": "22200000001",
            "given_names": "Amina Fatou",
            "last_name": "Clearwater",
            "email": "amina.clearwater@example.com",
            "phone_number": "+2348012345678",
        },
    }
    assert (job.api, job.state) == (SmileApi.V3, JobState.AWAITING_CUSTOMER)
    assert f'src="{settings.smile_v12_script_url}"' in answer.text
    assert 'data-api="v3" data-lifetime="900"' in answer.text
    assert configuration_in(answer.text) == {
        "token": "a.v3.token",
        "product": "biometric_kyc",
        "callback_url": callback_address(settings, job.id),
        "environment": "sandbox",
        "partner_details": {
            "partner_id": "2",
            "name": "Kora Bank",
            "logo_url": "http://localhost/static/img/favicon.svg",
            "policy_url": "https://kora.example/privacy",
            "theme_color": "#1f5fa8",
        },
        "translation": {"language": "en-GB"},
    }
    # The browser gets nothing of the customer but what the token refers to.
    assert not [value for value in prefill.values() if value in answer.text]
    assert job.id_number_sealed
    assert job.person_sealed


@pytest.mark.parametrize("product", [product for product in WEB_PRODUCTS if FACTS[product].v3])
def test_each_product_is_named_as_token_and_script_know_it(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens, product: Product
):
    needs_country = bool(FACTS[product].id_type_list)
    _, code = make_link(
        database,
        settings,
        product=product,
        country="GH" if needs_country else "",
        id_type="",
        user_id="cust-1",
    )

    page = phone.post(f"/v/{code}/start", data=AGREED).text

    facts = FACTS[product].v3
    assert facts
    assert v3_tokens.asked[0]["product"] == facts.token_name
    found = configuration_in(page)
    assert found["product"] == facts.script_name
    # With the country alone, the customer chooses among what the product takes there.
    assert ("id_selection" in found) == needs_country
    assert ("country" in v3_tokens.asked[0]["payload"]) == needs_country


def test_what_the_customer_chose_on_our_page_is_bound_too(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    _, code = make_link(database, settings, choices=TWO_CHOICES)

    phone.post(f"/v/{code}/start", data=AGREED | {"choice": "1"})

    payload = v3_tokens.asked[0]["payload"]
    assert (payload["country"], payload["id_type"]) == ("GH", "GHANA_CARD")


def test_details_are_locked_and_for_one_customer(database: Database, settings: Settings, v3_tokens: FakeV3Tokens):
    link, _ = make_link(database, settings, prefill=AMINA, id_type="", country="")

    assert link.prefill_is_locked
    for wrong, field in (
        ({"prefill": AMINA, "uses": 2}, "uses"),
        ({"prefill": {"id_number": "1"}, "id_type": ""}, "id_type"),
        ({"prefill": {"dob": "1990-01-01"}}, "prefill"),
    ):
        with pytest.raises(Invalid) as refused:
            make_link(database, settings, **wrong)
        assert field in refused.value.fields


@pytest.mark.parametrize("choices", [(), TWO_CHOICES, (*TWO_CHOICES, BASIC)])
def test_link_keeps_the_api_that_all_its_products_had(
    phone: FlaskClient,
    database: Database,
    settings: Settings,
    v3_tokens: FakeV3Tokens,
    tokens: Any,
    choices: tuple[IdTypeChoice, ...],
):
    link, code = make_link(database, settings, choices=choices)
    made_with = SmileApi.V1 if BASIC in choices else SmileApi.V3
    use_v3(database, settings, api=SmileApi.V1)

    phone.post(f"/v/{code}/start", data=AGREED | {"choice": "0"})

    assert reload_link(database, link).api == only_job(database).api == made_with
    assert (len(v3_tokens.asked), len(tokens.asked)) == ((1, 0) if made_with == SmileApi.V3 else (0, 1))


def test_without_a_privacy_policy_no_link_is_made_and_none_starts(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    link, code = make_link(database, settings)
    use_v3(database, settings, policy="")

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert answer.status_code == 409
    kept = reload_link(database, link)
    assert "privacy policy" in (kept.last_error or "")
    assert kept.uses_spent == 0
    assert v3_tokens.asked == []
    with pytest.raises(Invalid) as refused:
        make_link(database, settings)
    assert list(refused.value.fields) == ["product"]


def test_going_on_gets_a_new_token_for_the_same_verification(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    link, code = make_link(database, settings, prefill=AMINA)
    phone.post(f"/v/{code}/start", data=AGREED)

    pressed_twice = phone.post(f"/v/{code}/start", data=AGREED)
    late = phone.get(f"/v/{code}?late=1")
    answer = phone.post(f"/v/{code}/start", data={"again": "1", "language": "en"})

    assert "within a quarter of an hour" in late.text
    assert "Nothing has been sent yet" not in late.text + pressed_twice.text
    assert pressed_twice.status_code == 409
    assert answer.status_code == 200
    first, second = v3_tokens.asked
    assert first == second
    assert first["user_id"] == only_job(database).user_id
    assert reload_link(database, link).uses_spent == 1


def test_going_on_after_smile_has_it_shows_that_and_asks_for_no_token(
    phone: FlaskClient, new_phone: NewPhone, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    _, code = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)
    phone.post(f"/v/{code}/submission")

    answer = phone.post(f"/v/{code}/start", data={"again": "1", "language": "en"})
    stranger = new_phone().post(f"/v/{code}/start", data={"again": "1", "language": "en"})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/v/{code}?lang=en")
    assert "everything has arrived" in phone.get(answer.headers["Location"]).text
    assert stranger.status_code == 404
    assert len(v3_tokens.asked) == 1


FAILURES = {
    "down": TransportFailed("Smile could not be reached.", maybe_sent=False),
    "refusing": Refused(403, "product_not_enabled", "Product not enabled for this partner."),
    "refused here": InvalidRequest({"payload.callback_url": "has to begin with https"}),
}


@pytest.mark.parametrize("how", FAILURES)
def test_without_a_token_the_use_is_given_back(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens, how: str
):
    link, code = make_link(database, settings)
    v3_tokens.answers = [FAILURES[how]]

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert answer.status_code == 503
    assert only_job(database).state == JobState.FAILED
    kept = reload_link(database, link)
    assert kept.uses_spent == 0
    assert kept.last_error


def test_details_that_cannot_be_opened_are_not_left_to_the_customer(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens
):
    link, code = make_link(database, settings, prefill=AMINA, row={"prefill_sealed": b"broken"})

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert answer.status_code == 409
    assert v3_tokens.asked == []
    assert reload_link(database, link).uses_spent == 0


@pytest.mark.parametrize(
    ("claims", "lifetime"),
    [
        ({"iat": 10, "exp": 910}, 900),
        ({"iat": 10}, None),
        ({"iat": "10", "exp": 910}, None),
        ({"iat": 910, "exp": 10}, None),
    ],
)
def test_lifetime_is_what_smiles_own_clock_says(claims: dict[str, Any], lifetime: int | None):
    assert lifetime_of(Token("t", claims)) == lifetime


@pytest.mark.parametrize(
    ("named", "is_told"),
    [("job_01j9q2v5m8f3k7r1t4w6x0y2za", True), ("job_1", False), ("<b>job</b>", False), ("x" * 10_000, False)],
)
def test_id_from_the_browser_is_only_told(
    phone: FlaskClient, database: Database, settings: Settings, v3_tokens: FakeV3Tokens, named: str, is_told: bool
):
    _, code = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)

    phone.post(f"/v/{code}/submission", data={"smile_job_id": named})

    job = only_job(database)
    assert (job.state, job.smile_job_id, job.candidates, job.outcome) == (JobState.WAITING, None, [], None)
    with database.reading() as session:
        told = session.exec(select(JobEvent).where(JobEvent.kind == EventKind.SENT)).one()
    assert (named in str(told.facts)) == is_told
