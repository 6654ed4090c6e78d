"""What lies on the disk: no place and no serial number of a customer's phone, and no file that others may read."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from PIL import Image as Picture
from sqlmodel import Session, select

from dashboard.cli import main
from dashboard.config import Settings
from dashboard.jobs.models import Image
from dashboard.jobs.submitting.media import read_image
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY
from tests.security.image_corpus import PLACE, SERIAL, corpus

SignInAs = Callable[[str], FlaskClient]


def test_photo_with_a_place_is_kept_and_shown_without_it(sign_in: SignInAs, session: Session, settings: Settings):
    photo = next(each.content for each in corpus() if each.payload == PLACE)
    ben = sign_in("ben")
    job = {"product": "smartselfie_registration", "selfie": (io.BytesIO(photo), "me.jpg")}

    address = ben.post("/jobs", data=job).headers["Location"]

    image = session.exec(select(Image)).one()
    kept = read_image(session.info["keyring"], settings.media_dir, image)
    shown = ben.get(f"{address}/images/{image.id}")
    assert kept == shown.data
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert PLACE not in kept
    assert SERIAL not in kept
    with Picture.open(io.BytesIO(kept)) as picture:
        assert (picture.size, dict(picture.getexif())) == ((290, 270), {})


@pytest.mark.skipif(os.name != "posix", reason="other systems say in other ways who may read a file")
def test_commands_write_files_for_their_own_account_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "PUBLIC_URL": "http://localhost",
        "SMILE_SERVER": "0",
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": "test-api-key-0001",
        "INSTANCE_DIR": str(tmp_path / "instance"),
    }.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)
    before = os.umask(0o022)
    try:
        answer = CliRunner().invoke(main, ["db", "upgrade"])
    finally:
        os.umask(before)

    assert answer.exit_code == 0, answer.output
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "instance").rglob("*")}
    assert "dashboard.db" in modes
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
