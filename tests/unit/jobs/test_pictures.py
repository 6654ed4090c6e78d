"""Pictures as they arrive: what is let in, and that nothing a browser can send breaks the check."""

import io
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from PIL import Image as Picture

from dashboard.jobs.submitting import images as pictures
from dashboard.jobs.submitting.images import clean_image
from dashboard.smile.image_redrawer import ImageRedrawer, UnusableImage, image_redrawer
from tests.factories.images import make_jpeg

JPEG = make_jpeg(1, 300, 400)


def encoded(kind: str, size: tuple[int, int] = (240, 320), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Picture.new(mode, size).save(content, kind)
    return content.getvalue()


PNG = encoded("PNG")


def problem_with(content: bytes) -> str | None:
    try:
        clean_image(content)
    except UnusableImage as problem:
        return str(problem)
    return None


@pytest.mark.parametrize(
    "content",
    [JPEG, PNG, encoded("PNG", mode="RGBA"), encoded("JPEG", mode="L"), encoded("WEBP"), encoded("WEBP", mode="RGBA")],
    ids=["jpeg", "png", "rgba", "grey", "webp", "webp with transparency"],
)
def test_jpeg_png_and_webp_are_let_in(content: bytes):
    assert problem_with(content) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "This is a PDF file"),
        (b"\r\n scanned with a scanner \n%PDF-1.4", "This is a PDF file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "Settings, Camera, Formats, Most Compatible"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (encoded("JPEG", (1, 1)), "1 x 1 pixels. Each side needs at least 200"),
        (encoded("PNG", (1000, 199)), "1000 x 199 pixels"),
        (encoded("WEBP", (16, 16)), "16 x 16 pixels"),
        (b"<svg onload=alert(1)>", "not a JPEG, PNG or WebP"),
        (encoded("GIF"), "not a JPEG, PNG or WebP"),
        (encoded("BMP"), "not a JPEG, PNG or WebP"),
        (JPEG[: len(JPEG) // 2], "damaged"),
        (PNG[:45], "damaged"),
        (JPEG[:4], "damaged"),
    ],
    ids=[
        *("empty", "pdf", "pdf of a scanner", "heic", "heif", "1x1", "narrow", "tiny webp", "svg", "gif", "bmp"),
        *("half jpeg", "half png", "only a header"),
    ],
)
def test_anything_else_is_refused_in_words(content: bytes, says: str):
    assert says in str(problem_with(content))


def test_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "MAX_IMAGE_BYTES", 1024 * 1024)

    assert "larger than 1 MB" in str(problem_with(b"x" * (1024 * 1024 + 1)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_becomes_a_jpeg(kind: str):
    with Picture.open(io.BytesIO(clean_image(encoded(kind)))) as kept:
        assert (kept.format, kept.size) == ("JPEG", (240, 320))


def test_picture_is_kept_upright_and_its_size_is_of_what_is_seen():
    content, exif = io.BytesIO(), Picture.Exif()
    exif[0x0112] = 6
    drawn = Picture.new("RGB", (400, 200), "white")
    drawn.paste("black", (0, 0, 200, 200))
    drawn.save(content, "JPEG", exif=exif)

    with Picture.open(io.BytesIO(clean_image(content.getvalue()))) as kept:
        assert kept.size == (200, 400)
        assert (kept.getpixel((100, 50))[0] < 60, kept.getpixel((100, 350))[0] > 200) == (True, True)


def test_what_was_see_through_becomes_white_and_sixteen_bits_become_eight():
    clear, deep = io.BytesIO(), io.BytesIO()
    Picture.new("RGBA", (200, 200), (0, 0, 0, 0)).save(clear, "PNG")
    Picture.new("I;16", (200, 200), 40_000).save(deep, "PNG")

    with Picture.open(io.BytesIO(clean_image(clear.getvalue()))) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)
    with Picture.open(io.BytesIO(clean_image(deep.getvalue()))) as kept:
        assert kept.getpixel((5, 5)) == 156


def test_child_that_died_is_started_again():
    drawer = ImageRedrawer()
    drawer.draw(JPEG, most_bytes=10_000)
    first = drawer.process_id
    assert first
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

    assert drawer.draw(JPEG, most_bytes=10_000).startswith(b"\xff\xd8")
    assert drawer.process_id != first
    drawer.close()


def test_child_that_takes_too_long_is_ended_and_the_next_picture_is_read():
    drawer = ImageRedrawer(longest_seconds=0.0)

    with pytest.raises(UnusableImage, match="could not be read"):
        drawer.draw(JPEG, most_bytes=10_000)

    drawer._longest_seconds = 30.0
    assert drawer.draw(JPEG, most_bytes=10_000)
    drawer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc: only Linux says what another process was given")
def test_child_is_given_no_secret_and_little_memory():
    clean_image(JPEG)
    process = Path(f"/proc/{image_redrawer().process_id}")

    assert (process / "environ").read_bytes() == b""
    limits = dict(re.findall(r"^(Max .+?)  +(\d+)", (process / "limits").read_text(), re.MULTILINE))
    assert int(limits["Max address space"]) <= 300 * 1024 * 1024
    assert int(limits["Max cpu time"]) < 3600


@budget(max_examples=150, deadline=None)
@given(whole=st.sampled_from([JPEG, PNG]), at=st.integers(0, 2000), junk=st.binary(max_size=12), cut=st.integers(0, 9))
def test_damaged_picture_never_breaks_the_check(whole: bytes, at: int, junk: bytes, cut: int):
    at %= len(whole)

    problem = problem_with(whole[:at] + junk + whole[at + cut :])

    assert problem is None or problem.endswith(".")
