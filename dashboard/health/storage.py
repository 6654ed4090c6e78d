"""Health checks of the data: the database, the queue and the backup."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import text

from dashboard.db import SQLITE
from dashboard.health_checks import CheckContext, Finding, bad, ok, warn
from dashboard.outages import DATABASE_BUSY, DATABASE_DAMAGED, DATABASE_FULL, DATABASE_READ_ONLY
from dashboard.smile.public_addresses import is_loopback
from dashboard.stored_settings import LAST_BACKUP, read_setting
from dashboard.web.pages.filters import duration_in_words
from dashboard.web.serving.readiness import OLD_TABLES

SAFE_SQLITE = (3, 51, 3)
SYNCHRONOUS_FULL = 2
LOOK_AT_DATABASE = "Start it, and check that DASHBOARD_DATABASE_URL leads to it. Waiting work then continues by itself."
ADVICE = {
    OLD_TABLES: "Run `dashboard db upgrade`.",
    DATABASE_BUSY.sentence: "Find what is using it, such as a shell with an open transaction, and end that.",
    DATABASE_READ_ONLY.sentence: "Give the user that runs this the right to write; a standby server must be promoted.",
    DATABASE_FULL.sentence: "Free some space on that disk. Waiting work then continues by itself.",
    DATABASE_DAMAGED.sentence: "Stop web and worker, and restore a backup with `dashboard db restore`.",
}
BACKUP_WARNS_AFTER = timedelta(hours=26)
BACKUP_IS_BAD_AFTER = timedelta(days=7)


def engine(context: CheckContext) -> Finding:
    if problem := context.database_problem:
        return bad(problem, ADVICE.get(problem, LOOK_AT_DATABASE))
    if not context.database.is_sqlite:
        return _postgresql(context)
    connection = context.session.connection()
    journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()
    if SQLITE.sqlite_version_info < SAFE_SQLITE:
        advice = "Install the wheel of `pysqlite3`, or use PostgreSQL."
        return bad(f"SQLite {SQLITE.sqlite_version} can damage a database that web and worker share.", advice)
    if (journal, synchronous) != ("wal", SYNCHRONOUS_FULL):
        return bad("SQLite may lose committed data when the power fails.", "Move the database to a local disk.")
    return ok(f"SQLite {SQLITE.sqlite_version}, which keeps committed data through a power cut.")


def _postgresql(context: CheckContext) -> Finding:
    connection = context.session.connection()
    is_encrypted = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar()
    host = context.database.engine.url.host or ""
    if not is_encrypted and not host.startswith("/") and host and not is_loopback(f"postgresql://{_bracketed(host)}"):
        advice = "Add sslmode=verify-full to DASHBOARD_DATABASE_URL."
        return bad("Data travels to PostgreSQL without encryption.", advice)
    return ok("PostgreSQL, over an encrypted connection." if is_encrypted else "PostgreSQL, on this machine.")


def queue(context: CheckContext) -> Finding:
    url = context.settings.queue_url
    if context.settings.queue_is_in_database:
        context.session.connection()  # It fails with the database, whose check reports it.
    if context.queue is not None and not context.queue.answers():
        advice = (
            "Start it, and check that DASHBOARD_QUEUE_URL leads to it. Until then the worker finds due work by "
            "itself, a little later than usual."
        )
        return bad(f"The queue does not answer: {_kind_of_queue(url)}.", advice)
    if not url.startswith("redis") or is_loopback(url):
        return ok("The queue is on this machine, or in the database.")
    parts = urlsplit(url)
    if not parts.password:
        return bad(
            "Redis accepts commands from everybody who can reach it.",
            "Give it a password and put it into DASHBOARD_QUEUE_URL.",
        )
    if parts.scheme != "rediss":
        return warn(
            "The password of Redis travels without encryption.", "Let DASHBOARD_QUEUE_URL begin with rediss://."
        )
    return ok("Redis asks for a password and is reached by TLS.")


def _kind_of_queue(url: str) -> str:
    if url.startswith("redis"):
        return "Redis"
    return "the SQLite file" if url.startswith("sqlite") else "PostgreSQL"


def backup(context: CheckContext) -> Finding:
    stored = read_setting(context.session, LAST_BACKUP)
    advice = "Run `dashboard db backup FILE` every hour or every day, and keep the files on another machine."
    if stored is None:
        if context.settings.is_demo:
            return ok("The demo's data needs no backup.")
        return bad("No backup has ever been made.", advice)
    age = context.now - datetime.fromisoformat(stored["at"])
    sentence = f"The last backup was made {duration_in_words(age)} ago."
    if age > BACKUP_IS_BAD_AFTER:
        return bad(sentence, advice)
    return warn(sentence, advice) if age > BACKUP_WARNS_AFTER else ok(sentence)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
