"""Pictures as they arrive: what is let in, and that nothing a browser can send breaks the check."""

import io

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from PIL import Image as Picture

from dashboard.jobs import media
from dashboard.jobs.media import problem_with_image
from tests.factories.images import make_jpeg

JPEG = make_jpeg(1, 40, 50)


def encoded(kind: str, size: tuple[int, int] = (20, 30), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Picture.new(mode, size).save(content, kind)
    return content.getvalue()


PNG = encoded("PNG")


@pytest.mark.parametrize(
    "content", [JPEG, PNG, encoded("PNG", mode="RGBA"), encoded("JPEG", mode="L")], ids=["jpeg", "png", "rgba", "grey"]
)
def test_jpeg_and_png_are_let_in(content: bytes):
    assert problem_with_image(content) is None


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
    assert says in str(problem_with_image(content))


def test_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(media, "MAX_IMAGE_BYTES", 1024 * 1024)

    assert "larger than 1 MB" in str(problem_with_image(b"x" * (1024 * 1024 + 1)))


def test_picture_with_too_many_pixels_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(media, "MAX_PIXELS", 100)

    assert "too many pixels" in str(problem_with_image(PNG))


@budget(max_examples=150, deadline=None)
@given(whole=st.sampled_from([JPEG, PNG]), at=st.integers(0, 2000), junk=st.binary(max_size=12), cut=st.integers(0, 9))
def test_damaged_picture_never_breaks_the_check(whole: bytes, at: int, junk: bytes, cut: int):
    at %= len(whole)

    problem = problem_with_image(whole[:at] + junk + whole[at + cut :])

    assert problem is None or problem.endswith(".")
