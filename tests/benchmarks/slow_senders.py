"""Forty-eight senders of a byte a second and fifty of too much: good callbacks are quick, and memory stays."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.callbacks.slow_senders import (
    dripping,
    resident_megabytes,
    send_genuine,
    send_too_much,
    slowest_good,
)

SLOW = 48
GOOD = 200
BIG = 50


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "web") as deployment:
        genuine = sum(send_genuine(deployment) == 200 for _ in range(20))
        send_too_much(deployment, 4)  # what is loaded once is no growth
        before = resident_megabytes(deployment)
        statuses = send_too_much(deployment, BIG)
        growth = resident_megabytes(deployment) - before
        alone = slowest_good(deployment, GOOD)
        with dripping(deployment, SLOW):
            slowest = slowest_good(deployment, GOOD)
    return [
        Figure("bodies of 2 MB + 1 refused with 413", statuses[413], f"of {BIG}", BIG, details=f"{dict(statuses)}"),
        Figure("memory that web grew by meanwhile", growth, "MB", 20, is_at_least=False),
        Figure("genuine callbacks of 1.5 MB acknowledged", genuine, "of 20", 20),
        Figure(f"slowest of {GOOD} good callbacks beside {SLOW} slow senders", slowest, "s", 1, is_at_least=False,
               details=f"alone {alone:.3f} s"),
    ]  # fmt: skip
