"""`make test`: all tests in parallel; what failed in a real browser or between processes is run once more, alone.

A test that passes then is listed under FLAKY and does not fail the run. Unit and security tests are never run again.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest

#: These depend on how quickly other processes answer. All other tests depend on our code alone.
RERUN_BELOW = ("tests/browser/", "tests/integration/")
#: More than these at once are a fault, not chance.
MOST_RERUNS = 5
#: `make day` walks the long journey.
ALL_TESTS = ("tests", "--ignore=tests/benchmarks", "--ignore=tests/browser/day")
#: Databases of tests are written and thrown away, and nobody needs them on a disk.
MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 4 * 1024**3  # noqa: S108  # a folder with a name of its own in it
#: Many tests wait for other processes, so that two cores have enough to do for five.
PARALLEL = ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder", "--durations=20")


class Failures:
    """Collects what failed, while pytest runs."""

    def __init__(self) -> None:
        self.tests: list[str] = []
        self.outside_of_tests = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.tests:
            self.tests.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.outside_of_tests |= report.failed

    @property
    def may_be_chance(self) -> bool:
        return (
            not self.outside_of_tests
            and 0 < len(self.tests) <= MOST_RERUNS
            and all(test.startswith(RERUN_BELOW) for test in self.tests)
        )


def main(arguments: Sequence[str]) -> int:
    failures = Failures()
    with TemporaryDirectory(prefix="partner-desk-tests-", dir=MEMORY if has_room_in_memory() else None) as folder:
        options = [*PARALLEL, f"--basetemp={folder}/tests"]
        code = int(pytest.main([*options, *(arguments or ALL_TESTS)], plugins=[failures]))
    flaky: list[str] = []
    if code == pytest.ExitCode.TESTS_FAILED and failures.may_be_chance:
        flaky = [test for test in failures.tests if passes_alone(test)]
        if flaky == failures.tests:
            code = int(pytest.ExitCode.OK)
    print("FLAKY: none" if not flaky else "\n  ".join(["FLAKY: failed, then passed alone", *flaky]), flush=True)
    return code


def has_room_in_memory() -> bool:
    return MEMORY.is_dir() and disk_usage(MEMORY).free > MEMORY_NEEDED


def passes_alone(test: str) -> bool:
    print(f"\nOnce more, alone: {test}", flush=True)
    return subprocess.run([sys.executable, "-m", "pytest", "--quiet", test], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
