"""The web process killed with -9 two hundred times under load: every acknowledged callback is in the store."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.callbacks.killed_web import kill_under_load

KILLS = 200


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "sandbox", "web", "worker") as deployment:
        ledger = kill_under_load(deployment, KILLS)
    details = (
        f"statuses {dict(ledger.statuses)}, {ledger.unanswered} unanswered, integrity_check says {ledger.integrity}"
    )
    acknowledged = len(ledger.acknowledged)
    return [
        Figure(f"{KILLS} kills of web, acknowledged callbacks missing", ledger.missing, f"of {acknowledged}", 0,
               is_at_least=False, details=details),
        Figure("databases whole afterwards", ledger.integrity == "ok", "of 1", 1),
    ]  # fmt: skip
