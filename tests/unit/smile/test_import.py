"""The client can be used alone."""

import json
import subprocess
import sys

import pytest

import dashboard.smile

PROGRAM = "import json, sys, {}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("package", ["dashboard.smile", "dashboard.smile.v3"])
def test_importing_the_client_loads_neither_flask_nor_anything_else_of_ours(package: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(package)], capture_output=True, check=True, timeout=30
    )

    loaded = json.loads(result.stdout)
    ours = {name for name in loaded if name == "dashboard" or name.startswith("dashboard.")}
    assert "dashboard.smile" in ours
    assert {name for name in ours if not name.startswith("dashboard.smile")} == {"dashboard"}
    assert not {"flask", "werkzeug", "sqlalchemy", "pydantic", "PIL"} & set(loaded)


def test_every_exported_name_explains_itself() -> None:
    silent = [name for name in dashboard.smile.__all__ if not getattr(dashboard.smile, name).__doc__]

    assert silent == []
