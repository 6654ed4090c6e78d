"""Health checks of the data: the database and its settings, the queue, the backup, and the worker that uses them."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import text

from dashboard import migrations
from dashboard.db import SQLITE
from dashboard.health.network import is_loopback
from dashboard.health_checks import CheckContext, Finding, bad, ok, warn
from dashboard.stored_settings import LAST_BACKUP, read_setting
from dashboard.web.filters import duration_in_words

SAFE_SQLITE = (3, 51, 3)
SYNCHRONOUS_FULL = 2
BACKUP_WARNS_AFTER = timedelta(hours=26)
BACKUP_IS_BAD_AFTER = timedelta(days=7)


def schema(context: CheckContext) -> Finding:
    if migrations.is_current(context.database):
        return ok("The tables are up to date.")
    return bad("The tables are not up to date.", "Run `dashboard db upgrade`.")


def engine(context: CheckContext) -> Finding:
    if not context.database.is_sqlite:
        return _postgresql(context)
    connection = context.session.connection()
    journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()
    if SQLITE.sqlite_version_info < SAFE_SQLITE:
        advice = "Install the wheel of `pysqlite3`, or use PostgreSQL."
        return bad(f"SQLite {SQLITE.sqlite_version} can damage a database that web and worker share.", advice)
    if (journal, synchronous) != ("wal", SYNCHRONOUS_FULL):
        return bad("SQLite may lose what was committed when the power fails.", "Move the database to a local disk.")
    return ok(f"SQLite {SQLITE.sqlite_version}, which keeps what was committed through a power cut.")


def _postgresql(context: CheckContext) -> Finding:
    connection = context.session.connection()
    is_encrypted = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar()
    host = context.database.engine.url.host or ""
    if not is_encrypted and not host.startswith("/") and host and not is_loopback(f"postgresql://{_bracketed(host)}"):
        advice = "Add sslmode=verify-full to DASHBOARD_DATABASE_URL."
        return bad("What is stored travels to PostgreSQL without encryption.", advice)
    return ok("PostgreSQL, encrypted on the way." if is_encrypted else "PostgreSQL, on this machine.")


def queue(context: CheckContext) -> Finding:
    url = context.settings.queue_url
    if not url.startswith("redis") or is_loopback(url):
        return ok("The queue is on this machine, or in the database.")
    parts = urlsplit(url)
    if not parts.password:
        return bad(
            "Redis takes orders from everybody who reaches it.",
            "Give it a password and put it into DASHBOARD_QUEUE_URL.",
        )
    if parts.scheme != "rediss":
        return warn(
            "The password of Redis travels without encryption.", "Let DASHBOARD_QUEUE_URL begin with rediss://."
        )
    return ok("Redis asks for a password and is reached by TLS.")


def backup(context: CheckContext) -> Finding:
    stored = read_setting(context.session, LAST_BACKUP)
    advice = "Run `dashboard db backup FILE` every hour or every day, and keep the files on another machine."
    if stored is None:
        if context.settings.is_demo:
            return ok("The demo's data needs no backup.")
        return bad("No backup was ever made.", advice)
    age = context.now - datetime.fromisoformat(stored["at"])
    sentence = f"The last backup was made {duration_in_words(age)} ago."
    if age > BACKUP_IS_BAD_AFTER:
        return bad(sentence, advice)
    return warn(sentence, advice) if age > BACKUP_WARNS_AFTER else ok(sentence)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
