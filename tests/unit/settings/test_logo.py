"""The company's logo: chosen on the settings page, encoded again, and shown to customers from here."""

import io
import re
from collections.abc import Callable
from random import Random

import pytest
from flask.testing import FlaskClient
from PIL import Image as Picture
from PIL import ImageDraw
from werkzeug.test import TestResponse

from dashboard.config import Settings
from dashboard.db import Database
from tests.factories.links import make_link

SignInAs = Callable[[str], FlaskClient]
FORM = {"company_name": "Kora Bank", "theme_color": "#0b5d4e"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def packed(picture: Picture.Image, kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    picture.save(content, kind)
    return content.getvalue()


def drawn(color: str = "#0b5d4e", size: tuple[int, int] = (900, 300)) -> Picture.Image:
    picture = Picture.new("RGBA", size)
    ImageDraw.Draw(picture).ellipse((10, 10, size[1] - 10, size[1] - 10), fill=color)
    return picture


def upload(client: FlaskClient, content: bytes, name: str = "logo.png") -> TestResponse:
    return client.post("/settings", data=FORM | {"logo": (io.BytesIO(content), name)})


def noise() -> Picture.Image:
    return Picture.frombytes("RGB", (480, 160), Random(1).randbytes(480 * 160 * 3))  # a picture


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_chosen_picture_is_what_customers_see(sign_in: SignInAs, database: Database, settings: Settings, kind: str):
    ada = sign_in("ada")

    assert upload(ada, packed(drawn(), kind)).status_code == 303

    _, code = make_link(database, settings)
    address = re.search(r'class="logo" src="(/logo/[0-9a-f]{16}\.png)"', ada.get(f"/v/{code}").text)[1]
    shown = ada.get(address)
    picture = Picture.open(io.BytesIO(shown.data))
    assert (picture.format, picture.size) == ("PNG", (384, 128))
    assert len(shown.data) <= 5 * 1024
    assert picture.convert("RGB").getpixel((383, 0)) == (255, 255, 255)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert f'<img src="{address}"' in ada.get("/settings").text


def test_logo_of_before_leads_to_the_present_one(sign_in: SignInAs, client: FlaskClient):
    ada = sign_in("ada")
    upload(ada, packed(drawn()))
    before = ada.get("/settings.json").json["branding"]["logo_url"]

    upload(ada, packed(drawn("#b3261e")))

    present = ada.get("/settings.json").json["branding"]["logo_url"]
    assert before != present
    assert client.get(before).location == present
    assert client.get("/logo/nothing.png").location == present


def test_nothing_is_served_where_no_logo_was_uploaded(client: FlaskClient):
    assert client.get("/logo/0123456789abcdef.png").status_code == 404


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SVG, "not a JPEG, PNG or WebP image"),
        (b"", "The file is empty."),
        (b"\0" * (1024 * 1024 + 1), "larger than 1 MB"),
        (packed(drawn("#ffffff")), "This image cannot be seen on white."),
        (packed(Picture.new("RGB", (8, 8))), "Each side needs at least 16"),
        (packed(noise()), "too much detail for a logo"),
    ],
    ids=["svg", "empty", "large", "white", "tiny", "noise"],
)
def test_picture_that_is_no_logo_is_told_beside_the_field_and_loses_nothing(
    sign_in: SignInAs, content: bytes, problem: str
):
    ada = sign_in("ada")

    answer = upload(ada, content)

    assert answer.status_code == 422
    assert problem in answer.text
    assert 'id="logo-error"' in answer.text
    assert 'value="Kora Bank"' in answer.text
    assert ada.get("/settings.json").json["branding"]["logo_url"] == ""


def test_logo_stays_when_the_form_is_saved_without_a_file_and_goes_when_asked(sign_in: SignInAs):
    ada = sign_in("ada")
    upload(ada, packed(drawn()))
    kept = ada.get("/settings.json").json["branding"]["logo_url"]

    ada.post("/settings", data=FORM | {"logo_url": kept})
    assert ada.get("/settings.json").json["branding"]["logo_url"] == kept

    ada.post("/settings", data=FORM | {"logo_url": kept, "remove_logo": "yes"})
    assert ada.get("/settings.json").json["branding"]["logo_url"] == ""
