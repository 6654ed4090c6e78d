"""Twenty backups made under load, each restored at once: every one whole, and nothing acknowledged missing."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.backups.drills import drill_under_load

DRILLS = 20


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "sandbox", "web", "worker") as deployment:
        drills = drill_under_load(deployment, folder, DRILLS)
    acknowledged = f"{len(drills.acknowledged)} callbacks acknowledged meanwhile"
    return [
        Figure(f"{DRILLS} backups under load restored whole", drills.whole, f"of {DRILLS}", DRILLS,
               details="; ".join(drills.problems[:3])),
        Figure("acknowledged before a backup and not in it", drills.missing, "callbacks", 0, is_at_least=False,
               details=acknowledged),
        Figure("slowest backup", drills.slowest_backup_seconds, "s", 60, is_at_least=False),
        Figure("slowest restore", drills.slowest_restore_seconds, "s", 60, is_at_least=False),
    ]  # fmt: skip
