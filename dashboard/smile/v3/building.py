"""Turns a typed request into what is sent: checked texts, JSON and images."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Any

from dashboard.smile.image_files import Image
from dashboard.smile.v3.images import KINDS, checked_images, opened_images
from dashboard.smile.v3.multipart import JSON, Multipart, Part
from dashboard.smile.v3.people import checked_consent, checked_user_details
from dashboard.smile.v3.requests import Submission
from dashboard.smile.v3.rules import check_value
from dashboard.smile.validation import Wrong


@dataclass(frozen=True)
class Built:
    """A checked request. values: what its texts and JSON say, by field. user_id: for the header User-ID, or ""."""

    path: str
    values: dict[str, Any]
    images: list[Image]
    user_id: str = ""

    def body(self, stack: ExitStack) -> Multipart:
        """Open the images and make the body; `stack` closes them.

        Raises InvalidRequest if an image cannot be read, has the wrong format or cannot be made small enough.
        """
        parts = text_parts(self.values)
        return Multipart(parts, opened_images(self.images, stack, len(Multipart(parts))))


def build(request: Submission, default_callback: str, bound: frozenset[str], wrong: Wrong) -> Built:
    """Check a request.

    default_callback: for a request that names none, "" where there is none. bound: the fields that the token holds.
    wrong: takes what is wrong, by field.
    """
    given = {field.name: getattr(request, field.name) for field in fields(request)}
    given = {name: value for name, value in given.items() if value is not None and value != ""}
    if default_callback and "callback_url" not in bound:
        given.setdefault("callback_url", default_callback)
    values: dict[str, Any] = {}
    images: list[Image] = []
    for name, value in given.items():
        if name in KINDS:
            images += checked_images(name, value, wrong)
        elif name not in ("consent", "user_details"):
            check_value(name, value, wrong)
            values[name] = value
    for name in request.needed():
        if name not in given and name not in bound:
            wrong[name] = "is missing"
    if "consent" in given or "consent" not in bound:
        values["consent"] = checked_consent(request.consent, wrong)
    if "user_details" in given or not {"given_names", "last_name"} <= bound:
        values["user_details"] = checked_user_details(request.user_details, wrong, bound)
    request.check_together(wrong)
    # A header cannot hold every letter.
    in_header = request.user_id_in_header and str(values.get("user_id", "")).isascii()
    user_id = str(values.pop("user_id", "")) if in_header else ""
    return Built(request.path, values, images, user_id)


def text_parts(values: Mapping[str, Any]) -> list[Part]:
    """The parts of these values: texts first, then JSON."""
    texts, objects = [], []
    for name, value in values.items():
        if isinstance(value, bool):
            texts.append(Part(name, "true" if value else "false"))
        elif isinstance(value, Mapping | Sequence) and not isinstance(value, str):
            objects.append(Part(name, json.dumps(value, separators=(",", ":"), default=dict), JSON))
        else:
            texts.append(Part(name, str(value)))
    return [*texts, *objects]
