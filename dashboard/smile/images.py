"""The images of a job: checked before anything is sent, then opened for sending.

File types (0, 1, 4, 5) are files of the zip, read piece by piece; base64 types (2, 3, 6, 7) are part of info.json.
https://docs.usesmileid.com/further-reading/faqs/what-are-the-image-types-i-can-upload-to-smile-id
"""

import base64
import binascii
import io
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

from dashboard.smile import constants
from dashboard.smile.errors import InvalidRequest
from dashboard.smile.validation import Wrong

PIECE_BYTES = 64 * 1024
_NAMES = {0: "selfie.jpg", 1: "id_front.jpg", 4: "liveness.jpg", 5: "id_back.jpg"}
#: Entries of the zip that have another meaning to Smile.
_RESERVED_NAMES = ("info.json", "security_info.json")
_UNREADABLE = "cannot be read: {}"


@dataclass(frozen=True)
class Image:
    """One checked image.

    field: its name in errors, such as "images[0]". type_id: an `ImageType`. name: its file name in the zip.
    source: a path, bytes or an open file; None when `inline` holds the image as base64.
    """

    field: str
    type_id: int
    name: str = ""
    source: str | bytes | BinaryIO | None = None
    inline: str = ""


@dataclass(frozen=True)
class OpenImage:
    """An image of a file type, ready to be read any number of times.

    size: its length in bytes.
    """

    image: Image
    file: BinaryIO
    size: int

    def pieces(self) -> Iterator[bytes]:
        """The content in pieces of at most 64 KiB, `size` bytes in all.

        Raises InvalidRequest if the file has changed since it was opened.
        """
        left = self.size
        try:
            self.file.seek(0)
            while left:
                piece = self.file.read(min(PIECE_BYTES, left))
                if not piece:
                    break
                left -= len(piece)
                yield piece
            has_changed = left > 0 or bool(self.file.read(1))
        # requests would take an OSError for a failed connection.
        except (OSError, ValueError):
            has_changed = True
        if has_changed:
            raise InvalidRequest({self.image.field: "changed while it was being sent"})


def checked_images(
    image_details: Any, wrong: Wrong, *, job_type: int, use_enrolled_image: bool, is_entered: bool
) -> list[Image]:
    """Check the images of a job before anything is sent, and return those that are right.

    Checked are shapes, readable files that are not empty, valid base64, and whether the job has the images it needs.

    image_details: as for `WebApi.submit_job`. wrong: takes what is wrong, by field.
    is_entered: the ID number is looked up, so Biometric KYC needs no image of the card.
    """
    if not image_details:
        wrong["images"] = "are missing"
        return []
    if not isinstance(image_details, Sequence) or isinstance(image_details, str | bytes):
        wrong["images"] = "have to be a list"
        return []
    images = []
    for position, details in enumerate(image_details):
        field = f"images[{position}]"
        image = _checked_image(details, field, wrong)
        if image:
            images.append(image)
    types = {image.type_id for image in images}
    # A wrong image is reported once, not also as missing.
    if not any(name.startswith("images[") for name in wrong):
        _check_needed(types, wrong, job_type, use_enrolled_image=use_enrolled_image, is_entered=is_entered)
    return _with_unique_names(images)


def open_image_files(images: Sequence[Image], stack: ExitStack) -> list[OpenImage]:
    """Open every image of a file type.

    stack: closes the files that are opened here.
    Raises InvalidRequest if a file cannot be read or is empty.
    """
    return [_opened(image, stack) for image in images if image.source is not None]


def _check_needed(types: set[int], wrong: Wrong, job_type: int, *, use_enrolled_image: bool, is_entered: bool) -> None:
    is_document = job_type in constants.DOCUMENT_JOB_TYPES
    has_front = bool(types & constants.ID_FRONT_IMAGE_TYPES)
    missing = []
    if not types & constants.SELFIE_IMAGE_TYPES and not (is_document and use_enrolled_image):
        missing.append("a selfie")
    if is_document and not has_front:
        missing.append("the front of the document")
    if job_type == constants.JobType.BIOMETRIC_KYC and not has_front and not is_entered:
        missing.append("the front of the ID card (or an id_info that is `entered`)")
    if missing:
        wrong["images"] = "lack " + " and ".join(missing)


