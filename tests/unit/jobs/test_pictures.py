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

from dashboard.jobs import pictures
from dashboard.jobs.pictures import PictureDrawer, UnfitPicture, clean_picture, picture_drawer
from tests.factories.images import make_jpeg

JPEG = make_jpeg(1, 40, 50)


def encoded(kind: str, size: tuple[int, int] = (20, 30), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Picture.new(mode, size).save(content, kind)
    return content.getvalue()


PNG = encoded("PNG")


def problem_with(content: bytes) -> str | None:
    try:
        clean_picture(content)
    except UnfitPicture as problem:
        return str(problem)
    return None


@pytest.mark.parametrize(
    "content", [JPEG, PNG, encoded("PNG", mode="RGBA"), encoded("JPEG", mode="L")], ids=["jpeg", "png", "rgba", "grey"]
)
def test_jpeg_and_png_are_let_in(content: bytes):
    assert problem_with(content) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "not a JPEG or PNG"),
        (b"<svg onload=alert(1)>", "not a JPEG or PNG"),
        (encoded("GIF"), "not a JPEG or PNG"),
        (encoded("BMP"), "not a JPEG or PNG"),
        (JPEG[: len(JPEG) // 2], "damaged"),
        (PNG[:45], "damaged"),
        (JPEG[:4], "damaged"),
    ],
    ids=["empty", "pdf", "svg", "gif", "bmp", "half jpeg", "half png", "only a header"],
)
def test_anything_else_is_refused_in_words(content: bytes, says: str):
    assert says in str(problem_with(content))


def test_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "MAX_IMAGE_BYTES", 1024 * 1024)

    assert "larger than 1 MB" in str(problem_with(b"x" * (1024 * 1024 + 1)))


def test_kinds_stay_as_they_are():
    assert clean_picture(JPEG).startswith(b"\xff\xd8")
    assert clean_picture(PNG).startswith(b"\x89PNG")


def test_picture_is_kept_upright_and_its_size_is_of_what_is_seen():
    content, exif = io.BytesIO(), Picture.Exif()
    exif[0x0112] = 6
    drawn = Picture.new("RGB", (40, 20), "white")
    drawn.paste("black", (0, 0, 20, 20))
    drawn.save(content, "JPEG", exif=exif)

    with Picture.open(io.BytesIO(clean_picture(content.getvalue()))) as kept:
        assert kept.size == (20, 40)
        assert (kept.getpixel((10, 5))[0] < 60, kept.getpixel((10, 35))[0] > 200) == (True, True)


def test_what_was_see_through_becomes_white_and_sixteen_bits_become_eight():
    clear, deep = io.BytesIO(), io.BytesIO()
    Picture.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    Picture.new("I;16", (10, 10), 40_000).save(deep, "PNG")

    with Picture.open(io.BytesIO(clean_picture(clear.getvalue()))) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)
    with Picture.open(io.BytesIO(clean_picture(deep.getvalue()))) as kept:
        assert kept.getpixel((5, 5)) == 156


def test_large_photo_that_came_as_png_is_kept_as_jpeg():
    assert clean_picture(encoded("PNG", (2100, 2000))).startswith(b"\xff\xd8")


def test_child_that_died_is_started_again():
    drawer = PictureDrawer()
    drawer.draw(JPEG, most_bytes=10_000)
    first = drawer.process_id
    assert first
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

    assert drawer.draw(JPEG, most_bytes=10_000).startswith(b"\xff\xd8")
    assert drawer.process_id != first
    drawer.close()


def test_child_that_takes_too_long_is_ended_and_the_next_picture_is_read():
    drawer = PictureDrawer(longest_seconds=0.0)

    with pytest.raises(UnfitPicture, match="could not be read"):
        drawer.draw(JPEG, most_bytes=10_000)

    drawer._longest_seconds = 30.0
    assert drawer.draw(JPEG, most_bytes=10_000)
    drawer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc: only Linux says what another process was given")
def test_child_is_given_no_secret_and_little_memory():
    clean_picture(JPEG)
    process = Path(f"/proc/{picture_drawer().process_id}")

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
