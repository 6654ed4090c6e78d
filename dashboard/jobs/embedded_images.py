"""Pictures that a body of Smile's carries as base64: found by their first bytes, and drawn again to be seen."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.errors import NotFound
from dashboard.jobs.submitting.images import UnusableImage, shown_image

#: How base64 of a JPEG and of a PNG begins.
BEGINNINGS = ("/9j/", "iVBORw0KGgo")
SHORTEST = 100
MOST_PICTURES = 20
LONGEST_SIDE = 1200


#: What the fields are called in which Smile passes pictures on.
LABELS = {"Photo": "Photo that the authority holds", "Document": "Document that the authority holds"}


@dataclass(frozen=True)
class EmbeddedImage:
    number: int
    field: str  # the keys that lead to it, as "ImageLinks.selfie"
    base64: str

    @property
    def label(self) -> str:
        return LABELS.get(self.field, self.field)

    @property
    def size(self) -> int:
        return len(self.base64) * 3 // 4


def find_embedded_images(payload: dict[str, Any]) -> list[EmbeddedImage]:
    found: list[EmbeddedImage] = []
    for field, text in _texts(payload, ""):
        text = text.partition(";base64,")[2] if text[:50].startswith("data:image/") else text
        if len(text) >= SHORTEST and text.lstrip()[:11].startswith(BEGINNINGS):
            found.append(EmbeddedImage(len(found) + 1, field[:100], text))
            if len(found) == MOST_PICTURES:
                break
    return found


def embedded_image_named(pictures: Sequence[EmbeddedImage], field: str) -> EmbeddedImage:
    """`field`: its number, or the keys that lead to it."""
    found = next((each for each in pictures if field in (str(each.number), each.field)), None)
    if found is None:
        raise NotFound("There is no such picture here.")
    return found


def redraw(picture: EmbeddedImage) -> bytes:
    """A JPEG of our own making: nothing of the sender's bytes reaches the browser, and no note hidden in them."""
    try:
        content = base64.b64decode("".join(picture.base64.split()), validate=True)
        return shown_image(content, LONGEST_SIDE)
    except binascii.Error:
        raise NotFound("This picture is damaged, so it cannot be shown.") from None
    except UnusableImage as problem:
        raise NotFound(f"It cannot be shown. {problem}") from None


def _texts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{field}.{name}" if field else name)
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _texts(part, f"{field}.{position}")
