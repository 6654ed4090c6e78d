"""What a database keeps of values after they are overwritten: old pages in SQLite's log, dead rows in PostgreSQL."""

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import BUSY_TIMEOUT_MS, Database

TABLES = ("job", "job_event", "result", "image", "callback", "link", "link_start", "web_token", "processing_run")
TRIES = 20
SECONDS_BETWEEN = 0.1
LONGEST_WAIT_MS = 200

log = structlog.get_logger(__name__)


def wipe_traces(database: Database) -> bool:
    """Whether all of them are gone now. Not within a transaction; the worker tries again later where one was open."""
    try:
        return _truncate_log(database) if database.is_sqlite else _vacuum(database)
    except SQLAlchemyError as error:
        log.warning("traces_not_wiped", error=type(error).__name__)
        return False


def _truncate_log(database: Database) -> bool:
    """The file itself is clean: secure_delete overwrites. The log holds pages of before until it is cut to nothing."""
    for _ in range(TRIES):
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver
            # It keeps writers waiting for as long as it waits for readers, so it gives up early and tries again.
            driver.execute(f"PRAGMA busy_timeout={LONGEST_WAIT_MS}")
            busy, *_rest = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if not busy:
            return True
        time.sleep(SECONDS_BETWEEN)  # Somebody still reads from it.
    log.warning("traces_not_wiped", error="the log is being read")
    return False


def _vacuum(database: Database) -> bool:
    """Dead rows go. What the server keeps of its own log beyond that is for whoever runs it to expire."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM {', '.join(TABLES)}")
    return True
