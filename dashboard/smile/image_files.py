"""Image files: where an image comes from, whether it can be read, and its content in pieces."""

import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

from dashboard.smile.errors import InvalidRequest

PIECE_BYTES = 64 * 1024
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


def open_image_files(images: Sequence[Image], stack: ExitStack) -> list[OpenImage]:
    """Open every image of a file type.

    stack: closes the files that are opened here.
    Raises InvalidRequest if a file cannot be read or is empty.
    """
    return [_opened(image, stack) for image in images if image.source is not None]


def source_of(value: Any) -> Any:
    """A path as text, bytes as bytes; anything else as it is."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
        return os.fsdecode(value) if isinstance(value, bytes) else value
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def problem_of(source: Any) -> str | None:
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
