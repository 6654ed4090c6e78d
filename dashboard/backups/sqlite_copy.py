"""Copies an SQLite database at one moment while others write, and replaces one database by another."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard.backups.archive import ArchiveReader, ArchiveWriter, read_in_pieces, sync_folder
from dashboard.db import SQLITE, Database
from dashboard.errors import Conflict

MEMBER = "database.sqlite"
IN_USE = "The database is in use. Stop every `dashboard web` and `dashboard worker` first."


@contextmanager
def snapshot(database: Database, parent: Path) -> Iterator[Database]:
    """A copy of the data of one moment, as a separate database that nobody else writes to."""
    with TemporaryDirectory(prefix=".backup-", dir=parent) as folder:
        path = Path(folder) / MEMBER
        source = database.engine.raw_connection()
        try:
            # A reader of the WAL keeps its snapshot while writers continue. Freed pages, which may contain what was
            # deleted from them, are left out. Unlike a plain VACUUM, this copies nothing into memory first.
            source.driver_connection.execute("VACUUM INTO ?", (str(path),))  # type: ignore[union-attr]  # the driver's
        finally:
            source.close()
        with database_in_file(database, path) as copied:
            yield copied


def write(copied: Database, archive: ArchiveWriter) -> None:
    copied.dispose()  # Closing the last connection removes the WAL.
    with open(path_of(copied), "rb") as file:
        archive.add(MEMBER, read_in_pieces(file))


@contextmanager
def staged_copy(database: Database, reader: ArchiveReader) -> Iterator[Database]:
    """Extracts the database of the backup next to the one that it will replace."""
    path = path_of(database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restore-", dir=path.parent) as folder:
        target = Path(folder) / MEMBER
        reader.extract(MEMBER, target)
        with database_in_file(database, target) as copied:
            yield copied


def put_in_place(database: Database, copied: Database) -> None:
    """Replaces the file by one rename. No process may have the old file open, or it would go on writing into it."""
    target = path_of(database)
    close_for_good(copied)
    close_for_good(database)
    path_of(copied).replace(target)
    sync_folder(target.parent)


def close_for_good(database: Database) -> None:
    """Merges the WAL into the file and removes it. This only works while nobody else has the database open."""
    database.dispose()
    path = path_of(database)
    if not path.exists():
        return
    with closing(SQLITE.connect(path, timeout=0)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except SQLITE.OperationalError:
            mode = "in use"
        if mode != "delete":
            raise Conflict(IN_USE)


@contextmanager
def database_in_file(database: Database, path: Path) -> Iterator[Database]:
    copied = database.sibling(f"sqlite:///{path}")
    try:
        yield copied
    finally:
        copied.dispose()


def path_of(database: Database) -> Path:
    path = database.engine.url.database
    assert path, "a database in memory has nothing to back up"
    return Path(path)
