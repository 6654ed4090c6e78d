"""One bit flipped at random in a sealed value or file, three hundred times on each engine: nothing stumbles over it."""

import random
from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.periodic import on_postgres
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY, POSTGRES_URL, make_settings
from tests.unit.privacy.flipped_bits import KINDS, run_drill

FLIPS = 300


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    database = Database(url, KeyRing.from_base64([ENCRYPTION_KEY]))
    migrations.upgrade(database)
    database.dispose()
    figures = _flip_all(folder, url, "SQLite")
    if not POSTGRES_URL:
        print("       flipped bits were not tried on PostgreSQL: DASHBOARD_TEST_POSTGRES_URL is not set")
        return figures
    with on_postgres() as database:
        url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return [*figures, *_flip_all(folder, url, "PostgreSQL")]


def _flip_all(folder: Path, url: str, engine: str) -> list[Figure]:
    chance = random.Random(2013)
    groups = [[kind] for kind in chance.choices(KINDS, k=FLIPS)]
    drill = run_drill(make_settings(folder, database_url=url), groups, chance)
    walked = f"{drill.answers} answers, {drill.tasks} tasks, {len(KINDS)} kinds of values"
    return [
        Figure(f"bits flipped on {engine}", drill.flips, "bits", FLIPS, details=walked),
        Figure("answers with 5xx, and tasks that failed", len(drill.failed), "of them", 0, is_at_least=False,
               details="; ".join(drill.failed[:3])),
        Figure("damaged values that `db check --all` does not name", len(drill.not_named), f"of {FLIPS}", 0,
               is_at_least=False, details="; ".join(drill.not_named[:3])),
        Figure("rotations that stopped or left something", len(drill.rotation), f"of {FLIPS}", 0, is_at_least=False,
               details="; ".join(drill.rotation[:3])),
    ]  # fmt: skip
