"""Every picture that means harm is refused in words or drawn clean, within the memory that its process has."""

import base64
import io
import sys
from pathlib import Path

import pytest
from PIL import Image as Picture

from dashboard.errors import NotFound
from dashboard.jobs.embedded_images import EmbeddedImage, redraw
from dashboard.jobs.submitting.images import clean_image
from dashboard.smile.image_redrawer import UnusableImage, image_redrawer
from tests.security.image_corpus import NOTE, PLACE, SCRIPT, SERIAL, Harmful, corpus

CORPUS = list(corpus())
CANARIES = (SCRIPT, PLACE, SERIAL, NOTE, b"canary")
MOST_MEMORY = 300 * 1024 * 1024
PLAIN_KEYS = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def drawn(content: bytes) -> bytes | None:
    try:
        return clean_image(content)
    except UnusableImage:
        return None


@pytest.mark.parametrize("harmful", CORPUS, ids=lambda harmful: harmful.name)
def test_harmful_picture_is_refused_or_comes_out_clean(harmful: Harmful):
    assert harmful.payload in harmful.content

    kept = drawn(harmful.content)

    if harmful.is_refused is not None:
        assert (kept is None) == harmful.is_refused
    if kept is not None:
        assert not any(canary in kept for canary in CANARIES)
        with Picture.open(io.BytesIO(kept), formats=("JPEG", "PNG")) as picture:
            picture.load()
            assert not picture.getexif()
            assert set(picture.info) <= PLAIN_KEYS
            assert picture.mode in ("L", "RGB")
            assert getattr(picture, "n_frames", 1) == 1
        assert kept.endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))


@pytest.mark.parametrize("harmful", CORPUS, ids=lambda harmful: harmful.name)
def test_harmful_picture_in_a_callback_is_not_served_as_it_came(harmful: Harmful):
    found = EmbeddedImage(1, "ImageLinks.selfie", base64.b64encode(harmful.content).decode())

    try:
        served = redraw(found)
    except NotFound:
        return

    assert served.startswith(b"\xff\xd8")
    assert not any(canary in served for canary in CANARIES)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc: only Linux tells the peak of another process")
def test_whole_corpus_stays_below_300_mb_and_kills_nobody():
    clean_image(CORPUS[16].content)
    first = image_redrawer().process_id

    for harmful in CORPUS:
        drawn(harmful.content)

    # What getrusage says of a child includes the parent that it was started from; this is of the child alone.
    status = Path(f"/proc/{image_redrawer().process_id}/status").read_text()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    assert image_redrawer().process_id == first
    assert peak < MOST_MEMORY
