"""Whether the time of an answer tells an unknown code of a link from one that has ended.

In this process, where nothing but the product's own code takes time. The rank test would find a page that is slower by
a tenth; that it can is shown each time, by a page that takes twice as long.
"""

import random
import statistics
import time
from collections.abc import Mapping
from math import erfc, sqrt
from pathlib import Path

from flask.testing import FlaskClient

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from tests.benchmarks.report import Figure
from tests.conftest import make_settings
from tests.factories.links import make_link
from tests.unit.links.dead_codes import DEAD

UNKNOWN = "unknown"
ROUNDS = 250
#: Below this, two samples are called different. Chance alone comes to it once in thousands of runs.
DIFFERENT = 1e-5


def measure(folder: Path) -> list[Figure]:
    settings = make_settings(folder, database_url=f"sqlite:///{folder / 'dashboard.db'}")
    app = create_app(settings)
    context = context_of(app)
    context.throttle.hit = lambda *_: True
    migrations.upgrade(context.database)
    codes = {name: make_link(context.database, settings, row=row)[1] for name, row in DEAD.items()}
    codes[UNKNOWN] = "u" * len(codes["used"])
    visitor = app.test_client()
    warm = times(visitor, codes, 20)
    taken = times(visitor, codes, ROUNDS)
    twice = times(visitor, codes, ROUNDS, slower={"used": statistics.median(warm["used"])})
    context.database.dispose()
    return [
        *(
            Figure(
                f"chance that unknown and {name} codes take the same time",
                chance_of_being_alike(taken[UNKNOWN], taken[name]),
                "",
                DIFFERENT,
                details=f"medians {_median_us(taken[UNKNOWN])} and {_median_us(taken[name])} us",
            )
            for name in sorted(set(codes) - {UNKNOWN})
        ),
        Figure(
            "the same beside a page that takes twice as long",
            chance_of_being_alike(twice[UNKNOWN], twice["used"]),
            "",
            DIFFERENT,
            is_at_least=False,
        ),
    ]


def times(
    visitor: FlaskClient, codes: Mapping[str, str], rounds: int, slower: Mapping[str, float] | None = None
) -> dict[str, list[float]]:
    """Seconds of each answer. Asked in turns and in changing order: whatever else the machine does hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in codes}
    chance = random.Random(rounds)
    for _ in range(rounds):
        for name in chance.sample(sorted(codes), len(codes)):
            started = time.perf_counter()
            answer = visitor.get(f"/v/{codes[name]}")
            time.sleep((slower or {}).get(name, 0))
            taken[name].append(time.perf_counter() - started)
            assert answer.status_code == 404
    return taken


def chance_of_being_alike(first: list[float], second: list[float]) -> float:
    """Mann-Whitney's rank test, two-sided: how often two samples of the same page would differ as much."""
    ranked = sorted((value, group) for group, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_, group) in enumerate(ranked, 1) if group == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(z) / sqrt(2))


def _median_us(seconds: list[float]) -> int:
    return round(statistics.median(seconds) * 1e6)
