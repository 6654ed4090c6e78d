"""Stored images: sealed files on disk, opened one at a time to be sent or shown. images.py checks uploads."""

import errno
import hashlib
import io
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.db import keyring_of
from dashboard.errors import Unavailable
from dashboard.jobs.models import Image, Job
from dashboard.outages import OutageLog

MEDIA = OutageLog("images")


@dataclass(frozen=True)
class GivenImage:
    """One image as it is stored and sent, re-encoded from what was uploaded."""

    image_type: int
    content: bytes


def store_image(session: Session, media_dir: Path, job: Job, given: GivenImage, now: datetime) -> Image:
    """Writes the sealed file and adds its row. The file is on disk before the row is committed."""
    image = Image(
        job_id=job.id,
        image_type=given.image_type,
        size=len(given.content),
        sha256=hashlib.sha256(given.content).hexdigest(),
        media_path="",
        created_at=now,
    )
    image.media_path = media_path_of(image.id)
    path = media_dir / image.media_path
    try:
        write_image(keyring_of(session), path, image.id, given.content)
    except OSError as error:
        with suppress(OSError):
            path.unlink()  # It may have been written in part.
        MEDIA.failed(errno.errorcode.get(error.errno or 0, type(error).__name__))
        raise Unavailable("Images cannot be stored at the moment, so nothing was saved.") from None
    MEDIA.worked()
    session.add(image)
    return image


def media_path_of(image_id: UUID) -> str:
    """Where the file is below the folder of images."""
    return f"{image_id.hex[-2:]}/{image_id.hex}"


def write_image(keyring: KeyRing, path: Path, image_id: UUID, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, keyring.seal(content, _associated_data(image_id)))


def _write(path: Path, sealed: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())


def read_image(keyring: KeyRing, media_dir: Path, image: Image) -> bytes:
    return keyring.open((media_dir / image.media_path).read_bytes(), _associated_data(image.id))


def image_or_none(keyring: KeyRing, media_dir: Path, image: Image) -> bytes | None:
    """The image, to show or export it; None where its file is gone or damaged, or its key is missing."""
    try:
        return read_image(keyring, media_dir, image)
    except (UnreadableValue, OSError):
        return None


def is_under_key(media_dir: Path, image: Image, key_id: bytes) -> bool:
    """Whether the file was sealed with that key; False where it cannot be read."""
    try:
        with open(media_dir / image.media_path, "rb") as file:
            return file.read(len(key_id)) == key_id
    except OSError:
        return False


def seal_again(keyring: KeyRing, media_dir: Path, image: Image) -> None:
    """Seals the image again, under the first key. The new file replaces the old one atomically."""
    path = media_dir / image.media_path
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)  # from an interrupted run
    _write(new, keyring.seal(read_image(keyring, media_dir, image), _associated_data(image.id)))
    os.replace(new, path)


class SealedImage(io.RawIOBase):
    """A file object that decrypts on the first read and frees its content at the end: one image in memory at a time.

    Raises UnreadableValue when it cannot be read: an OSError would blame the file that the caller writes.
    """

    def __init__(self, keyring: KeyRing, media_dir: Path, image: Image) -> None:
        self._keyring = keyring
        self._media_dir = media_dir
        self._image = image
        self._content: bytes | None = None
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed has no name for buffers
        if self._content is None:
            if self._position >= self._image.size:
                return 0
            try:
                self._content = read_image(self._keyring, self._media_dir, self._image)
            except OSError as error:
                raise UnreadableValue(type(error).__name__) from None
        chunk = self._content[self._position : self._position + len(buffer)]
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        if self._position >= self._image.size:
            self._content = None
        return len(chunk)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._image.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position


def _associated_data(image_id: UUID) -> str:
    return f"image:{image_id}:content"
