"""The images of a request: checked, opened, and made smaller where the whole request would be too large."""

import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

from dashboard.smile.errors import InvalidRequest
from dashboard.smile.image_files import Image, OpenImage, open_image_files, problem_of, source_of
from dashboard.smile.image_redrawer import UnusableImage, image_redrawer
from dashboard.smile.v3 import constants
from dashboard.smile.v3.multipart import FilePart
from dashboard.smile.validation import Wrong

#: Room for the headers of the request, which count too.
HEADER_BYTES = 20_000
#: Tried one after the other, in pixels, until the image is small enough.
SIDES = (None, 1920, 1280, 800, 500)
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


class _Kind(NamedTuple):
    """file_name: without its ending. may_be_png: documents may, faces may not."""

    file_name: str
    may_be_png: bool = False


#: The fields that hold an image.
KINDS = {
    "selfie_image": _Kind("selfie"),
    "liveness_images": _Kind("liveness_{}"),
    "document": _Kind("document", may_be_png=True),
    "document_back": _Kind("document_back", may_be_png=True),
    "visa": _Kind("visa", may_be_png=True),
    "comparison_image": _Kind("comparison"),
}


def checked_images(name: str, value: Any, wrong: Wrong) -> list[Image]:
    """The images of one field: one, or for `liveness_images` six to eight. wrong: takes what is wrong, by field."""
    if name != "liveness_images":
        return [_checked(name, value, wrong)]
    fewest, most = constants.FEWEST_LIVENESS_IMAGES, constants.MOST_LIVENESS_IMAGES
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not fewest <= len(value) <= most:
        wrong[name] = f"has to be a list of {fewest} to {most} images"
        return []
    return [_checked(f"{name}[{position}]", each, wrong) for position, each in enumerate(value)]


def opened_images(images: Sequence[Image], stack: ExitStack, other_bytes: int) -> list[FilePart]:
    """The images as parts of a request that stays below Smile's limit.

    stack: closes the files that are opened here. other_bytes: the size of the request without images.
    Raises InvalidRequest if one cannot be read, has the wrong format or cannot be made small enough.
    """
    files = open_image_files(images, stack)
    room = constants.MOST_REQUEST_BYTES - HEADER_BYTES - other_bytes
    most = min(_share([file.size for file in files], room), constants.MOST_FILE_BYTES)
    # Checked before anything is redrawn, so that a wrong one costs no time.
    is_png = [_has_png(file) for file in files]
    parts = []
    for file, png in zip(files, is_png, strict=True):
        smaller = _redrawn(file, most) if file.size > most else file
        png = png and smaller is file
        content_type, ending = ("image/png", "png") if png else ("image/jpeg", "jpg")
        parts.append(FilePart(_field(file), f"{file.image.name}.{ending}", content_type, smaller))
    return parts


def _checked(field: str, value: Any, wrong: Wrong) -> Image:
    source = source_of(value)
    if problem := "is missing" if value is None else problem_of(source):
        wrong[field] = problem
    name, _, position = field.rstrip("]").partition("[")
    return Image(field, 0, KINDS[name].file_name.format(position), source)


def _field(file: OpenImage) -> str:
    return file.image.field.partition("[")[0]


def _has_png(file: OpenImage) -> bool:
    """Whether it is a PNG. Raises InvalidRequest where that, or anything but JPEG, is not allowed."""
    file.file.seek(0)
    start = file.file.read(8)
    if start.startswith(_PNG) and KINDS[_field(file)].may_be_png:
        return True
    if not start.startswith(_JPEG):
        allowed = "a JPEG or PNG image" if KINDS[_field(file)].may_be_png else "a JPEG image"
        raise InvalidRequest({file.image.field: f"has to be {allowed}"})
    return False


def _share(sizes: list[int], room: int) -> int:
    """The largest size at which all fit into the room if every larger image is made that small."""
    left, share = room, 0
    for position, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - position)
        if size > share:
            return share
        left -= size
    return max(share, *sizes, 0) if sizes else room


def _redrawn(file: OpenImage, most_bytes: int) -> OpenImage:
    file.file.seek(0)
    content = file.file.read()
    for longest_side in SIDES:
        try:
            smaller = image_redrawer().draw(content, most_bytes=most_bytes, longest_side=longest_side)
        except UnusableImage:
            continue
        return replace(file, file=io.BytesIO(smaller), size=len(smaller))
    raise InvalidRequest({file.image.field: "cannot be made small enough for a request of 4.5 MB"})
