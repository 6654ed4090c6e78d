"""The images of a job: checked before anything is sent, then opened for sending.

File types (0, 1, 4, 5) are files of the zip, read piece by piece; base64 types (2, 3, 6, 7) are part of info.json.
https://docs.usesmileid.com/further-reading/faqs/what-are-the-image-types-i-can-upload-to-smile-id
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.smile import constants
from dashboard.smile.image_files import Image, problem_of, source_of
from dashboard.smile.validation import Wrong

_NAMES = {0: "selfie.jpg", 1: "id_front.jpg", 4: "liveness.jpg", 5: "id_back.jpg"}
#: Entries of the zip that have another meaning to Smile.
_RESERVED_NAMES = ("info.json", "security_info.json")


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
    elif problem := problem_of(source := source_of(image if has_image else file_name)):
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
