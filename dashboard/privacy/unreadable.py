"""Finds sealed values and media files that cannot be opened, in order of key, with a few in memory at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import Database
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown
from dashboard.jobs.models import Image, Job
from dashboard.jobs.submitting.media import image_or_none
from dashboard.sealed import SealedColumn
from dashboard.stored_settings import read_setting, write_setting
from dashboard.web.pages.filters import duration_in_words

#: Values in memory at a time: a body may be megabytes.
BATCH = 20
#: Rows of images in memory at a time. Their files are opened one by one.
ROWS = 200
FIRST = UUID(int=0)
IMAGES = "image.media_path"
#: How much one run reads, where each value counts this much beyond its size. The next run continues from there.
MOST_BYTES = 1024**3
BYTES_PER_VALUE = 1000
LOOK = "look_for_unreadable_values"  # the name of the stored setting


class SealedPlace(NamedTuple):
    """Where a value or a file is stored, without its content."""

    name: str  # of the column, as table.column
    row_id: UUID

    def __str__(self) -> str:
        table, _, column = self.name.partition(".")
        return f"{table} {self.row_id} {column}"


class CheckedValue(NamedTuple):
    """One value or file that was tried. `problem` is empty if it opens."""

    place: SealedPlace
    size: int
    problem: str


@dataclass(frozen=True)
class UnreadableScan:
    """The position of the current check and its findings by column, and those of the last complete check."""

    found: dict[str, int]
    last: SealedPlace | None = None  # where it continues
    complete: dict[str, int] | None = None
    completed_at: datetime | None = None

    @classmethod
    def stored(cls, session: Session) -> "UnreadableScan":
        stored = read_setting(session, LOOK)
        if stored is None:
            return cls({})
        return cls(
            stored["found"],
            SealedPlace(stored["place"], UUID(stored["row_id"])) if stored["place"] else None,
            stored["complete"],
            datetime.fromisoformat(stored["completed_at"]) if stored["completed_at"] else None,
        )

    def store(self, session: Session, now: datetime) -> None:
        values = {
            "found": self.found,
            "place": self.last.name if self.last else None,
            "row_id": str(self.last.row_id) if self.last else None,
            "complete": self.complete,
            "completed_at": self.completed_at.isoformat() if self.completed_at else None,
        }
        write_setting(session, LOOK, values, now)

    @property
    def counts(self) -> dict[str, int]:
        """The findings by column: of the last check, or of the current one if that has found more."""
        known = self.complete or {}
        names = {*known, *self.found}
        return {name: max(known.get(name, 0), self.found.get(name, 0)) for name in sorted(names)}


def look_at_all(
    database: Database, settings: Settings, columns: Sequence[SealedColumn], after: SealedPlace | None = None
) -> Iterator[CheckedValue]:
    """Tries every sealed value and every media file once, or those after a place."""
    names = [*(column.full_name for column in columns), IMAGES]
    begin, row_id = (names.index(after.name), after.row_id) if after and after.name in names else (0, FIRST)
    for column in columns[begin:]:
        yield from _look_at_column(database, column, row_id)
        row_id = FIRST
    yield from _look_at_images(database, settings, row_id)


def look_on(database: Database, settings: Settings, columns: Sequence[SealedColumn], now: datetime) -> UnreadableScan:
    """Continues where the last run stopped, for a limited number of bytes, and saves the findings."""
    with database.reading() as session:
        look = UnreadableScan.stored(session)
    found, place, left, is_complete = dict(look.found), look.last, MOST_BYTES, True
    for looked in look_at_all(database, settings, columns, place):
        if left <= 0:
            is_complete = False
            break
        place = looked.place
        left -= looked.size + BYTES_PER_VALUE
        if looked.problem:
            found[place.name] = found.get(place.name, 0) + 1
    look = (
        UnreadableScan({}, None, found, now)
        if is_complete
        else UnreadableScan(found, place, look.complete, look.completed_at)
    )
    with database.transaction() as session:
        look.store(session, now)
    return look


def unreadable_values(context: CheckContext) -> Finding:
    """The health check: what the worker found last."""
    look = UnreadableScan.stored(context.session)
    counts = {name: count for name, count in look.counts.items() if count}
    if counts:
        named = ", ".join(f"{count:,} of {name}" for name, count in counts.items())
        advice = (
            "Run `dashboard db check --all`, which lists each. Restore a missing encryption key, or the files from "
            "a backup. Everything else works without them."
        )
        return bad(f"Sealed values and files that cannot be opened: {named}.", advice)
    if look.completed_at is None:
        return unknown("The worker has not tried yet whether all sealed values and files can be opened.")
    return ok(f"All sealed values and files could be opened {duration_in_words(context.now - look.completed_at)} ago.")


def problem_with_value(database: Database, column: SealedColumn, row_id: UUID, value: Any) -> str:
    sealed = column.take_out(value) if value else None
    if not sealed or database.keyring.open_or_none(bytes(sealed), column.associated_data(row_id)) is not None:
        return ""
    return CANNOT_BE_OPENED


def problem_with_image(database: Database, settings: Settings, image: Image, environment: str) -> str:
    """The problem with an image; empty if it opens. A file that is gone with its row was erased a moment ago."""
    folder = settings.media_root / environment
    content = image_or_none(database.keyring, folder, image)
    if content is not None and len(content) == image.size:
        return ""
    with database.reading() as session:
        if session.get(Image, image.id) is None:
            return ""
    return CANNOT_BE_OPENED if (folder / image.media_path).exists() else f"{CANNOT_BE_OPENED}, its file is missing"


def _look_at_column(database: Database, column: SealedColumn, after: UUID) -> Iterator[CheckedValue]:
    while True:
        filled = select(column.key, column.value).where(column.key > after, column.value.is_not(None))
        with database.reading() as session:
            rows = session.connection().execute(filled.order_by(column.key).limit(BATCH)).all()
        if not rows:
            return
        for row_id, value in rows:
            problem = problem_with_value(database, column, row_id, value)
            yield CheckedValue(SealedPlace(column.full_name, row_id), len(value), problem)
        after = rows[-1][0]


def _look_at_images(database: Database, settings: Settings, after: UUID) -> Iterator[CheckedValue]:
    for image, environment in all_images(database, after):
        yield CheckedValue(
            SealedPlace(IMAGES, image.id), image.size, problem_with_image(database, settings, image, environment)
        )


def all_images(database: Database, after: UUID = FIRST) -> Iterator[tuple[Image, str]]:
    """Each image with the environment of its job, which is also the folder of its file."""
    of_jobs = select(Image, Job.environment).join(Job, col(Job.id) == col(Image.job_id)).order_by(col(Image.id))
    while True:
        with database.reading() as session:
            rows = session.exec(of_jobs.where(col(Image.id) > after).limit(ROWS)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1][0].id
