"""Duties about the data: the database and its settings, the queue, the backup, and the worker that uses them."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import text

from dashboard import migrations
from dashboard.callbacks.verdicts import in_words
from dashboard.db import SQLITE
from dashboard.duties.duty import Finding, Scene, bad, ok, warn
from dashboard.duties.network import is_loopback
from dashboard.stored_settings import LAST_BACKUP, WORKER_SEEN, read_setting

SAFE_SQLITE = (3, 51, 3)
SYNCHRONOUS_FULL = 2
BACKUP_WARNS_AFTER = timedelta(hours=26)
BACKUP_IS_BAD_AFTER = timedelta(days=7)
WORKER_IS_DEAD_AFTER = timedelta(minutes=2)


def schema(scene: Scene) -> Finding:
    if migrations.is_current(scene.database):
        return ok("The tables are up to date.")
    return bad("The tables are not up to date.", "Run `dashboard db upgrade`.")


def engine(scene: Scene) -> Finding:
    if not scene.database.is_sqlite:
        return _postgresql(scene)
    connection = scene.session.connection()
    journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()
    if SQLITE.sqlite_version_info < SAFE_SQLITE:
        advice = "Install the wheel of `pysqlite3`, or use PostgreSQL."
        return bad(f"SQLite {SQLITE.sqlite_version} can damage a database that web and worker share.", advice)
    if (journal, synchronous) != ("wal", SYNCHRONOUS_FULL):
        return bad("SQLite may lose what was committed when the power fails.", "Move the database to a local disk.")
    return ok(f"SQLite {SQLITE.sqlite_version}, which keeps what was committed through a power cut.")


def _postgresql(scene: Scene) -> Finding:
    connection = scene.session.connection()
    is_encrypted = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar()
    host = scene.database.engine.url.host or ""
    if not is_encrypted and not host.startswith("/") and host and not is_loopback(f"postgresql://{_bracketed(host)}"):
        advice = "Add sslmode=verify-full to DASHBOARD_DATABASE_URL."
        return bad("What is stored travels to PostgreSQL without encryption.", advice)
    return ok("PostgreSQL, encrypted on the way." if is_encrypted else "PostgreSQL, on this machine.")


def queue(scene: Scene) -> Finding:
    url = scene.settings.queue_url
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


def backup(scene: Scene) -> Finding:
    stored = read_setting(scene.session, LAST_BACKUP)
    advice = "Run `dashboard db backup FILE` every hour or every day, and keep the files on another machine."
    if stored is None:
        if scene.settings.is_demo:
            return ok("The demo's data needs no backup.")
        return bad("No backup was ever made.", advice)
    age = scene.now - datetime.fromisoformat(stored["at"])
    sentence = f"The last backup was made {in_words(age)} ago."
    if age > BACKUP_IS_BAD_AFTER:
        return bad(sentence, advice)
    return warn(sentence, advice) if age > BACKUP_WARNS_AFTER else ok(sentence)


def worker(scene: Scene) -> Finding:
    stored = read_setting(scene.session, WORKER_SEEN)
    advice = "Start `dashboard worker`: without it nothing is sent to Smile and no result is fetched."
    if stored is None:
        return bad("No worker has run yet.", advice)
    silence = scene.now - datetime.fromisoformat(stored)
    if silence > WORKER_IS_DEAD_AFTER:
        return bad(f"No worker has been alive for {in_words(silence)}.", advice)
    return ok("A worker is running.")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
