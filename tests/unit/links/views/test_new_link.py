"""The form of a new link: choosing, redrawing, making, and the page after it that shows the address once."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.products import WEB_PRODUCTS, Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.links.codes import digest_of_code
from dashboard.links.creation import prefill_of
from dashboard.links.models import IdTypeChoice, Link
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding, write_branding
from dashboard.web.pages.handover import cookie_of
from tests.factories.links import make_link, use_v3

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
CODE = re.compile(r"http://localhost/v/([\w-]{22,})")
PASSPORT = {
    "product": "document_verification",
    "country": "NG",
    "id_type": "PASSPORT",
    "uses": "1",
    "expires_in_days": "7",
    "language": "",
}
BVN = PASSPORT | {"product": "biometric_kyc", "id_type": "BVN"}
MARKUP = "\"><script>alert('x')</script>{{7*7}}"


@pytest.fixture
def ben(sign_in: SignInAs) -> FlaskClient:
    return sign_in("ben")


def only_link(session: Session) -> Link:
    return session.exec(select(Link)).one()


def test_made_link_is_shown_with_its_address_once(ben: FlaskClient, session: Session):
    answer = ben.post("/links", data=PASSPORT | {"customer_reference": "cust-1"})
    first, second = (ben.get(answer.headers["Location"]).text for _ in range(2))

    link = only_link(session)
    code = CODE.findall(unescape(first))[0]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/links/{link.id}")
    assert digest_of_code(code) == link.code_digest
    assert code not in second
    assert (link.customer_reference, link.uses_allowed, link.created_by) == ("cust-1", 1, "ben@example.com")


def test_code_stands_in_no_address_cookie_or_line_of_the_trail(ben: FlaskClient, session: Session):
    answer = ben.post("/links", data=PASSPORT)
    handed_over = answer.headers["Set-Cookie"]

    code = CODE.findall(unescape(ben.get(answer.headers["Location"]).text))[0]

    assert code not in handed_over + answer.headers["Location"] + answer.text
    assert "HttpOnly" in handed_over
    assert handed_over.startswith(f"desk_{cookie_of(answer.headers['Location'])}=")
    entries = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert "link.created" in [entry.action for entry in entries]
    assert not any(code in f"{entry.subject} {entry.details}" for entry in entries)


def test_address_is_not_shown_to_another_browser(
    ben: FlaskClient, sign_in: SignInAs, database: Database, session: Session
):
    address = ben.post("/links", data=PASSPORT).headers["Location"]
    cookie = ben.get_cookie(f"desk_{cookie_of(address)}")
    assert cookie is not None
    other, _ = make_link(database, context_of(ben.application).settings)
    ben.set_cookie(f"desk_{cookie_of(f'/links/{other.id}')}", cookie.value)

    page = ben.get(f"/links/{other.id}").text

    assert not CODE.findall(unescape(page))


def test_form_pressed_twice_is_one_link_and_the_newer_address_works(ben: FlaskClient, session: Session):
    """A double click: the first answer, with its code, is lost."""
    form_key = unescape(ben.get("/links/new").text).partition('name="form_key" value="')[2].partition('"')[0]

    answers = [ben.post("/links", data=PASSPORT | {"form_key": form_key}) for _ in range(2)]

    link = only_link(session)
    assert [answer.headers["Location"] for answer in answers] == [f"/links/{link.id}"] * 2
    code = CODE.findall(unescape(ben.get(f"/links/{link.id}").text))[0]
    assert digest_of_code(code) == link.code_digest


def test_details_are_filled_in_sealed_and_locked(ben: FlaskClient, session: Session):
    ben.post("/links", data=BVN | {"id_number": "00000000000", "prefill_is_locked": "yes", "first_name": "Not asked"})

    link = only_link(session)
    assert prefill_of(session, link) == {"id_number": "00000000000"}
    assert link.prefill_is_locked
    assert link.prefill_sealed
    assert b"00000000000" not in link.prefill_sealed


def test_details_of_one_customer_and_many_uses_are_refused_and_kept(ben: FlaskClient, session: Session):
    answer = ben.post("/links", data=BVN | {"uses": "2", "id_number": "00000000000"})

    assert answer.status_code == 422
    assert "A link with details of a customer may have only one use." in answer.text
    assert 'value="00000000000"' in answer.text


@pytest.mark.parametrize("product", [product.value for product in WEB_PRODUCTS])
def test_form_is_drawn_for_every_product_with_its_first_id_type(ben: FlaskClient, product: str):
    catalogue = Catalogue()
    countries = catalogue.countries(Product(product))
    id_types = [choice for code, _ in countries[:1] for choice in catalogue.id_choices(Product(product), code)]
    chosen = {"country": id_types[0].country, "id_type": id_types[0].id_type} if id_types else {}

    answer = ben.post("/links/new", data={"product": product, "uses": "1", **chosen})

    assert answer.status_code == 200


def test_choices_are_put_together_one_by_one(ben: FlaskClient, session: Session):
    drawn = {"product": "customer_chooses", "method": "document_verification", "country": "NG", "id_type": "PASSPORT"}

    page = unescape(ben.post("/links/new", data=drawn | {"add": "1"}).text)
    assert 'value="NG:PASSPORT:doc_verification"' in page
    second = drawn | {"method": "biometric_kyc", "id_type": "BVN", "choice": "NG:PASSPORT:doc_verification"}
    page = unescape(ben.post("/links/new", data=second | {"add": "1"}).text)
    chosen = re.findall(r'name="choice" value="([^"]+)"', page)
    without = ben.post("/links/new", data=second | {"choice": chosen, "remove": chosen[0]}).text
    ben.post("/links", data={"product": "customer_chooses", "choice": chosen})

    assert chosen == ["NG:PASSPORT:doc_verification", "NG:BVN:biometric_kyc"]
    assert re.findall(r'name="choice" value="([^"]+)"', unescape(without)) == chosen[1:]
    assert [choice.id_type for choice in only_link(session).offered()] == ["PASSPORT", "BVN"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": ""}, "product"),
        ({"product": "business_verification"}, "product"),
        ({"product": "customer_chooses"}, "product"),
        ({"product": "customer_chooses", "choice": "NG:NOTHING:doc_verification"}, "product"),
        ({"country": "XX"}, "country"),
        ({"id_type": "NOTHING"}, "id_type"),
        ({"customer_reference": "Amina\x1bBello"}, "customer_reference"),
        ({"user_id": "two\x7fwords"}, "user_id"),
        ({"uses": "0"}, "uses"),
        ({"uses": "many"}, "uses"),
        ({"uses": "²"}, "uses"),
        ({"uses": "5", "user_id": "user-1"}, "uses"),
        ({"expires_in_days": "91"}, "expires_in_days"),
        ({"expires_in_days": "9" * 40}, "expires_in_days"),
        ({"language": "xx"}, "language"),
        ({"return_url": "https://evil.example"}, "return_url"),
        ({"product": "smartselfie_authentication", "country": "", "id_type": ""}, "user_id"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_loses_nothing(
    ben: FlaskClient, session: Session, changes: dict[str, Any], field: str
):
    answer = ben.post("/links", data=PASSPORT | {"customer_reference": "cust-1"} | changes)

    page = unescape(answer.text)
    assert answer.status_code == 422
    assert f'<li><a href="#{field}">' in page
    assert f'id="{field}-error"' in page or field in ("language", "return_url")
    assert f'id="{field}"' in page or field == "return_url"
    assert changes.get("customer_reference", "cust-1") in page or "product" in changes
    assert not session.exec(select(Link).order_by(Link.id)).all()


def test_every_product_with_a_hosted_page_can_be_chosen(ben: FlaskClient):
    for product in WEB_PRODUCTS:
        page = unescape(ben.post("/links/new", data={"product": product.value}).text)

        assert "Make the link" in page
        assert f'value="{product.value}" checked' in page


def test_only_the_form_is_redrawn_for_htmx(ben: FlaskClient):
    answer = ben.post("/links/new", data=PASSPORT, headers={"HX-Request": "true"})

    assert answer.text.lstrip().startswith("<form") or "<html" not in answer.text
    assert 'name="expires_in_days"' in answer.text


def test_same_again_takes_the_settings_and_leaves_the_customer(
    ben: FlaskClient, database: Database, settings: Settings
):
    link, _ = make_link(
        database,
        settings,
        customer_reference="cust-secret",
        language="fr",
        expires_in_days=30,
        country="NG",
        id_type="PASSPORT",
    )

    page = unescape(ben.get(f"/links/new?again={link.id}").text)

    assert 'value="document_verification" checked' in page
    assert re.search(r'<option value="PASSPORT"\s+selected', page)
    assert re.search(r'<option value="fr"\s+selected', page)
    assert 'value="30"' in page
    assert "cust-secret" not in page


def test_same_again_takes_the_choices(ben: FlaskClient, database: Database, settings: Settings):
    choices = (IdTypeChoice("NG", "PASSPORT", "doc_verification"), IdTypeChoice("GH", "VOTER_ID", "biometric_kyc"))
    link, _ = make_link(database, settings, choices=choices, uses=20)

    page = unescape(ben.get(f"/links/new?again={link.id}").text)

    assert re.findall(r'name="choice" value="([^"]+)"', page) == [
        "NG:PASSPORT:doc_verification",
        "GH:VOTER_ID:biometric_kyc",
    ]
    assert 'value="20"' in page


def test_address_of_the_form_holds_the_choice_and_nothing_of_a_customer(
    ben: FlaskClient, database: Database, settings: Settings
):
    link, _ = make_link(database, settings, country="NG", id_type="PASSPORT")
    typed = {"customer_reference": "cust-secret", "again": str(link.id)}
    choices = ["NG:PASSPORT:doc_verification", "GH:VOTER_ID:biometric_kyc"]

    addresses = []
    for chosen in (PASSPORT | {"country": "GH"}, {"product": "customer_chooses", "choice": choices}):
        page = unescape(ben.post("/links/new", data=chosen | typed).text)
        addresses.append(re.findall(r'data-address="([^"]*)"', page)[0])
    shown = [unescape(ben.get(address).text) for address in addresses]

    assert "cust-secret" not in "".join(addresses)
    assert re.search(r'<option value="GH"\s+selected', shown[0])
    assert re.findall(r'name="choice" value="([^"]+)"', shown[1]) == choices
    assert all(f'name="again" value="{link.id}"' in page for page in shown)


def test_form_begins_with_what_the_member_sent_last(ben: FlaskClient, sign_in: SignInAs):
    ben.post("/links", data=PASSPORT | {"uses": "none"})
    before = ben.get("/links/new").text

    ben.post("/links", data=PASSPORT)
    page = ben.get("/links/new").text

    assert "Make the link" not in before.partition("<aside")[2]
    assert re.search(r'<option value="PASSPORT"\s+selected', page)
    assert re.search(r'<input [^>]*id="customer_reference"[^>]* autofocus', page)
    assert 'value="document_verification" checked' not in sign_in("ada").get("/links/new").text


def test_summary_names_the_field_where_the_message_does_not(ben: FlaskClient):
    page = unescape(ben.post("/links", data=PASSPORT | {"uses": "many"}).text)

    assert re.search(r'<li><a href="#uses">Uses: Enter a whole number between 1 and \d+\.</a></li>', page)


def test_return_addresses_are_those_of_the_settings(ben: FlaskClient, database: Database, session: Session):
    with database.transaction() as changing:
        write_branding(changing, Branding(return_urls=("https://shop.example/done",)), utc_now())

    page = ben.post("/links/new", data=PASSPORT).text
    ben.post("/links", data=PASSPORT | {"return_url": "https://shop.example/done"})

    assert "https://shop.example/done" in page
    assert only_link(session).return_url == "https://shop.example/done"


def test_markup_that_was_typed_is_shown_as_text(ben: FlaskClient):
    values = dict.fromkeys(("customer_reference", "user_id", "uses", "expires_in_days", "id_number"), MARKUP)

    page = ben.post("/links", data=BVN | values).text

    assert "<script>alert" not in page
    assert "{{7*7}}" in unescape(page)


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 200), ("cleo", 403)])
def test_who_may_make_links(sign_in: SignInAs, who: str, status: int):
    member = sign_in(who)

    assert member.get("/links/new").status_code == status
    assert member.post("/links/new", data=PASSPORT).status_code == status
    assert member.post("/links", data=PASSPORT).status_code == (303 if status == 200 else 403)


def test_signed_out_is_led_to_the_door(client: FlaskClient, session: Session):
    answers = [client.get("/links/new"), client.post("/links", data=PASSPORT)]

    assert all(answer.headers["Location"].startswith("/sign-in") for answer in answers)
    assert not session.exec(select(Link).order_by(Link.id)).all()


AMINA = {"first_name": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"}


def test_form_of_v3_fills_in_what_v3_asks_for_and_locks_it(
    ben: FlaskClient, database: Database, settings: Settings, session: Session
):
    use_v3(database, settings)
    form = unescape(ben.get("/links/new?product=document_verification&country=NG&id_type=PASSPORT").text)

    answer = ben.post("/links", data=PASSPORT | AMINA | {"phone_number": "0803 123 4567"})

    assert all(f'id="{name}"' in form for name in (*AMINA, "phone_number"))
    assert 'id="id_number"' not in form
    assert "prefill_is_locked" not in form
    assert "uses Smile's v3 API" in form
    assert answer.status_code == 303
    link = only_link(session)
    assert (link.api, link.prefill_is_locked) == (SmileApi.V3, True)
    assert prefill_of(session, link) == AMINA | {"phone_number": "+2348031234567"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"email": "nobody"}, "email"), ({"phone_number": "12"}, "phone_number"), ({"uses": "2"}, "uses")],
)
def test_wrong_detail_of_v3_is_told_beside_its_field_and_nothing_is_lost(
    ben: FlaskClient, database: Database, settings: Settings, session: Session, wrong: dict[str, str], field: str
):
    use_v3(database, settings)

    answer = ben.post("/links", data=PASSPORT | AMINA | wrong)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="Clearwater"' in answer.text
    assert session.exec(select(Link)).all() == []


def test_id_type_whose_consent_v3_does_not_know_is_not_offered(
    ben: FlaskClient, database: Database, settings: Settings
):
    address = "/links/new?product=biometric_kyc&country=NG"
    before = ben.get(address).text
    use_v3(database, settings)

    assert 'value="BVN_MFA"' in before
    assert 'value="BVN_MFA"' not in ben.get(address).text
