"""The settings page: what customers see, changed by owners, checked field by field, with its line in the trail."""

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.links.languages import texts_in
from dashboard.permissions import Role
from dashboard.stored_settings import read_branding
from dashboard.team.members.members import add_member
from tests.factories.links import make_link

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
KORA = {
    "company_name": "Kora Bank",
    "logo_url": "/static/img/kora-bank.svg",
    "theme_color": "#0B5D4E",
    "policy_url": "https://kora.example/privacy",
    "purpose_en": "So that you can open your account.",
    "purpose_fr": "",
    "return_urls": "https://kora.example/done\nhttps://kora.example/thanks\n",
}


def test_what_is_saved_is_what_customers_see(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session
):
    ada = sign_in("ada")
    answer = ada.post("/settings", data=KORA)
    _, code = make_link(database, settings)

    branding = read_branding(session, settings)
    page = unescape(ada.get(f"/v/{code}?lang=en").text)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert (branding.company_name, branding.theme_color) == ("Kora Bank", "#0b5d4e")
    assert branding.return_urls == ("https://kora.example/done", "https://kora.example/thanks")
    assert branding.purposes == {"en": "So that you can open your account."}
    assert "Kora Bank asks you to confirm who you are" in page
    assert "So that you can open your account." in page
    assert ada.get("/settings.json").json["branding"]["company_name"] == "Kora Bank"


def test_trail_names_the_fields_that_changed_and_none_that_did_not(sign_in: SignInAs, session: Session):
    ada = sign_in("ada")
    ada.post("/settings", data=KORA)
    ada.post("/settings", data=KORA)
    ada.post("/settings", data=KORA | {"company_name": "Kora"})

    lines = [
        entry
        for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        if entry.action == "settings.changed"
    ]
    assert len(lines) == 2
    assert lines[1].details == {"fields": "company_name"}


def test_form_shows_what_is_saved(sign_in: SignInAs):
    ada = sign_in("ada")
    ada.post("/settings", data=KORA)

    page = unescape(ada.get("/settings").text)

    for value in ("Kora Bank", "#0b5d4e", "https://kora.example/privacy", "So that you can open your account."):
        assert f'value="{value}"' in page
    assert "https://kora.example/done\nhttps://kora.example/thanks" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company_name", ""),
        ("company_name", "K" * 81),
        ("company_name", "Kora\u202eknaB"),
        ("logo_url", "http://kora.example/logo.png"),
        ("logo_url", "/static/../secret"),
        ("logo_url", "//kora.example/logo.png"),
        ("logo_url", "javascript:alert(1)"),
        ("theme_color", "green"),
        ("theme_color", "#12345"),
        ("policy_url", "kora.example"),
        ("purpose_fr", "x" * 301),
        ("return_urls", "https://kora.example/ok\nhttp://kora.example/not"),
        ("return_urls", "\n".join(f"https://kora.example/{number}" for number in range(21))),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_saves_nothing(
    sign_in: SignInAs, settings: Settings, session: Session, field: str, value: str
):
    before = read_branding(session, settings)

    answer = sign_in("ada").post("/settings", data=KORA | {field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert field == "time_zone" or value.split("\n")[0] in unescape(answer.text)
    assert read_branding(session, settings) == before


def test_markup_that_was_typed_is_shown_as_text(sign_in: SignInAs):
    markup = "\"><script>alert('x')</script>"

    page = sign_in("ada").post("/settings", data=dict.fromkeys(KORA, markup)).text

    assert "<script>alert" not in page


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 403), ("cleo", 403)])
def test_only_owners_are_let_in(sign_in: SignInAs, who: str, status: int):
    member = sign_in(who)

    assert member.get("/settings").status_code == status
    assert member.get("/settings.json").status_code == status
    assert member.post("/settings", data=KORA).status_code == (303 if status == 200 else 403)
    assert ('href="/settings"' in member.get("/jobs").text) == (status == 200)


def test_signed_out_is_led_to_the_door(client: FlaskClient):
    assert client.get("/settings").status_code == 303
    assert client.post("/settings", data=KORA).status_code == 303


def test_zone_of_the_company_is_that_of_customers_and_of_new_members(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session
):
    ada = sign_in("ada")
    link, code = make_link(database, settings)

    ada.post("/settings", data=KORA | {"time_zone": "Africa/Lagos"})

    expected = texts_in("en").moment(link.expires_at, "Africa/Lagos")
    assert expected.endswith(" WAT")
    assert f"This link works until {expected}." in ada.get(f"/v/{code}?lang=en").text
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "settings.changed")).one()
    assert "time_zone" in line.details["fields"]
    with database.transaction() as writing:
        dan = add_member(writing, "dan@example.com", "Dan", Role.VIEWER, "seven brown otters", utc_now(), who="ada")
        assert dan.time_zone == "Africa/Lagos"
    # A program that names none changes none.
    ada.post("/settings", data=KORA)
    assert ada.get("/settings.json").json["branding"]["time_zone"] == "Africa/Lagos"
