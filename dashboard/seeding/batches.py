"""Makes the rows of one batch, in this process or in one of several beside it. A batch depends on no other.

The lines of the audit trail are the exception: each contains the hash of the line before it, so one process makes them.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import NamedTuple

from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.features import metadata
from dashboard.seeding.answers import Answers, Ending, steps_of
from dashboard.seeding.callback_rows import STRAYS, CallbackRows
from dashboard.seeding.company import Amounts, Company
from dashboard.seeding.customers import Customers
from dashboard.seeding.job_rows import JobRows
from dashboard.seeding.link_rows import LinkRows
from dashboard.seeding.loading import Packed, loader_for
from dashboard.seeding.rows import Rows
from dashboard.seeding.team_rows import TeamRows
from dashboard.seeding.trail_rows import TrailRows
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import ApiKey

TRAIL = "audit_lines"
#: Of a thousand callbacks, those that no job waits for.
STRAY = 4
#: Batches in the making and waiting, for each process.
AHEAD = 3


class Batch(NamedTuple):
    """Rows with these numbers, from `begin` to before `end`."""

    part: str
    begin: int
    end: int


class Made(NamedTuple):
    """The rows of a batch, ready to be loaded, tables in the order of their foreign keys."""

    batch: Batch
    tables: Sequence[tuple[str, Packed]]
    rows: int


@dataclass(frozen=True)
class World:
    """Everything that the rows depend on."""

    amounts: Amounts
    random_seed: int
    until: datetime
    settings: Settings
    company_name: str
    key: ApiKey
    last_hash: str  # of the last line of the trail that is stored
    name_key: bytes


class BatchMaker:
    def __init__(self, world: World) -> None:
        settings = world.settings
        keyring = KeyRing.from_base64([key.get_secret_value() for key in settings.encryption_keys])
        self._company = company = Company(world.amounts, world.random_seed, world.until)
        self._loader = loader_for(is_sqlite=settings.database_url.startswith("sqlite"))
        self._callbacks = CallbackRows(
            settings.environment, keyring, settings.smile_partner_id, world.key, company.until
        )
        self._answers = Answers()
        self._jobs = JobRows(
            company, settings, keyring, self._callbacks, self._answers, world.company_name, world.name_key
        )
        self._links = LinkRows(company, settings.environment, keyring)
        self._team = TeamRows(company)
        self._customers = Customers(company)
        self._trail = TrailRows(company, world.last_hash)

    def make(self, batch: Batch) -> Made:
        rows = Rows()
        if batch.part == "jobs":
            self._add_jobs(rows, batch)
        elif batch.part == TRAIL:
            self._trail.add(rows, range(batch.begin, batch.end))
        else:
            add: dict[str, Callable[[Rows, int], None]] = {
                "members": self._team.add_member,
                "sign_ins": self._team.add_sign_in,
                "links": self._links.add,
            }
            for number in range(batch.begin, batch.end):
                add[batch.part](rows, number)
        names = [table.name for table in metadata.sorted_tables if table.name in rows.by_table]
        return Made(batch, [(name, self._loader.pack(name, rows.by_table[name])) for name in names], rows.count)

    def _add_jobs(self, rows: Rows, batch: Batch) -> None:
        """The jobs, and this batch's share of callbacks: those that belong to the jobs, then others."""
        amounts = self._company.amounts
        callbacks = _share(amounts, batch.end) - _share(amounts, batch.begin)
        random = self._company.chance.random("batch", batch.begin)
        strays = int(callbacks * STRAY / 1000 + random.random())
        count, last = batch.end - batch.begin, None
        for place in range(count):
            there = len(rows.by_table["callback"])
            allowed = (place + 1) * (callbacks - strays) // count - there
            last = self._jobs.add(rows, batch.begin + place, allowed) or last
        missing = callbacks - len(rows.by_table["callback"])
        for _ in range(missing):
            brief = self._company.job(batch.begin + int(random.random() * count))._replace(api=SmileApi.V1)
            values = self._answers.values(brief, self._customers.of(brief))
            step = len(steps_of(brief.product, Ending.APPROVED)) - 1
            like = self._answers.make(brief, values, Ending.APPROVED, step)
            kind = STRAYS[int(random.random() * len(STRAYS))]
            self._callbacks.add_stray(rows, kind, like, brief.at, random, last)


def _share(amounts: Amounts, jobs: int) -> int:
    """How many callbacks there are once so many jobs are."""
    return jobs * amounts.callbacks // amounts.jobs


_maker: BatchMaker | None = None


def _begin(world: World) -> None:
    global _maker
    _maker = BatchMaker(world)


def _make(batch: Batch) -> Made:
    assert _maker
    return _maker.make(batch)


def made_batches(world: World, batches: Sequence[Batch], processes: int) -> Iterator[Made]:
    """Each batch in order. With other processes, some are made ahead."""
    if processes < 2 or len(batches) < 2:
        maker = BatchMaker(world)
        yield from map(maker.make, batches)
        return
    # Not forked: this process has connections to the database open.
    makers = 1 if batches[0].part == TRAIL else processes
    with ProcessPoolExecutor(makers, get_context("spawn"), initializer=_begin, initargs=(world,)) as pool:
        waiting: list[Future[Made]] = []
        for batch in batches:
            waiting.append(pool.submit(_make, batch))
            if len(waiting) > makers * AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
