"""Reads and writes the file of a backup: a ZIP whose last members describe its content. Needs no database.

database.sqlite, or tables/<name>.copy     the data
media/<environment>/<path>                 images, sealed as on disk
manifest.json                              time, engine, revision, counts, and the SHA-256 of each member before it
manifest.seal                              its sealed digest, which proves that our keys made it and nothing changed
"""

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.errors import Conflict

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.seal"
SEAL_IDENTITY = "backup:manifest"
CHUNK = 1024 * 1024
MOST_MANIFEST_BYTES = 512 * CHUNK


@dataclass(frozen=True)
class ArchiveMember:
    sha256: str
    size: int


@dataclass
class Manifest:
    made_at: str
    engine: str  # sqlite or postgresql
    revision: str  # of the schema
    counts: dict[str, int]  # the rows of each table, parents first
    members: dict[str, ArchiveMember] = field(default_factory=dict)
    missing_images: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def image_count(self) -> int:
        return sum(name.startswith("media/") for name in self.members)


class ArchiveWriter:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.members: dict[str, ArchiveMember] = {}

    def add(self, name: str, pieces: Iterable[bytes], *, is_sealed: bool = False) -> None:
        """Adds a member piece by piece, so that it need not fit into memory. Sealed data is not compressed."""
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_STORED if is_sealed else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._file.open(entry, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self.members[name] = ArchiveMember(digest.hexdigest(), size)

    def finish(self, manifest: Manifest, keyring: KeyRing) -> None:
        manifest.members = self.members
        text = json.dumps(asdict(manifest), indent=1).encode()
        self._file.writestr(MANIFEST, text)
        seal = keyring.seal(hashlib.sha256(text).digest(), SEAL_IDENTITY)
        self._file.writestr(SEAL, base64.b64encode(seal))


@contextmanager
def write_aside(target: Path) -> Iterator[ArchiveWriter]:
    """Writes an archive aside, and moves it to `target` once it is complete and on disk. A failure leaves `target`."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", compresslevel=1) as archive:
                yield ArchiveWriter(archive)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        sync_folder(target.parent)
    finally:
        aside.unlink(missing_ok=True)


class ArchiveReader:
    """Reads a backup that was made with our keys. Call `verify` before anything is done with its content."""

    def __init__(self, archive: zipfile.ZipFile, keyring: KeyRing) -> None:
        self._archive = archive
        self.manifest = _read_manifest(archive, keyring)

    def verify(self) -> None:
        expected = {*self.manifest.members, MANIFEST, SEAL}
        names = self._archive.namelist()
        if len(names) != len(expected) or set(names) != expected:
            raise Conflict("This backup is damaged: its content does not match its list of contents.")
        for name, member in self.manifest.members.items():
            digest = hashlib.sha256()
            try:
                for piece in self.pieces(name):
                    digest.update(piece)
            except (zipfile.BadZipFile, OSError, EOFError, ValueError):
                raise Conflict(f"This backup is damaged: {name} cannot be read.") from None
            if digest.hexdigest() != member.sha256:
                raise Conflict(f"This backup is damaged: {name} was changed.")

    def pieces(self, name: str) -> Iterator[bytes]:
        with self._archive.open(name) as member:
            yield from read_in_pieces(member)

    def extract(self, name: str, target: Path) -> None:
        """Writes a member aside and moves it to `target`, readable only by us."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.part")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(self.pieces(name))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)


@contextmanager
def open_backup(path: Path, keyring: KeyRing) -> Iterator[ArchiveReader]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise Conflict(f"{path.name} is not a backup, or is damaged ({type(error).__name__}).") from None
    with archive:
        yield ArchiveReader(archive, keyring)


def read_in_pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def sync_folder(folder: Path) -> None:
    """Syncs a folder, so that a power cut does not undo a move. Does nothing on systems that cannot."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_manifest(archive: zipfile.ZipFile, keyring: KeyRing) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > MOST_MANIFEST_BYTES or archive.getinfo(SEAL).file_size > CHUNK:
            raise ValueError
        text, seal = archive.read(MANIFEST), base64.b64decode(archive.read(SEAL))
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise Conflict("This is not a backup of Partner Desk, or its list of contents is damaged.") from None
    try:
        is_ours = keyring.open(seal, SEAL_IDENTITY) == hashlib.sha256(text).digest()
    except UnreadableValue:
        message = (
            "None of the keys in DASHBOARD_ENCRYPTION_KEYS made this backup, so the encrypted data in it could not be "
            "read. Add the key that was in use then."
        )
        raise Conflict(message) from None
    if not is_ours:
        raise Conflict("This backup is damaged: its list of contents was changed after it was made.")
    read = json.loads(text)
    if read.get("format") != FORMAT:
        raise Conflict("This backup was made by another version of Partner Desk, which is needed to read it.")
    read["members"] = {name: ArchiveMember(**member) for name, member in read["members"].items()}
    return Manifest(**read)
