"""The body of a request: multipart/form-data with a length that is known before the first byte is sent."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.smile.image_files import OpenImage

TEXT, JSON = "", "application/json"


@dataclass(frozen=True)
class Part:
    """One text of the body. content_type: JSON for an object or a list, TEXT for anything else."""

    name: str
    text: str
    content_type: str = TEXT


@dataclass(frozen=True)
class FilePart:
    """One image of the body. name: that of the field. content_type: image/jpeg or image/png."""

    name: str
    file_name: str
    content_type: str
    image: OpenImage


class Multipart:
    """The body of one request; it can be sent any number of times. Its `len()` is the exact size in bytes.

    parts: texts, then images, in the order in which they are sent.

    https://github.com/smileidentity/api-reference
    """

    def __init__(self, parts: Sequence[Part], files: Sequence[FilePart] = ()) -> None:
        self._boundary = secrets.token_hex(16)
        self._texts = [(self._head(part.name, "", part.content_type), part.text.encode()) for part in parts]
        self._files = [(self._head(file.name, file.file_name, file.content_type), file.image) for file in files]
        self._end = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """The value of the header Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        texts = sum(len(head) + len(text) + 2 for head, text in self._texts)
        return texts + sum(len(head) + image.size + 2 for head, image in self._files) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for head, text in self._texts:
            yield head + text + b"\r\n"
        for head, image in self._files:
            yield head
            yield from image.pieces()
            yield b"\r\n"
        yield self._end

    def _head(self, name: str, file_name: str, content_type: str) -> bytes:
        # Names are those of the API and file names our own, so none needs escaping.
        lines = [f"--{self._boundary}", f'Content-Disposition: form-data; name="{name}"']
        if file_name:
            lines[-1] += f'; filename="{file_name}"'
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        return "\r\n".join([*lines, "", ""]).encode()
