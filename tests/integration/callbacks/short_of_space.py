"""A deployment whose database cannot be written for a while: no space left, no file may grow, or locked by another."""

import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.db import Database
from tests.integration.callbacks.senders import Author, Sender, fingerprint, stored_bodies
from tests.integration.conftest import Deployment

DISK_SIZE = "24m"
BLOCK = bytes(64 * 1024)

Trouble = Callable[[], AbstractContextManager[None]]


@dataclass
class Ledger:
    """What senders were told before, during and after a trouble, and what is missing in the end."""

    during: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    first_after: Counter[int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    slowest_seconds: float = 0
    missing: int = 0

    @property
    def told_wrongly(self) -> int:
        """Answers during the trouble that were not 503 with Retry-After, and first ones after it that were not 200."""
        wrong = self.during.total() - self.during[503] + self.without_retry_after
        return wrong + self.first_after.total() - self.first_after[200]


@contextmanager
def small_disk(folder: Path, size: str = DISK_SIZE) -> Iterator[Path]:
    """A disk of its own, which only root can mount."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not one more block has room, not even behind the last byte of a file that is there already."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(BLOCK)
    assert os.statvfs(disk).f_bavail == 0
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def files_may_not_grow(web_pid: int) -> Iterator[None]:
    """Every write to a file of the web process fails, that to its log too; what is open stays open."""
    pids = [web_pid, *descendants(web_pid)]
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Until the block ends: a sender inside it is answered only when the door has given up waiting."""
    with database.transaction() as session:
        session.connection()  # begins it
        yield


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            children += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return children + [grandchild for child in children for grandchild in descendants(child)]


def empty_wal(deployment: Deployment) -> None:
    """What is there already could be written over, and a callback would rightly be acknowledged on a full disk."""
    with deployment.database.engine.connect() as connection:
        is_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert not is_busy


def endure(deployment: Deployment, trouble: Trouble, rounds: int, senders: int) -> Ledger:
    """In each round all senders deliver before, during and after the trouble, each once."""
    ledger, author = Ledger(), Author()

    def deliver(sender: Sender, answers: Counter[int]) -> None:
        body, started = author.write(), time.monotonic()
        answer = sender.send(body)
        ledger.slowest_seconds = max(ledger.slowest_seconds, time.monotonic() - started)
        answers[answer.status] += 1
        if answer.status == 200:
            ledger.acknowledged.add(fingerprint(body))
        elif "retry-after" not in answer.headers:
            ledger.without_retry_after += 1

    def all_deliver(answers: Counter[int]) -> None:
        list(pool.map(lambda sender: deliver(sender, answers), each))

    each = [Sender(deployment.web_url) for _ in range(senders)]
    with ThreadPoolExecutor(senders) as pool:
        for _ in range(rounds):
            all_deliver(Counter())
            empty_wal(deployment)
            with trouble():
                all_deliver(ledger.during)
            all_deliver(ledger.first_after)
    for sender in each:
        sender.close()
    ledger.missing = len(ledger.acknowledged - stored_bodies(deployment.database))
    return ledger
