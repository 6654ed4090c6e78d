"""Each part of a deployment away ten times under load, once for a minute: nothing lost, charged twice or stuck."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.factories.mail import mail_server
from tests.integration.callbacks.short_of_space import small_disk
from tests.integration.conftest import Deployment, start_deployment
from tests.integration.outages import parts
from tests.integration.outages.drills import SECONDS_UNTIL_HEALTH_IS_RIGHT, Part, endure
from tests.integration.outages.own_servers import own_postgres, own_redis, postgres_programs

TIMES = 10
SECONDS, SECONDS_OF_THE_FIRST = 10.0, 60.0
MOST_LINES = 99


def measure(folder: Path) -> list[Figure]:
    """On SQLite with its own queue, on SQLite with Redis, and on PostgreSQL with its own queue.

    Needs root on Linux, since it mounts a small disk.
    """
    places = {name: folder / name for name in ("sqlite", "smile", "redis", "postgresql")}
    for place in places.values():
        place.mkdir()
    figures: list[Figure] = []
    with mail_server(folder) as post, deployed(places["sqlite"], **parts.settings_of_mail(post)) as deployment:
        on_sqlite = (
            parts.queue_file(places["sqlite"]),
            parts.media(deployment),
            parts.clock(deployment),
            parts.sqlite(deployment),
            parts.mail(deployment, post),
        )
        for part in on_sqlite:
            figures += _figures(deployment, part)
        figures.append(Figure("letters that arrived late", len(post.letters), f"of {TIMES}", TIMES))
    with deployed(places["smile"], **parts.OF_SMILE) as deployment:
        figures += _figures(deployment, parts.smile(deployment))
    with small_disk(folder / "disk", "256m") as disk, deployed(disk) as deployment:
        figures += _figures(deployment, parts.full_disk(disk))
    with own_redis() as redis, deployed(places["redis"], DASHBOARD_QUEUE_URL=redis.url) as deployment:
        figures += _figures(deployment, parts.redis(redis))
    programs = postgres_programs()
    assert programs, "PostgreSQL's programs are not installed"
    with own_postgres(programs) as postgres, _on(postgres.url, places["postgresql"]) as deployment:
        figures += _figures(deployment, parts.postgresql(postgres))
    return figures


@contextmanager
def _on(url: str, folder: Path) -> Iterator[Deployment]:
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    database = Database(url, keyring)
    migrations.upgrade(database)
    database.dispose()
    deployment = start_deployment(folder, url, keyring, DASHBOARD_QUEUE_URL=url)
    try:
        yield deployment
    finally:
        deployment.stop()


def _figures(deployment: Deployment, part: Part) -> list[Figure]:
    lengths = [SECONDS_OF_THE_FIRST, *[SECONDS] * (TIMES - 1)]
    ledgers = [endure(deployment, part, seconds) for seconds in lengths]
    answers = sum(ledger.pages.total() + ledger.callbacks.total() for ledger in ledgers)
    acknowledged = sum(len(ledger.acknowledged) for ledger in ledgers)
    jobs = sum(len(ledger.jobs) for ledger in ledgers)
    late = [ledger.seconds_until_named or 0.0 for ledger in ledgers] + [
        ledger.seconds_until_well or 0.0 for ledger in ledgers
    ]
    unseen = sum(None in (ledger.seconds_until_named, ledger.seconds_until_well) for ledger in ledgers)
    away = f"{part.name} away {TIMES} times"
    return [
        Figure(f"{away}, 5xx but 503", sum(ledger.failures for ledger in ledgers), f"of {answers}", 0, False),
        Figure("... acknowledged and missing", sum(each.missing for each in ledgers), f"of {acknowledged}", 0, False),
        Figure("... charged twice", sum(ledger.charged_twice for ledger in ledgers), f"of {jobs}", 0, False),
        Figure("... stuck", sum(ledger.stuck for ledger in ledgers), f"of {jobs}", 0, False),
        Figure("... most log lines", max(ledger.log_lines for ledger in ledgers), "of one outage", MOST_LINES, False),
        Figure("... health wrong", unseen, f"of {TIMES} after {SECONDS_UNTIL_HEALTH_IS_RIGHT:.0f} s", 0, False,
               details=f"latest after {max(late):.1f} s"),
    ]  # fmt: skip
