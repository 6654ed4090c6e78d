"""`python -m tests`: what is run once more, what is not, and how the run ends."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tests.__main__ as runner

PASSES = "def test_it():\n    pass\n"
FAILS = "def test_it():\n    raise AssertionError\n"
#: Fails the first time it is run in a folder, and passes from then on.
FAILS_ONCE = """
from pathlib import Path

def test_it():
    seen = Path(__file__).with_suffix(".seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run({path: content})` makes a project of these test files and runs all its tests."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")

    def run_project(files: dict[str, str], *arguments: str, processes: int = 0) -> subprocess.CompletedProcess[str]:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, runner.__file__, *arguments, "-p", "xdist", "-n", str(processes)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    return run_project


@pytest.mark.parametrize(("folder", "processes"), [("browser", 2), ("integration", 0)])
def test_failure_that_passes_alone_is_listed_and_passes(run: Run, folder: str, processes: int):
    files = {f"tests/{folder}/test_a.py": FAILS_ONCE, "tests/unit/test_b.py": PASSES}

    ended = run(files, "tests", processes=processes)

    assert ended.returncode == pytest.ExitCode.OK, ended.stdout + ended.stderr
    assert "1 failed, 1 passed" in ended.stdout
    assert ended.stdout.endswith(f"FLAKY: failed, then passed alone\n  tests/{folder}/test_a.py::test_it\n")


def test_failure_that_comes_again_fails_the_run_and_the_others_are_still_listed(run: Run):
    ended = run({"tests/browser/test_a.py": FAILS, "tests/browser/test_b.py": FAILS_ONCE}, "tests")

    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert ended.stdout.endswith("FLAKY: failed, then passed alone\n  tests/browser/test_b.py::test_it\n")


@pytest.mark.parametrize("folder", ["unit", "security"])
def test_unit_and_security_tests_are_never_run_again(run: Run, folder: str):
    ended = run({f"tests/{folder}/test_a.py": FAILS_ONCE, "tests/browser/test_b.py": FAILS_ONCE}, "tests")

    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Once more" not in ended.stdout
    assert ended.stdout.endswith("FLAKY: none\n")


def test_many_failures_are_no_chance(run: Run):
    ended = run({f"tests/browser/test_{number}.py": FAILS_ONCE for number in range(6)}, "tests")

    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Once more" not in ended.stdout


def test_module_that_cannot_be_imported_fails_the_run(run: Run):
    ended = run(
        {"tests/browser/test_a.py": "import nothing_like_this\n", "tests/browser/test_b.py": FAILS_ONCE}, "tests"
    )

    assert ended.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "Once more" not in ended.stdout


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        ({"tests/unit/test_a.py": PASSES}, ("tests",), pytest.ExitCode.OK),
        ({"tests/unit/helpers.py": ""}, ("tests",), pytest.ExitCode.NO_TESTS_COLLECTED),
        ({"tests/unit/test_a.py": PASSES}, ("nowhere",), pytest.ExitCode.USAGE_ERROR),
        (
            {"tests/browser/test_a.py": "def test_it():\n    raise KeyboardInterrupt\n"},
            ("tests",),
            pytest.ExitCode.INTERRUPTED,
        ),
    ],
)
def test_run_ends_as_pytest_does(run: Run, files: dict[str, str], arguments: tuple[str, ...], code: pytest.ExitCode):
    ended = run(files, *arguments)

    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stdout.endswith("FLAKY: none\n")
