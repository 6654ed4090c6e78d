"""A full disk, files that may not grow, and a locked database: nothing is acknowledged then, and all of it passes."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.callbacks.short_of_space import Ledger, endure, files_may_not_grow, filled, locked, small_disk

SENDERS = 4
ROUNDS = 20
ROUNDS_LOCKED = 3  # each takes as many times SQLite's busy timeout as there are senders


def measure(folder: Path) -> list[Figure]:
    """Needs root on Linux, since it mounts a small disk."""
    with small_disk(folder / "disk") as disk, deployed(disk, "web") as deployment:
        pid = deployment.processes["web"].pid
        ledgers = {
            "a full disk": endure(deployment, lambda: filled(disk), ROUNDS, SENDERS),
            "files that may not grow": endure(deployment, lambda: files_may_not_grow(pid), ROUNDS, SENDERS),
            "a locked database": endure(deployment, lambda: locked(deployment.database), ROUNDS_LOCKED, SENDERS),
        }
    return [figure for name, ledger in ledgers.items() for figure in figures(name, ledger)]


def figures(name: str, ledger: Ledger) -> list[Figure]:
    count = ledger.during.total() + ledger.first_after.total()
    details = f"during {dict(ledger.during)}, first after {dict(ledger.first_after)}"
    details += f", slowest answer {ledger.slowest_seconds:.1f} s"
    acknowledged = len(ledger.acknowledged)
    return [
        Figure(f"{name}, wrong answers", ledger.told_wrongly, f"of {count}", 0, is_at_least=False, details=details),
        Figure(f"{name}, acknowledged and missing", ledger.missing, f"of {acknowledged}", 0, is_at_least=False),
    ]
