"""The preview: the customer's page as it will be, of which nothing can be sent, and nothing is noted."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.products import WEB_PRODUCTS
from dashboard.languages import LANGUAGES
from dashboard.links.models import Link
from tests.factories.links import make_link, reload_link

SignInAs = Callable[[str], FlaskClient]
#: All that the customer's page has and a preview must not: where it is sent, its proof, and the mark of being seen.
ONLY_FOR_CUSTOMERS = re.compile(
    r' action="[^"]*"|<input type="hidden" name="csrf_token"[^>]*>|<img class="hidden"[^>]*>|\s+'
    r'|href="[^"]*lang=\w+[^"]*"'
)


def bare(page: str) -> str:
    return ONLY_FOR_CUSTOMERS.sub("", page).replace('type="button"', 'type="submit"')


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_is_the_customers_page(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, language: str
):
    link, code = make_link(database, settings, language=language)

    preview = sign_in("cleo").get(f"/links/{link.id}/preview").text
    page = app.test_client().get(f"/v/{code}").text

    assert bare(preview) == bare(page)
    assert "csrf_token" not in preview
    assert "seen.gif" not in preview


def test_preview_notes_nothing(sign_in: SignInAs, database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    sign_in("ben").get(f"/links/{link.id}/preview")

    after = reload_link(database, link)
    assert (after.opened_at, after.uses_spent, after.version) == (None, 0, link.version)


def test_preview_can_be_framed_by_us_alone_and_runs_nothing(sign_in: SignInAs):
    answer = sign_in("ben").get("/links/preview")

    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text


@pytest.mark.parametrize("product", WEB_PRODUCTS)
def test_every_product_can_be_drafted(sign_in: SignInAs, session: Session, product: str):
    answer = sign_in("ben").get(f"/links/preview?product={product}&language=fr&expires_in_days=30")

    assert 'lang="fr"' in answer.text
    assert not session.exec(select(Link).order_by(Link.id)).all()


def test_switch_of_languages_keeps_the_draft(sign_in: SignInAs):
    page = unescape(sign_in("ben").get("/links/preview?product=biometric_kyc&country=NG&id_type=BVN&language=fr").text)

    switch = next(address for address in re.findall(r'href="(/links/preview[^"]*)"', page) if "lang=ar" in address)
    assert 'dir="rtl"' in sign_in("ben").get(switch).text
    assert "id_type=BVN" in switch


def test_choices_are_previewed_in_the_frame_of_the_form(sign_in: SignInAs):
    ben = sign_in("ben")
    chosen = {"product": "customer_chooses", "choice": "NG:PASSPORT:doc_verification"}

    form = unescape(ben.post("/links/new", data=chosen).text)

    frame = form.partition('<iframe src="')[2].partition('"')[0]
    assert "the document or number that you choose below" in unescape(ben.get(frame).text)


@given(
    query=st.dictionaries(
        st.sampled_from(("product", "country", "id_type", "language", "lang", "expires_in_days", "choice", "method")),
        st.text(max_size=40) | st.sampled_from((*WEB_PRODUCTS, "customer_chooses", "NG", "-5", "9" * 30, "PASSPORT")),
    )
)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nonsense_is_previewed_as_something_sensible(query: dict[str, str], sign_in: SignInAs):
    answer = sign_in("ben").get("/links/preview?" + urlencode(query, errors="replace"))

    assert answer.status_code == 200


def test_who_may_preview_what(sign_in: SignInAs, database: Database, settings: Settings):
    link, _ = make_link(database, settings)
    cleo = sign_in("cleo")

    assert cleo.get(f"/links/{link.id}/preview").status_code == 200
    assert cleo.get("/links/preview").status_code == 403
    assert cleo.get(f"/links/{uuid4()}/preview").status_code == 404


def test_signed_out_is_led_to_the_door(client: FlaskClient):
    assert client.get("/links/preview").status_code == 303
