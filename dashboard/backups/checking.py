"""Checks a deployment: is the data intact, are the images there, and do the current keys open what is sealed?"""

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select, text
from sqlmodel import col

from dashboard import migrations
from dashboard.audit.chain import check_chain
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.features import metadata
from dashboard.jobs.models import Image, Job
from dashboard.privacy.unreadable import IMAGES, SealedPlace, look_at_all, problem_with_image, problem_with_value
from dashboard.sealed import SealedColumn

#: How many values of each sealed column, and how many images, are opened unless all are requested.
SAMPLE = 200


def check_deployment(
    database: Database, settings: Settings, columns: Sequence[SealedColumn], *, every_value: bool
) -> Iterator[str]:
    """Yields a line for each problem. With `every_value`, for each value and file that cannot be opened."""
    if not migrations.is_current(database):
        yield "The tables are not up to date; run `dashboard db upgrade`."
        return
    yield from check_integrity(database)
    if every_value:
        for looked in look_at_all(database, settings, columns):
            if looked.problem:
                yield f"{looked.place}: {looked.problem}"
    else:
        yield from _check_some_images(database, settings)
        for column in columns:
            yield from _check_some_values(database, column)
    with database.reading() as session:
        trail = check_chain(session)
    if not trail.is_unbroken:
        yield f"The audit trail was changed. {trail.why}"


def check_integrity(database: Database) -> Iterator[str]:
    """Yields the problems that the engine finds, and references to rows that do not exist."""
    with database.reading() as session:
        connection = session.connection()
        if database.is_sqlite:
            for (finding,) in connection.execute(text("PRAGMA quick_check(20)")):
                if finding != "ok":
                    yield f"The database file is damaged: {finding}."
        for table in metadata.sorted_tables:
            for key in table.foreign_keys:
                parent = key.column.table.alias()
                is_there = select(1).where(parent.c[key.column.name] == key.parent).exists()
                lost = select(func.count()).select_from(table).where(key.parent.is_not(None), ~is_there)
                count = connection.execute(lost).scalar_one()
                if count:
                    yield f"{count} rows of {table.name} belong to one of {key.column.table.name} that is not there."


def _check_some_images(database: Database, settings: Settings) -> Iterator[str]:
    """Opens the newest images, and checks that all others have a file."""
    with_place = select(Image, col(Job.environment)).join(Job, col(Job.id) == col(Image.job_id))
    newest_first = with_place.order_by(col(Image.id).desc()).execution_options(yield_per=SAMPLE)
    with database.reading() as session:
        for number, (image, environment) in enumerate(session.execute(newest_first)):
            if number < SAMPLE or not (settings.media_root / environment / image.media_path).is_file():
                problem = problem_with_image(database, settings, image, environment)
                if problem:
                    yield f"{SealedPlace(IMAGES, image.id)}: {problem}"


def _check_some_values(database: Database, column: SealedColumn) -> Iterator[str]:
    filled = select(column.key, column.value).where(column.value.is_not(None))
    with database.reading() as session:
        rows = [
            row
            for order in (column.key.asc(), column.key.desc())
            for row in session.connection().execute(filled.order_by(order).limit(SAMPLE // 2))
        ]
    unreadable = {row_id for row_id, value in rows if problem_with_value(database, column, row_id, value)}
    if unreadable:
        one = next(iter(unreadable))
        yield f"{len(unreadable)} values of {column.full_name} cannot be opened, for example that of {one}."
