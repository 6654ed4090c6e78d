"""A backup made under load is whole, and holds whatever was acknowledged before it; `make bench` makes 20 of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import main
from tests.integration.backups.drills import drill_under_load
from tests.integration.conftest import Deployment

DRILLS = 3


def test_backup_under_load_is_restored_whole(deploy: Callable[..., Deployment], tmp_path: Path) -> None:
    deployment = deploy("sandbox", "web", "worker")

    drills = drill_under_load(deployment, tmp_path, DRILLS)

    print(
        f"{drills.whole} of {DRILLS} whole, {len(drills.acknowledged)} callbacks acknowledged meanwhile, "
        f"{drills.missing} missing; slowest backup {drills.slowest_backup_seconds:.2f} s, "
        f"restore {drills.slowest_restore_seconds:.2f} s"
    )
    assert drills.problems == []
    assert (drills.whole, drills.missing) == (DRILLS, 0)
    assert drills.images > 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_commands_back_up_a_running_deployment_and_restore_it_once_it_is_stopped(
    deploy: Callable[..., Deployment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy("web")
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    target = str(tmp_path / "desk.backup")

    made = CliRunner().invoke(main, ["db", "backup", target])
    while_running = CliRunner().invoke(main, ["db", "restore", target, "--replace"])
    deployment.stop()
    restored = CliRunner().invoke(main, ["db", "restore", target, "--replace"])
    checked = CliRunner().invoke(main, ["db", "check", "--all"])

    assert (made.exit_code, while_running.exit_code, restored.exit_code, checked.exit_code) == (0, 1, 0, 0)
    assert "Keep the keys elsewhere" in made.output
    needed, refused = while_running.stderr.splitlines()
    assert needed.startswith("This needs about ")
    assert "Stop every `dashboard web`" in refused
    assert restored.stdout.startswith("Restored the data of ")
