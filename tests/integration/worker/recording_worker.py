"""A worker with one periodic work more than the product's: it writes down when each of its runs starts and ends."""

import json
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.context import reading
from dashboard.feature import Feature
from dashboard.features import FEATURES
from dashboard.worker.models import PeriodicWork
from dashboard.worker.periodic import Periodic
from dashboard.worker.process import run_worker
from tests.integration.prepared import prepare

NAME = "drill.write_down"
EVERY = timedelta(seconds=2)
RUN_SECONDS = 0.3


def start_worker(settings: Settings, record: Path, log: Path) -> BaseProcess:
    process = prepare().Process(target=_work, args=(settings, record, log))
    process.start()
    return process


def _work(settings: Settings, record: Path, log: Path) -> None:
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)

    def write_down(now: datetime) -> None:
        with reading() as session:
            lease = session.get_one(PeriodicWork, NAME).lease
        # One clock for all processes of this machine, which nobody sets back.
        start = {"lease": lease, "pid": os.getpid(), "claimed_at": now.isoformat(), "started": time.monotonic()}
        _append(record, start)
        time.sleep(RUN_SECONDS)
        _append(record, {"lease": lease, "ended": time.monotonic()})

    drill = Feature("drill", 99, periodic=(Periodic(NAME, EVERY, write_down),))
    # Without tasks: the sweep's queries would only make the ticks rarer, at which the workers race for the same claim.
    run_worker(create_app(settings, (*(replace(feature, tasks=()) for feature in FEATURES), drill)))


def _append(record: Path, facts: dict[str, object]) -> None:
    """One write, so that a kill leaves the whole line or nothing."""
    file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (json.dumps(facts) + "\n").encode())
    os.close(file)
