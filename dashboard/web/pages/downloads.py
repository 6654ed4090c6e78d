"""Downloads: each file is made first and then sent with its length, so that an error ends in an error page."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from flask import Response

from dashboard.context import current

FOLDER = "outgoing"  # below the instance folder
PIECE_BYTES = 64 * 1024


def download(file_name: str, mimetype: str, write: Callable[[BinaryIO], None]) -> Response:
    """Sends the file that `write` makes. It has no name and only this process can read it, so nothing stays behind."""
    file = _unnamed_file()
    try:
        write(file)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Content-Length": str(size)}
    answer = Response(_pieces(file), mimetype=mimetype, headers=headers)
    # If nobody reads it to its end, it is closed with the answer, or when the answer is garbage-collected.
    answer.call_on_close(file.close)
    weakref.finalize(answer, file.close)
    return answer


def text_download(file_name: str, mimetype: str, pieces: Iterable[str]) -> Response:
    return download(file_name, mimetype, lambda file: file.writelines(piece.encode() for piece in pieces))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(PIECE_BYTES), b"")


def _unnamed_file() -> BinaryIO:
    folder = current().settings.instance_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))
