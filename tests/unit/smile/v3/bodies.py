"""Reads a multipart body with the standard library, which shares no code with ours."""

import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, NamedTuple

from tests.unit.smile.fake_smile import Request


class Part(NamedTuple):
    name: str
    file_name: str | None
    content_type: str
    content: bytes


def parts_of(content_type: str, body: bytes) -> list[Part]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return [
        Part(
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            str(part["Content-Type"] or ""),
            part.get_payload(decode=True) or b"",  # type: ignore[arg-type]
        )
        for part in message.iter_parts()
    ]


def parts_of_request(request: Request) -> list[Part]:
    request.body.seek(0)
    return parts_of(request.headers["content-type"], request.body.read())


def fields_of(request: Request) -> dict[str, Any]:
    """Texts and JSON by name; of images their number."""
    found: dict[str, Any] = {}
    for part in parts_of_request(request):
        if part.file_name:
            found[part.name] = found.get(part.name, 0) + 1
        else:
            text = part.content.decode()
            found[part.name] = json.loads(text) if part.content_type == "application/json" else text
    return found
