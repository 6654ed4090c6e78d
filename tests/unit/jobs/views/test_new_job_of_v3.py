"""The page of the form where a product uses v3: what it shows, what redraws it, and the job that comes of it."""

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Image, Job
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.api_choice import choose_apis
from dashboard.jobs.smile_api.availability import Availability
from dashboard.jobs.submitting.submission import person_of
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding, write_branding
from tests.factories.images import make_jpeg
from tests.unit.jobs.test_v3_form import BIOMETRIC, BVN, POLICY, V3

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
FORM = "/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN"


@pytest.fixture(autouse=True)
def v3_is_used(app: Flask, database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        choose_apis(session, settings, V3, utc_now())
        write_branding(session, Branding(policy_url=POLICY), utc_now())


def test_form_asks_for_what_v3_needs_and_says_which_api_it_is(sign_in: SignInAs):
    page = unescape(sign_in("ben").get(FORM).text)

    assert {"first_name", "last_name", "email", "phone_number", "consent", "notice_language"} <= set(
        re.findall(r'name="(\w+)"', page)
    )
    assert f'<a href="{POLICY}"' in page
    assert "<dt>Smile's API</dt><dd>v3</dd>" in page
    assert "Test people" in page
    assert "Test numbers" not in page
    assert 'name="sandbox_result"' not in page


def test_a_press_fills_in_a_test_person_and_a_number(sign_in: SignInAs):
    email = "fatima.ghostwell@example.com"

    page = sign_in("ben").post("/jobs/new", data=BVN | {"id_number": "", "test_person": email}).text

    for value in ("Fatima Bello", "Ghostwell", email, "00000000000"):
        assert f'value="{value}"' in page
    assert re.search(r'name="consent" value="yes" checked', page)


def test_sent_form_makes_a_job_of_v3_with_the_person_sealed(
    app: Flask, sign_in: SignInAs, session: Session, woken: list[Any]
):
    faces = {"selfie": (io.BytesIO(make_jpeg(1, 240, 320)), "selfie.jpg")}
    frames = [(io.BytesIO(make_jpeg(seed, 240, 320)), f"{seed}.jpg") for seed in range(6)]

    answer = sign_in("ben").post("/jobs", data=BIOMETRIC | {"notice_language": "fr", "liveness": frames} | faces)

    job = session.exec(select(Job)).one()
    assert (answer.status_code, job.api, woken) == (303, SmileApi.V3, [("jobs.advance", job.id)])
    with app.app_context():
        person = person_of(session, job)
    assert (person["first_name"], person["email"]) == ("Amina Fatou", "amina@example.com")
    assert (person["consent"]["granted"], person["consent"]["notice_language"]) == (True, "FR")
    assert len(session.exec(select(Image).order_by(Image.id)).all()) == 7


def test_refused_form_keeps_what_was_typed_and_names_lost_files(sign_in: SignInAs):
    frames = [(io.BytesIO(make_jpeg(seed, 240, 320)), f"{seed}.jpg") for seed in range(5)]

    answer = sign_in("ben").post("/jobs", data=BIOMETRIC | {"phone_number": "0803 12", "liveness": frames})

    page = unescape(answer.text)
    assert answer.status_code == 422
    for field in ("phone_number", "selfie", "liveness"):
        assert f'id="{field}-error"' in page, field
    assert "choose 6 to 8; this has 5." in page
    assert "Choose again: 0.jpg, 1.jpg" in page
    assert 'value="080312"' in page
    assert 'value="Amina Fatou"' in page


def test_product_of_another_api_keeps_what_it_does_not_ask_for_and_wants_a_new_tick(sign_in: SignInAs):
    ben = sign_in("ben")
    typed = BVN | {"phone_number": "+2348031234567", "drawn_for": "v3"}

    page = ben.post("/jobs/new", data=typed | {"product": "basic_kyc", "id_type": "NIN_V2"}).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    assert hidden["email"] == "amina@example.com"
    assert hidden["drawn_for"] == "v1"
    assert not re.search(r'name="consent" value="yes" checked', page)
    again = ben.post("/jobs/new", data=typed | hidden | {"product": "enhanced_kyc", "drawn_for": "v1"}).text
    assert 'value="amina@example.com"' in again
    assert not re.search(r'name="consent" value="yes" checked', again)


def test_missing_policy_is_told_beside_the_consent(sign_in: SignInAs, database: Database):
    with database.transaction() as session:
        write_branding(session, Branding(), utc_now())

    answer = sign_in("ben").post("/jobs", data=BVN)

    assert answer.status_code == 422
    assert "No address of a privacy policy is stored" in answer.text


@pytest.mark.parametrize("api", SmileApi)
def test_availability_is_that_of_the_api_which_the_product_uses(
    app: Flask, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch, api: SmileApi
):
    asked: list[Any] = []
    cache = context_of(app).availability
    monkeypatch.setattr(cache, "get", lambda *authority: asked.append(authority) or (Availability(97), False))
    ben = sign_in("ben")

    form = ben.get(FORM.replace("enhanced", "basic") if api == SmileApi.V1 else FORM).text
    address = unescape(re.findall(r'hx-get="(/jobs/availability[^"]*)"', form)[0])
    said = ben.get(address).text

    assert "97 % of lookups succeeded" in said
    assert asked == [("NG", "BVN", api)]


def test_every_product_of_v3_has_a_form(sign_in: SignInAs):
    ben = sign_in("ben")

    for product in V3:
        answer = ben.get(f"/jobs/new?product={product}&country=NG&id_type=PASSPORT")
        assert answer.status_code == 200
        assert f"<dt>Product</dt><dd>{FACTS[product].name}</dd>" in answer.text
