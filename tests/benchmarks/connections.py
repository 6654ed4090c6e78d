"""Three thousand idle connections, then two thousand senders that drip, at each kind of address: nobody is kept out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from statistics import mean, median

from tests.benchmarks.callbacks import post, signed_bodies
from tests.benchmarks.deployments import deployed
from tests.benchmarks.load import drive, get_request
from tests.benchmarks.report import Figure
from tests.benchmarks.serving import serve
from tests.factories.callbacks import API_KEY, DOOR
from tests.integration.callbacks.slow_senders import resident_megabytes
from tests.integration.conftest import Deployment
from tests.integration.connections import DRIPPING, IDLE, held, visit

IDLE_ONES, DRIPPING_ONES = 3000, 2000
CROWDS = {
    f"{IDLE_ONES:,} idle connections": (IDLE, IDLE_ONES),
    **{f"{DRIPPING_ONES:,} that drip at {kind}": (kind, DRIPPING_ONES) for kind in DRIPPING},
}
VISITORS = 20
ROUNDS, CLIENTS = 5, 16


@dataclass(frozen=True)
class Rates:
    """Per second: of acknowledged callbacks, and of "hello" on a server that nobody else calls."""

    callbacks: float
    hello: float


def measure(folder: Path) -> list[Figure]:
    bodies = signed_bodies()
    figures: list[Figure] = []
    with deployed(folder, "web", DASHBOARD_SMILE_API_KEYS=API_KEY) as deployment, serve("hello", folder) as hello:
        before = _rates(deployment, hello, bodies)
        alone_has = resident_megabytes(deployment)
        for name, (kind, count) in CROWDS.items():
            with held(deployment.web_url, kind, count):
                slowest = max(visit(deployment.web_url) for _ in range(VISITORS))
                beside = _rates(deployment, hello, bodies)
                memory = resident_megabytes(deployment)
            after = _rates(deployment, hello, bodies)
            alone = mean((before.callbacks, after.callbacks))
            details = (
                f"{beside.callbacks:.0f}/s, without {before.callbacks:.0f} and {after.callbacks:.0f}/s, "
                f"hello {beside.hello:.0f}/s, without {before.hello:.0f} and {after.hello:.0f}/s; "
                f"web has {memory:.0f} MB, at first {alone_has:.0f} MB"
            )
            figures += [
                Figure(f"slowest of {VISITORS} new visitors beside {name}", slowest, "s", 1, is_at_least=False),
                Figure(f"callbacks beside {name}", beside.callbacks / alone, "x", 0.8, details=details),
            ]
            before = after
    return figures


def _rates(deployment: Deployment, hello: str, bodies: Iterator[bytes]) -> Rates:
    """Medians of short rounds in turn."""
    callbacks, hellos = [], []
    for _ in range(ROUNDS):
        callbacks.append(post(deployment.web_url + DOOR, bodies, CLIENTS).per_second)
        hellos.append(drive(hello, repeat(get_request(hello + "/")), 200, clients=CLIENTS, seconds=1).per_second)
    return Rates(median(callbacks), median(hellos))
