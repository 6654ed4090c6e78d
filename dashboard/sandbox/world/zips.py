"""Reads the submitted zip entry by entry within limits; nothing is extracted to disk."""

import base64
import binascii
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.fields import Json
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.world.store import Job
from dashboard.smile.constants import (
    BASE64_IMAGE_TYPES,
    DOCUMENT_JOB_TYPES,
    FILE_IMAGE_TYPES,
    ID_BACK_IMAGE_TYPES,
    ID_FRONT_IMAGE_TYPES,
    SELFIE_IMAGE_TYPES,
)

ZIP_CORRUPT = ("0903", "Zip Corrupt")
DATA_INVALID = ("0001", "Data Invalid")
SELFIE_UNUSABLE = ("0001", "Selfie image unusable")
CARD_UNUSABLE = ("0001", "ID Card image unusable")

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"


class ZipRejected(Exception):
    """A zip that ends its job with an error.

    code, text: the result. reason: for the console.
    """

    def __init__(self, verdict: tuple[str, str], reason: str) -> None:
        super().__init__(reason)
        self.code, self.text = verdict
        self.reason = reason


@dataclass
class Submission:
    """The content of a good zip: id_info, and the first image of each kind that is shown later."""

    id_info: Json = field(repr=False)
    selfie: bytes | None = field(default=None, repr=False)
    id_card_image: bytes | None = field(default=None, repr=False)
    id_card_back: bytes | None = field(default=None, repr=False)


def open_submission(data: bytes, job: Job, settings: SandboxSettings) -> Submission:
    """Check the zip of `job` completely.

    Raises ZipRejected at the first problem.

    https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
    """
    entries = _read_entries(data, settings)
    info = _read_info(entries, job)
    id_info = _object(info, "id_info")
    if "consent_information" in info:
        # Phone apps put it next to id_info, hosted pages inside.
        id_info.setdefault("consent_information", info["consent_information"])
    submission = Submission(id_info)
    images = info.get("images")
    if not isinstance(images, list) or not images:
        raise ZipRejected(DATA_INVALID, "info.json lists no images")
    for image in images:
        kind, content = _read_image(image, entries, settings)
        if kind in SELFIE_IMAGE_TYPES:
            submission.selfie = submission.selfie or content
        elif kind in ID_FRONT_IMAGE_TYPES:
            submission.id_card_image = submission.id_card_image or content
        elif kind in ID_BACK_IMAGE_TYPES:
            submission.id_card_back = submission.id_card_back or content
    _check_complete(submission, job)
    return submission


def is_entered(id_info: Json) -> bool:
    """Whether the typed number is to be looked up; Smile's libraries send a boolean or its text."""
    return id_info.get("entered") in (True, "true")


def _read_entries(data: bytes, settings: SandboxSettings) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    left = settings.max_unzipped_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > settings.max_zip_entries:
                raise ZipRejected(ZIP_CORRUPT, "too many entries")
            for entry in archive.infolist():
                limit = min(left, settings.max_image_bytes)
                with archive.open(entry) as file:
                    # Reading one byte past the limit finds a zip bomb without trusting its headers.
                    content = file.read(limit + 1)
                if len(content) > limit:
                    raise ZipRejected(ZIP_CORRUPT, "an entry is too large")
                left -= len(content)
                entries[entry.filename] = content
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError
    ) as error:  # fmt: skip
        # zipfile reports encryption as RuntimeError and unknown compression as NotImplementedError.
        raise ZipRejected(ZIP_CORRUPT, "not a readable zip") from error
    return entries


def _read_info(entries: dict[str, bytes], job: Job) -> Json:
    if "info.json" not in entries:
        raise ZipRejected(ZIP_CORRUPT, "no info.json")
    try:
        info = json.loads(entries["info.json"])
    except (ValueError, RecursionError) as error:
        raise ZipRejected(DATA_INVALID, "info.json is not JSON") from error
    if not isinstance(info, dict):
        raise ZipRejected(DATA_INVALID, "info.json is not an object")
    # Hosted pages and phone apps send no misc_information; if there is one, it must be about this job.
    params = _object(_object(info, "misc_information"), "partner_params")
    for name, expected in (("job_id", job.job_id), ("user_id", job.user_id), ("job_type", str(job.job_type))):
        if name in params and str(params[name]) != expected:
            raise ZipRejected(DATA_INVALID, f"info.json names another {name}")
    return info


def _read_image(image: Any, entries: dict[str, bytes], settings: SandboxSettings) -> tuple[int, bytes]:
    if not isinstance(image, dict):
        raise ZipRejected(DATA_INVALID, "an image is not an object")
    kind = image.get("image_type_id")
    if isinstance(kind, str) and kind.isascii() and kind.isdigit() and len(kind) < 4:
        kind = int(kind)
    if isinstance(kind, bool) or not isinstance(kind, int) or kind not in FILE_IMAGE_TYPES | BASE64_IMAGE_TYPES:
        raise ZipRejected(DATA_INVALID, "an image has no known image_type_id")
    inline, name = image.get("image") or "", image.get("file_name") or ""
    if not isinstance(inline, str) or not isinstance(name, str) or bool(inline) == bool(name):
        raise ZipRejected(DATA_INVALID, f"image type {kind} needs exactly one of image and file_name")
    if bool(name) != (kind in FILE_IMAGE_TYPES):
        raise ZipRejected(DATA_INVALID, f"image type {kind} came the wrong way, as file or as base64")
    content = _named_file(name, entries) if name else _decoded(inline, kind)
    is_image = content.startswith(_JPEG) or (settings.accept_png and content.startswith(_PNG))
    if not is_image or len(content) > settings.max_image_bytes:
        raise ZipRejected(_unusable(kind), f"image type {kind} is not a JPEG or PNG of a fair size")
    return kind, content


def _named_file(name: str, entries: dict[str, bytes]) -> bytes:
    if name not in entries or "/" in name or "\\" in name:
        raise ZipRejected(ZIP_CORRUPT, "a named image file is missing from the zip")
    return entries[name]


def _decoded(inline: str, kind: int) -> bytes:
    try:
        return base64.b64decode(inline, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ZipRejected(_unusable(kind), f"image type {kind} is not base64") from error


def _unusable(kind: int) -> tuple[str, str]:
    return CARD_UNUSABLE if kind in ID_FRONT_IMAGE_TYPES | ID_BACK_IMAGE_TYPES else SELFIE_UNUSABLE


def _check_complete(submission: Submission, job: Job) -> None:
    id_info = submission.id_info
    is_document = job.job_type in DOCUMENT_JOB_TYPES
    if submission.selfie is None and not (is_document and job.use_enrolled_image):
        raise ZipRejected(SELFIE_UNUSABLE, "no selfie")
    if is_document and submission.id_card_image is None:
        raise ZipRejected(CARD_UNUSABLE, "no front of the document")
    # Biometric KYC compares the selfie with the authority's photo or with the card, so it needs one of them.
    if job.job_type == 1 and submission.id_card_image is None and not is_entered(id_info):
        raise ZipRejected(CARD_UNUSABLE, "neither a front of the card nor an entered number")
    required: tuple[str, ...] = {6: ("country",), 11: ("country", "id_type")}.get(job.job_type, ())
    if is_entered(id_info) and not is_document:
        required = ("country", "id_type", "id_number")
    if missing := [name for name in required if not id_info.get(name)]:
        raise ZipRejected(DATA_INVALID, f"id_info lacks {', '.join(missing)}")


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ZipRejected(DATA_INVALID, f"{name} is not an object")
    return value
