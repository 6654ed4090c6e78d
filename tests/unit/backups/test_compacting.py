"""Compacting gives free space back and changes no data, however it ends."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select
from sqlmodel import col

from dashboard.backups.compacting import compact_database
from dashboard.backups.sqlite_copy import IN_USE, path_of
from dashboard.cli import main
from dashboard.db import SQLITE, Database, TimeLimits, utc_now
from dashboard.errors import Conflict
from dashboard.features import metadata
from dashboard.jobs.models import Job
from dashboard.stored_settings import Setting, write_setting
from tests.conftest import ENCRYPTION_KEY
from tests.factories.environment import set_environment
from tests.unit.backups.conftest import Place, little_space

pytestmark = pytest.mark.both_engines

FILLERS = 300
#: As the system does to a process that writes more into a file than it may.
KILLED_AT_SIZE = """
import resource, signal, sys
from dashboard.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
main(["db", "compact"])
"""


@pytest.fixture
def half_empty(here: Place, job: Job) -> Place:
    """More data than SQLite keeps in its cache, half of which was deleted."""
    with here.database.transaction() as session:
        for number in range(FILLERS):
            write_setting(session, f"filler {number:03}", token_hex(15_000), utc_now())
    with here.database.transaction() as session:
        session.connection().execute(delete(Setting).where(col(Setting.name).like("filler __0")))
        session.connection().execute(delete(Setting).where(col(Setting.name).like("filler 1__")))
    return here


def all_rows(database: Database) -> dict[str, Sequence[Any]]:
    with database.reading() as session:
        connection = session.connection()
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in metadata.sorted_tables
        }


def test_free_space_is_given_back_and_no_row_is_another(half_empty: Place):
    database, said = half_empty.database, list[str]()
    rows = all_rows(database)

    first = compact_database(database, said.append)
    second = compact_database(database)

    assert second.after <= first.after <= first.before
    assert all_rows(database) == rows
    assert half_empty.problems() == []
    assert re.fullmatch(r"This needs about [\d.]+ (KB|MB) (in|on) .+, and takes less than a minute\.", said[0])
    if database.is_sqlite:  # PostgreSQL keeps deleted rows for others who have a transaction open, in any schema.
        assert first.after < first.before * 0.9
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert left_aside(database) == []


def left_aside(database: Database) -> list[Path]:
    path = path_of(database)
    return [each for each in path.parent.iterdir() if each.name in (f".{path.name}.compact", f"{path.name}-journal")]


def test_command_prints_the_sizes_before_and_after(half_empty: Place, monkeypatch: pytest.MonkeyPatch):
    set_environment(monkeypatch, half_empty.settings, ENCRYPTION_KEY)
    half_empty.database.dispose()

    done = CliRunner().invoke(main, ["db", "compact"])

    assert done.exit_code == 0, done.output
    assert re.search(r"\nThe database had [\d.]+ MB and has [\d.]+ MB now\.\n$", done.output)


def test_database_in_use_is_refused_and_stays_as_it_is(half_empty: Place, monkeypatch: pytest.MonkeyPatch):
    set_environment(monkeypatch, half_empty.settings, ENCRYPTION_KEY)
    rows = all_rows(half_empty.database)
    half_empty.database.dispose()
    running = Database(half_empty.settings.database_url, half_empty.database.keyring, TimeLimits(serves=True))

    with closing(running.engine.raw_connection()) as connection:
        connection.cursor().execute("SELECT 1 FROM job")
        refused = CliRunner().invoke(main, ["db", "compact"])
    running.dispose()

    assert (refused.exit_code, refused.output) == (1, f"Error: {IN_USE}\n")
    assert all_rows(half_empty.database) == rows


def test_too_little_space_is_said_before_anything_is_done(half_empty: Place, monkeypatch: pytest.MonkeyPatch):
    if not half_empty.database.is_sqlite:
        pytest.skip("only the server of PostgreSQL knows how much is free there")
    little_space(monkeypatch)
    path = path_of(half_empty.database)
    half_empty.database.dispose()
    size = path.stat().st_size

    with pytest.raises(Conflict, match=r"^About [\d.]+ MB of free space are needed in .+, and there are 1 KB\."):
        compact_database(half_empty.database)

    assert path.stat().st_size == size
    assert left_aside(half_empty.database) == []
    assert half_empty.problems() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits for files")
@pytest.mark.parametrize("share", [0.5, 1.0], ids=["while it copies", "while it replaces"])
def test_killed_run_leaves_all_data_and_the_next_one_does_it(
    half_empty: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: float
):
    """SQLite's journal of what is replaced becomes a little larger than the compacted file."""
    if not half_empty.database.is_sqlite:
        pytest.skip("PostgreSQL rewrites each table in its own transaction")
    set_environment(monkeypatch, half_empty.settings, ENCRYPTION_KEY)
    path, rows = path_of(half_empty.database), all_rows(half_empty.database)
    half_empty.database.dispose()
    with closing(SQLITE.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "small.db"),))
    limit = int((tmp_path / "small.db").stat().st_size * share)

    killed = subprocess.run([sys.executable, "-c", KILLED_AT_SIZE, str(limit)], capture_output=True, check=False)

    assert killed.returncode == -signal.SIGXFSZ, killed.stderr
    assert [each.suffix for each in left_aside(half_empty.database)].count(".db-journal") == (share == 1.0)
    assert all_rows(half_empty.database) == rows
    assert half_empty.problems() == []
    sizes = compact_database(half_empty.database)
    assert sizes.after < sizes.before * 0.9
    assert all_rows(half_empty.database) == rows
    assert left_aside(half_empty.database) == []
