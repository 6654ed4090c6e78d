"""Backups made while callbacks arrive and jobs are submitted, each restored at once and looked through."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from threading import Event
from uuid import uuid4

from sqlalchemy import text

from dashboard.backups.checking import check_deployment
from dashboard.backups.making import make_backup
from dashboard.backups.restoring import restore_backup
from dashboard.db import Database, utc_now
from tests.factories.callbacks import make_job as make_waiting_job
from tests.factories.features import REGISTERED
from tests.factories.jobs import make_job
from tests.integration.callbacks.senders import CONNECTION_LOST, Author, Sender, fingerprint, stored_bodies
from tests.integration.conftest import SECONDS_TO_START, Deployment

SENDERS = 3


@dataclass
class Drills:
    """What became of the backups."""

    whole: int = 0
    missing: int = 0  # acknowledged before the backup began, and not in it
    images: int = 0
    acknowledged: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    slowest_backup_seconds: float = 0.0
    slowest_restore_seconds: float = 0.0


def drill_under_load(deployment: Deployment, folder: Path, times: int) -> Drills:
    drills, stop, author, settings = Drills(), Event(), Author(), deployment.settings()
    for _ in range(3):
        make_job(deployment.database, settings)
    jobs = [make_waiting_job(deployment.database, f"drill-{number}").job_id for number in range(SENDERS)]

    def deliver() -> None:
        sender = Sender(deployment.web_url)
        for job_id in cycle(jobs):
            if stop.is_set():
                break
            body = author.write(job_id)
            with suppress(*CONNECTION_LOST):
                if sender.send(body).status == 200:
                    drills.acknowledged.add(fingerprint(body))
        sender.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        deliveries = [pool.submit(deliver) for _ in range(SENDERS)]
        try:
            for number in range(times):
                _wait_for_more(drills, SENDERS)
                make_job(deployment.database, settings)
                _drill(deployment, folder / str(number), drills)
        finally:
            stop.set()
        for delivery in deliveries:
            delivery.result()
    return drills


def _drill(deployment: Deployment, folder: Path, drills: Drills) -> None:
    folder.mkdir()
    settings = deployment.settings()
    acknowledged, started = set(drills.acknowledged), time.monotonic()
    made = make_backup(deployment.database, settings, folder / "desk.backup", utc_now())
    drills.slowest_backup_seconds = max(drills.slowest_backup_seconds, time.monotonic() - started)
    drills.images += made.images
    with elsewhere(deployment.database, folder) as database:
        there = settings.model_copy(
            update={"instance_dir": folder, "database_url": database.engine.url.render_as_string(hide_password=False)}
        )
        started = time.monotonic()
        restore_backup(database, there, folder / "desk.backup", utc_now(), replace=False, may_upgrade=False)
        drills.slowest_restore_seconds = max(drills.slowest_restore_seconds, time.monotonic() - started)
        problems = list(check_deployment(database, there, REGISTERED.sealed_columns, every_value=True)) + list(
            made.missing_images
        )
        drills.problems += problems
        drills.whole += not problems
        drills.missing += len(acknowledged - stored_bodies(database))
    shutil.rmtree(folder)


@contextmanager
def elsewhere(database: Database, folder: Path) -> Iterator[Database]:
    """A database of the same engine with nothing in it."""
    if database.is_sqlite:
        empty = database.sibling(f"sqlite:///{folder / 'dashboard.db'}")
        yield empty
        empty.dispose()
        return
    schema = f"desk_drill_{uuid4().hex[:10]}"
    with database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = database.engine.url.update_query_dict({"options": f"-csearch_path={schema}"})
    empty = database.sibling(url.render_as_string(hide_password=False))
    yield empty
    empty.dispose()
    with database.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


def _wait_for_more(drills: Drills, count: int) -> None:
    before, deadline = len(drills.acknowledged), time.monotonic() + SECONDS_TO_START
    while len(drills.acknowledged) < before + count:
        assert time.monotonic() < deadline, "no callback was acknowledged"
        time.sleep(0.01)
