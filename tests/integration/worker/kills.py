"""Workers killed with -9 at random and within runs of periodic work, and what their runs amount to afterwards."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path

from dashboard.config import Settings
from dashboard.db import Database, database_now
from dashboard.worker.models import PeriodicWork
from tests.integration.conftest import SECONDS_TO_START
from tests.integration.worker.recording_worker import EVERY, NAME, start_worker

WORKERS = 4
#: By then a statement that the killed worker had sent is done; a lease lasts longer.
SECONDS_TO_SETTLE = 0.3
#: So long after a lease has run out another worker has noticed.
SLOWEST_TAKEOVER = timedelta(seconds=1)
SECONDS_TO_STOP = 60


@dataclass
class Run:
    lease: str
    pid: int
    claimed_at: datetime
    started: float
    ended: float | None = None


@dataclass(frozen=True)
class Kill:
    """The row as it was soon after; it may be held by another worker, or by nobody."""

    pid: int
    at: float
    row: PeriodicWork


@dataclass(frozen=True)
class Ledger:
    """Which runs there were in the periods that were watched, and who died."""

    runs: list[Run]
    kills: list[Kill]
    starts: list[datetime]  # of each period
    exit_codes: list[int | None]
    log: str

    @property
    def held_by_the_dead(self) -> dict[str, PeriodicWork]:
        """The claims that died with their worker, by lease; some had not even begun to run."""
        pids = {run.lease: run.pid for run in self.runs}
        rows = ((kill.pid, kill.row.lease, kill.row) for kill in self.kills)
        return {lease: row for pid, lease, row in rows if lease and pids.get(lease, pid) == pid}

    @property
    def killed_inside(self) -> list[Run]:
        pids = {kill.pid for kill in self.kills}
        return [run for run in self.runs if run.ended is None and run.pid in pids]

    @property
    def unfinished(self) -> list[Run]:
        """Of workers that were not killed: there must be none."""
        return [run for run in self.runs if run.ended is None and run not in self.killed_inside]

    @property
    def overlaps(self) -> list[tuple[Run, Run]]:
        died = {kill.pid: kill.at for kill in self.kills}
        in_order = sorted(self.runs, key=lambda run: run.started)
        return [(one, two) for one, two in pairwise(in_order) if two.started < (one.ended or died.get(one.pid, 0.0))]

    @property
    def repeated(self) -> list[list[Run]]:
        """The periods with several runs."""
        return [runs for runs in self._by_period().values() if len(runs) > 1]

    @property
    def repeated_without_a_death(self) -> list[list[Run]]:
        dead = self.held_by_the_dead
        return [runs for runs in self.repeated if any(run.lease not in dead for run in runs[:-1])]

    @property
    def missed(self) -> list[datetime]:
        by_period = self._by_period()
        return [start for start in self.starts if start not in by_period]

    @property
    def missed_without_a_death(self) -> list[datetime]:
        """Those whose end no dead worker's lease reaches."""
        dead = self.held_by_the_dead.values()
        return [
            start
            for start in self.missed
            if not any(_reaches(row, start + EVERY - SLOWEST_TAKEOVER, start + EVERY) for row in dead)
        ]

    def _by_period(self) -> dict[datetime, list[Run]]:
        found: dict[datetime, list[Run]] = defaultdict(list)
        for run in sorted(self.runs, key=lambda run: run.started):
            found[self.starts[0] + (run.claimed_at - self.starts[0]) // EVERY * EVERY].append(run)
        return found


def _reaches(row: PeriodicWork, at: datetime, end: datetime) -> bool:
    assert row.started_at
    assert row.lease_until
    return row.started_at < end and row.lease_until >= at


def kill_through(database: Database, settings: Settings, folder: Path, periods: int, leases: Sequence[float]) -> Ledger:
    """Four workers for so many periods; every other kill falls within a run, and each dead one is replaced at once.

    Each worker gets one of the `leases`, in seconds. One shorter than a period lets a run be repeated within it.
    """
    chance, record, log = random.Random(60), folder / "runs.jsonl", folder / "workers.log"
    record.touch()

    def start() -> BaseProcess:
        return start_worker(settings.model_copy(update={"lease": chance.choice(leases)}), record, log)

    workers = [start() for _ in range(WORKERS)]
    kills: list[Kill] = []
    try:
        _wait_until(lambda: bool(_runs_in(record)), SECONDS_TO_START, "the first run")
        due_at, first_claim = _row(database).due_at, _runs_in(record)[0].claimed_at
        first = due_at + (first_claim - due_at) // EVERY * EVERY
        end = first + periods * EVERY
        while _now(database) < end:
            _sleep_until(end, database, chance.uniform(0.5, 3))
            victim = _running(workers, record, end, database) if len(kills) % 2 else chance.choice(workers)
            if victim is None or _now(database) >= end:
                break
            kills.append(_kill(victim, database))
            workers[workers.index(victim)] = start()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(SECONDS_TO_STOP)
        codes = [worker.exitcode for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.join(10)
    starts = [first + number * EVERY for number in range(periods)]
    return Ledger(_runs_in(record), kills, starts, codes, log.read_text())


def _kill(worker: BaseProcess, database: Database) -> Kill:
    assert worker.pid
    worker.kill()
    worker.join()
    at = time.monotonic()
    time.sleep(SECONDS_TO_SETTLE)
    return Kill(worker.pid, at, _row(database))


def _running(workers: list[BaseProcess], record: Path, end: datetime, database: Database) -> BaseProcess | None:
    """Waits for a run, and gives the worker that is in the middle of it."""
    while _now(database) < end:
        pids = [run.pid for run in _runs_in(record) if run.ended is None]
        for worker in workers:
            if worker.pid in pids:
                return worker
        time.sleep(0.02)
    return None


def _runs_in(record: Path) -> list[Run]:
    runs: dict[str, Run] = {}
    for line in record.read_text().splitlines():
        facts = json.loads(line)
        if "ended" in facts:
            runs[facts["lease"]].ended = facts["ended"]
        else:
            runs[facts["lease"]] = Run(**facts | {"claimed_at": datetime.fromisoformat(facts["claimed_at"])})
    return list(runs.values())


def _row(database: Database) -> PeriodicWork:
    with database.reading() as session:
        return session.get_one(PeriodicWork, NAME)


def _now(database: Database) -> datetime:
    with database.reading() as session:
        return database_now(session)


def _sleep_until(end: datetime, database: Database, seconds: float) -> None:
    time.sleep(max(0.0, min(seconds, (end - _now(database)).total_seconds())))


def _wait_until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
