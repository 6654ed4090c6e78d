"""Images inside Smile's answers as base64: found by their first bytes, and re-encoded before they are shown."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.errors import NotFound
from dashboard.jobs.submitting.images import shown_image
from dashboard.smile.image_redrawer import UnusableImage

#: The first characters of a JPEG and of a PNG in base64.
BEGINNINGS = ("/9j/", "iVBORw0KGgo")
SHORTEST = 100
MOST_IMAGES = 20
LONGEST_SIDE = 1200


#: Labels for the fields in which Smile passes on images.
LABELS = {"Photo": "Photo from the authority", "Document": "Document from the authority"}


@dataclass(frozen=True)
class EmbeddedImage:
    number: int
    field: str  # the path of keys that leads to it, such as "ImageLinks.selfie"
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
            if len(found) == MOST_IMAGES:
                break
    return found


def embedded_image_named(images: Sequence[EmbeddedImage], field: str) -> EmbeddedImage:
    """Finds an image by its number or its path of keys."""
    found = next((each for each in images if field in (str(each.number), each.field)), None)
    if found is None:
        raise NotFound("There is no such image here.")
    return found


def redraw(image: EmbeddedImage) -> bytes:
    """Re-encodes the image as a JPEG, so that none of the sender's own bytes reach the browser."""
    try:
        content = base64.b64decode("".join(image.base64.split()), validate=True)
        return shown_image(content, LONGEST_SIDE)
    except binascii.Error:
        raise NotFound("This image is damaged, so it cannot be shown.") from None
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