def _checked_image(details: Any, field: str, wrong: Wrong) -> Image | None:
    if not isinstance(details, Mapping):
        wrong[field] = "has to be an object with image_type_id and image"
        return None
    type_id = details.get("image_type_id")
    if isinstance(type_id, str) and re.fullmatch("[0-7]", type_id):
        type_id = int(type_id)
    if isinstance(type_id, bool) or not isinstance(type_id, int) or not 0 <= type_id <= 7:
        wrong[field] = "needs an image_type_id from 0 to 7"
        return None
    image, file_name = details.get("image"), details.get("file_name")
    has_image, has_name = _is_given(image), _is_given(file_name)
    if has_image == has_name:
        wrong[field] = "needs exactly one of image and file_name"
    elif type_id in constants.BASE64_IMAGE_TYPES:
        inline = _base64_text(image) if has_image else None
        if inline:
            return Image(field, int(type_id), inline=inline)
        wrong[field] = f"has to be base64 text, as image type {int(type_id)} says"
    elif problem := _problem(source := _source(image if has_image else file_name)):
        wrong[field] = problem
    else:
        return Image(field, int(type_id), _base_name(source, int(type_id)), source)
    return None


def _is_given(value: Any) -> bool:
    return value is not None and not (isinstance(value, str | bytes) and not value)


def _base64_text(value: Any) -> str | None:
    """Plain base64 without line breaks or a data: prefix; None if it is invalid or empty."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("ascii", "replace")
    if not isinstance(value, str):
        return None
    if value.startswith("data:"):
        value = value.partition(",")[2]
    value = "".join(value.split())
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value or None


def _source(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
        return os.fsdecode(value) if isinstance(value, bytes) else value
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def _problem(source: Any) -> str | None:
    """Why `source` cannot be sent, or None. A stream that cannot be rewound is not read before it is sent."""
    if isinstance(source, bytes):
        return None if source else "is empty"
    try:
        if isinstance(source, str):
            # Opening anything but a regular file could block for ever, or read a device.
            if not stat.S_ISREG(os.stat(source).st_mode):
                return "is not a file"
            with open(source, "rb") as file:
                return None if file.read(1) else "is empty"
        if not callable(getattr(source, "read", None)):
            return "has to be a path, bytes or an open binary file"
        if not _is_rewindable(source):
            return None
        source.seek(0)
        first = source.read(1)
        source.seek(0)
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return _UNREADABLE.format(error.strerror or "unknown reason")
    except ValueError:
        return _UNREADABLE.format("it is closed, or its name is not a file name")
    if not isinstance(first, bytes):
        return "has to be opened in binary mode"
    return None if first else "is empty"


def _is_rewindable(file: Any) -> bool:
    try:
        return hasattr(file, "seek") and hasattr(file, "tell") and (not hasattr(file, "seekable") or file.seekable())
    except OSError:
        return False


def _opened(image: Image, stack: ExitStack) -> OpenImage:
    source: Any = image.source
    file: Any
    if isinstance(source, bytes):
        return OpenImage(image, io.BytesIO(source), len(source))
    try:
        if isinstance(source, str):
            file = stack.enter_context(open(source, "rb"))  # noqa: SIM115  # The stack closes it.
        elif _is_rewindable(source):
            file = source
        else:
            # Its length must be known before the first byte is sent. It is kept on disk, not in memory.
            file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # As above.
            shutil.copyfileobj(source, file)
        file.seek(0, io.SEEK_END)
        size = file.tell()
    except (OSError, ValueError, TypeError):
        size = 0
    if not size:
        raise InvalidRequest({image.field: "cannot be read or is empty"})
    return OpenImage(image, file, size)


def _base_name(source: Any, type_id: int) -> str:
    given = source if isinstance(source, str) else getattr(source, "filename", None) or getattr(source, "name", None)
    name = re.split(r"[\\/]", given)[-1] if isinstance(given, str) else ""
    name = re.sub(r"[^\w.\- ]", "_", name, flags=re.ASCII).strip(" .")[-80:]
    return name or _NAMES[type_id]


def _with_unique_names(images: list[Image]) -> list[Image]:
    """Rename images of the same name, which would overwrite each other when the zip is unpacked."""
    taken = set(_RESERVED_NAMES)
    result = []
    for image in images:
        name, count = image.name, 1
        while name.lower() in taken:
            count += 1
            stem, dot, ending = image.name.rpartition(".")
            name = f"{stem}_{count}.{ending}" if dot else f"{image.name}_{count}"
        if name:
            taken.add(name.lower())
        result.append(Image(image.field, image.type_id, name, image.source, image.inline))
    return result
