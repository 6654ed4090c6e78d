"""Reads the parts of a multipart body: texts, JSON, and files."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.formparser import FormDataParser

from dashboard.sandbox.gateway import LOG_ENTRY
from dashboard.sandbox.request_log import summary
from dashboard.sandbox.state import current
from dashboard.sandbox.v3.refusals import (
    GATEWAY_TOO_LARGE,
    TOO_LARGE,
    WRONG_TYPE,
    Refused,
    invalid,
    missing,
)

_DEEPEST = 30
MOST_PARTS = 1000


@dataclass(frozen=True)
class Parts:
    """The parts of one body, by name. Texts that are no JSON are reported when JSON is asked for."""

    texts: dict[str, str] = field(default_factory=dict, repr=False)
    files: dict[str, list[bytes]] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """A text, "" if it is missing."""
        return self.texts.get(name, "").strip()

    def flag(self, name: str) -> bool | None:
        """A boolean, None if it is missing. Raises Refused (400) for anything but `true` and `false`."""
        text = self.text(name)
        if text not in ("", "true", "false"):
            raise invalid(name)
        return text == "true" if text else None

    def json(self, name: str) -> Any:
        """The value of a JSON part, None if it is missing. Raises Refused (400) for anything else."""
        if not self.text(name):
            return None
        try:
            value = json.loads(self.texts[name], parse_constant=_refuse_constant)
            # What was read has to be text that can be stored and sent again.
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise missing(name) from None
        if _depth(value) > _DEEPEST:
            raise missing(name)
        return value


def read_parts() -> Parts:
    """The parts of the current request.

    Raises Refused: 413 for a body that is too large, 415 for one that is not multipart/form-data.
    """
    check_size()
    if request.mimetype != "multipart/form-data":
        raise Refused(415, WRONG_TYPE)
    body = request.get_data()
    # In memory, where the body is already: a broken body would leave temporary files open.
    parser = FormDataParser(lambda *_, **__: io.BytesIO(), max_form_parts=MOST_PARTS)
    _, texts, found = parser.parse(io.BytesIO(body), request.mimetype, len(body), request.mimetype_params)
    files = {name: [file.read() for file in found.getlist(name)] for name in found}
    if (entry := request.environ.get(LOG_ENTRY)) is not None:
        entry["summary"] = summary({**dict(texts), **files})
    return Parts(dict(texts), files)


def check_size() -> None:
    """Check the size of the body. Raises Refused (413)."""
    settings, size = current().settings, request.content_length or 0
    if size > settings.v3_max_gateway_bytes:
        raise Refused(413, GATEWAY_TOO_LARGE, from_gateway="payload_too_large")
    if size > settings.v3_max_request_bytes:
        raise Refused(413, TOO_LARGE)


def _depth(value: Any, depth: int = 0) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((_depth(each, depth + 1) for each in inner), default=depth)


def _refuse_constant(name: str) -> None:
    # NaN and Infinity are Python's additions to JSON.
    raise ValueError(name)
