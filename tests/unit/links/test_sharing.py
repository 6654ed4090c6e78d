"""What is handed over: texts in the link's language, addresses that open apps, and a code that readers read."""

import base64
import io
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno
from PIL import Image

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.languages import LANGUAGES
from dashboard.links.languages import FIRST_STRONG_ISOLATE, POP_ISOLATE
from dashboard.links.sharing import PNG_PIXELS_PER_MODULE, QUIET_ZONE, ShareTexts, share_link
from dashboard.stored_settings import Branding
from tests.factories.links import make_link

ADDRESS = "https://desk.example.com/v/aB3_-x7Qm2kL9pR4tY6wZ1"
BRANDING = Branding(company_name="Kora & Söhne")


def share(database: Database, settings: Settings, language: str = "") -> ShareTexts:
    link, _ = make_link(database, settings, language=language)
    return share_link(link, BRANDING, ADDRESS)


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_every_language_has_the_texts_with_address_and_company(database: Database, settings: Settings, language: str):
    shared = share(database, settings, language)

    assert shared.language == (language or "en")
    assert all(ADDRESS in text for text in (shared.message, shared.mail_body))
    assert all("Kora & Söhne" in text for text in (shared.message, shared.mail_subject, shared.mail_body))
    assert len(shared.poster) > 10


def test_address_stands_free_in_arabic(database: Database, settings: Settings):
    """What makes it a link on a phone would take a mark beside it for a part of the address."""
    shared = share(database, settings, "ar")

    for text in (shared.message, shared.mail_body):
        before, after = text.split(ADDRESS)
        assert before[-1].isspace()
        assert after[0].isspace()
    assert f"{FIRST_STRONG_ISOLATE}Kora & Söhne{POP_ISOLATE}" in shared.message


@pytest.mark.parametrize("language", LANGUAGES)
def test_addresses_of_apps_carry_the_whole_text(database: Database, settings: Settings, language: str):
    shared = share(database, settings, language)
    mail = parse_qs(urlsplit(shared.mail_address).query)

    assert shared.whatsapp_address.startswith("whatsapp://send?text=")
    assert shared.whatsapp_web_address.startswith("https://wa.me/?text=")
    for address in (shared.whatsapp_address, shared.whatsapp_web_address):
        assert unquote(address.partition("text=")[2]) == shared.message
    assert unquote(shared.sms_address.partition("body=")[2]) == shared.message
    assert mail == {"subject": [shared.mail_subject], "body": [shared.mail_body.replace("\n", "\r\n")]}
    assert "+" not in shared.mail_address


def test_pictures_hold_the_address_with_white_around_it(database: Database, settings: Settings):
    shared = share(database, settings)
    expected = [list(row) for row in segno.make(ADDRESS, error="m", micro=False).matrix]

    picture = Image.open(io.BytesIO(base64.b64decode(shared.qr_png.partition("base64,")[2]))).convert("L")
    modules = picture.width // PNG_PIXELS_PER_MODULE
    at = PNG_PIXELS_PER_MODULE // 2
    seen = [
        [
            int(picture.getpixel((x * PNG_PIXELS_PER_MODULE + at, y * PNG_PIXELS_PER_MODULE + at)) < 128)
            for x in range(modules)
        ]
        for y in range(modules)
    ]

    inner = [row[QUIET_ZONE:-QUIET_ZONE] for row in seen[QUIET_ZONE:-QUIET_ZONE]]
    assert inner == expected
    assert not any(any(row) for row in (*seen[:QUIET_ZONE], *seen[-QUIET_ZONE:]))
    assert picture.width >= 400
    assert shared.qr_svg.startswith("data:image/svg+xml")
