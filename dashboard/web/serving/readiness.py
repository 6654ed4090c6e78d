"""Whether this process can serve: its database, its tables, and room for files. Cheap, however often it is asked."""

from pathlib import Path
from threading import Lock
from time import monotonic

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from dashboard import migrations
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.outages import DATABASE_AWAY, DATABASE_FULL, DATABASE_READ_ONLY, what_is_away
from dashboard.writable import is_full, problem_of_folder

SECONDS_TRUSTED = 2.0
OLD_TABLES = "The database tables are not up to date."
NO_IMAGES = "Images cannot be stored."
NO_ROOM_FOR_IMAGES = "There is no room left for images."


class Readiness:
    """The readiness of one process. One request checks every two seconds; the others get the last result."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._looking = Lock()
        self._found: tuple[str, float] | None = None

    def problem(self) -> str:
        """A sentence about the part that is down, without consequences; empty if all is well."""
        found = self._found
        if found is None or monotonic() - found[1] > SECONDS_TRUSTED:
            # While another thread looks, the last result counts; only at the start do all wait.
            if not self._looking.acquire(blocking=found is None):
                return found[0] if found else ""
            try:
                found = self._found = self._look(), monotonic()
            finally:
                self._looking.release()
        return found[0]

    def _look(self) -> str:
        return problem_of_database(self._database) or self._problem_of_files()

    def _problem_of_files(self) -> str:
        if self._database.is_sqlite:
            folder = Path(make_url(self._settings.database_url).database or ".").parent
            problem = problem_of_folder(folder)
            if problem:
                return DATABASE_FULL.sentence if is_full(problem) else DATABASE_READ_ONLY.sentence
        problem = problem_of_folder(self._settings.media_dir)
        if problem is None:
            return ""
        return NO_ROOM_FOR_IMAGES if is_full(problem) else NO_IMAGES


def problem_of_database(database: Database) -> str:
    """Why the database cannot be used: it is down, its tables are old, or it accepts no changes."""
    try:
        if not migrations.is_current(database):
            return OLD_TABLES
        return "" if database.takes_writes() else DATABASE_READ_ONLY.sentence
    except SQLAlchemyError as error:
        return (what_is_away(error) or DATABASE_AWAY).sentence
