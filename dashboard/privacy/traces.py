"""Wipes what a database keeps of overwritten values: old pages in SQLite's log, dead rows in PostgreSQL."""

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import BUSY_TIMEOUT_MS, Database

TABLES = (
    "job",
    "name_part",
    "job_event",
    "result",
    "image",
    "callback",
    "link",
    "link_start",
    "web_token",
    "processing_run",
)
TRIES = 20
SECONDS_BETWEEN = 0.1
LONGEST_WAIT_MS = 40

log = structlog.get_logger(__name__)


def wipe_traces(database: Database) -> bool:
    """Whether all traces are gone now. Call it outside a transaction. The worker tries again if others were open."""
    try:
        return _truncate_log(database) if database.is_sqlite else _vacuum(database)
    except SQLAlchemyError as error:
        log.warning("traces_not_wiped", error=type(error).__name__)
        return False


def _truncate_log(database: Database) -> bool:
    """Empties SQLite's log, which holds old pages. The database file is clean: secure_delete overwrites."""
    for _ in range(TRIES):
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver
            # Nobody waits while this copies the log into the file, so little of it is left for what follows.
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
            # Writers wait for as long as this waits for readers, so it gives up early and tries again.
            driver.execute(f"PRAGMA busy_timeout={LONGEST_WAIT_MS}")
            busy, *_rest = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if not busy:
            return True
        time.sleep(SECONDS_BETWEEN)  # Another connection is still reading from it.
    log.warning("traces_not_wiped", error="the log is being read")
    return False


def _vacuum(database: Database) -> bool:
    """Removes dead rows. The server's own log (WAL, archives) is for its administrator to expire."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM {', '.join(TABLES)}")
    return True
