"""Ten thousand random changes of counted rows on each engine, with folding that dies; how long a step of it takes."""

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from flask import Flask

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.jobs.models import JobState
from dashboard.rollups.folding import DELTAS_AT_ONCE, fold_step
from tests.benchmarks.periodic import on_postgres
from tests.benchmarks.report import Figure
from tests.conftest import POSTGRES_URL, make_settings
from tests.factories.rollups import add, fold_all, job_at
from tests.unit.rollups.changes import BEGINS, run_changes

CHANGES = 10_000
#: Of an example, about a third of which are changes of rows.
STEPS = 50
STEPS_TIMED = 200
MOST_MILLISECONDS = 50.0


def measure(folder: Path) -> list[Figure]:
    app = create_app(make_settings(folder, database_url=f"sqlite:///{folder / 'dashboard.db'}"))
    migrations.upgrade(context_of(app).database)
    figures = measure_engine(app, "SQLite")
    context_of(app).database.dispose()
    if not POSTGRES_URL:
        print("       rollups on PostgreSQL were not tried: DASHBOARD_TEST_POSTGRES_URL is not set")
        return figures
    with on_postgres() as database:
        url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        app = create_app(make_settings(folder, database_url=url), database=database)
        return figures + measure_engine(app, "PostgreSQL")


def measure_engine(app: Flask, engine: str) -> list[Figure]:
    seen, clock = Counter[str](), [BEGINS]
    while seen["changes"] < CHANGES:
        run_changes(app, examples=20, steps=STEPS, seen=seen, clock=clock, is_random=True)
    details = ", ".join(f"{seen[what]} {what}" for what in ("kills", "zones", "recounts", "compared", "counted lists"))
    times = sorted(step_milliseconds(app, context_of(app).database))
    middle, slowest = times[len(times) // 2], times[len(times) * 99 // 100]
    what = f"{engine}: a step of folding, with its commit"
    return [
        Figure(f"{engine}: random changes after which all sums were those of the rows", seen["changes"], "", CHANGES,
               details=details),
        Figure(f"{what}, median", middle, "ms", MOST_MILLISECONDS, is_at_least=False),
        Figure(f"{what}, p99", slowest, "ms", MOST_MILLISECONDS, is_at_least=False, details=f"{len(times)} steps"),
    ]  # fmt: skip


def step_milliseconds(app: Flask, database: Database) -> list[float]:
    """While jobs of every kind come and change, as on a busy day."""
    now, taken = utc_now(), []
    with app.app_context():
        fold_all(database, now)
        for number in range(STEPS_TIMED):
            age = timedelta(minutes=number)
            states = [JobState.QUEUED, JobState.WAITING, JobState.DONE]
            makers = [f"maker-{each}@example.com" for each in range(7)]
            add(
                database,
                *(
                    job_at(now - age - timedelta(hours=9 * each), state=states[each % 3], created_by=makers[each % 7])
                    for each in range(DELTAS_AT_ONCE)
                ),
            )
            began = time.perf_counter()
            with database.transaction() as session:
                fold_step(session, JOBS, now)
            taken.append(1000 * (time.perf_counter() - began))
    return taken
