"""A PostgreSQL and a Redis of the test's own, which it may stop: those of the machine are shared."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.conftest import free_port

SECONDS_TO_START = 60
REDIS = shutil.which("redis-server")


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl, which is seldom on the PATH; None where they are not installed."""
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


class OwnRedis:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        assert REDIS
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen([REDIS, *options], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


class OwnPostgres:
    """PostgreSQL does not run as root, so root runs it as the user `postgres`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._data = folder / "data"
        self._programs = programs
        self._port = free_port()
        self._as_user = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        if self._as_user:
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "desk", "--no-sync", "-E", "UTF8")
        self.url = f"postgresql://desk@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -k {self._data} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._data.parent / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-t", str(SECONDS_TO_START), "-o", options, "start")

    def stop(self) -> None:
        """At once, as with a power cut; what was committed is there when it starts again."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as_user, str(self._programs / program), *arguments],
            check=True, stdout=subprocess.DEVNULL, cwd=self._data.parent,
        )  # fmt: skip


@contextmanager
def own_redis() -> Iterator[OwnRedis]:
    with tempfile.TemporaryDirectory() as folder:
        redis = OwnRedis(Path(folder))
        redis.start()
        try:
            yield redis
        finally:
            redis.stop()


@contextmanager
def own_postgres(programs: Path) -> Iterator[OwnPostgres]:
    with tempfile.TemporaryDirectory() as folder:
        postgres = OwnPostgres(Path(folder), programs)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop()
