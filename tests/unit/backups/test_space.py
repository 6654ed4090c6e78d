"""What backup and restore need is said before they begin, and refused where the disk has too little."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import Session, func, select

from dashboard.backups.restoring import restore_backup
from dashboard.cli import main
from dashboard.db import utc_now
from dashboard.errors import Conflict
from dashboard.jobs.models import Job
from dashboard.stored_settings import LAST_BACKUP, read_setting, write_setting
from tests.conftest import ENCRYPTION_KEY
from tests.factories.environment import set_environment
from tests.unit.backups.conftest import Place, little_space

pytestmark = pytest.mark.both_engines

NEEDS = r"This needs about [\d.]+ (KB|MB) in {folder} \([\d.,]+ (KB|MB|GB) are free\), and takes less than a minute\.\n"


def test_command_says_what_a_backup_needs(here: Place, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    set_environment(monkeypatch, here.settings, ENCRYPTION_KEY)

    done = CliRunner().invoke(main, ["db", "backup", str(tmp_path / "desk.backup")])

    assert done.exit_code == 0, done.output
    assert re.match(NEEDS.format(folder=tmp_path), done.output)


def test_time_is_judged_by_the_last_backup(here: Place, job: Job, tmp_path: Path, session: Session):
    said: list[str] = []
    with here.database.transaction() as writing:
        write_setting(writing, LAST_BACKUP, {"at": utc_now().isoformat(), "read": 1000, "seconds": 10.0}, utc_now())

    here.back_up(tmp_path / "desk.backup", say=said.append)

    assert re.search(r"takes about [\d,]+ (hour|day)s?\.$", said[0])
    noted = read_setting(session, LAST_BACKUP)
    assert noted["read"] > noted["size"] / 10
    assert noted["seconds"] > 0


def test_backup_is_refused_where_there_is_no_space(
    here: Place, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    little_space(monkeypatch)

    with pytest.raises(Conflict, match=r"free space are needed in .+ Nothing was changed\."):
        here.back_up(tmp_path / "desk.backup")

    assert not (tmp_path / "desk.backup").exists()


def test_restore_is_refused_where_there_is_no_space(
    here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here.back_up(tmp_path / "desk.backup")
    little_space(monkeypatch)

    with pytest.raises(Conflict, match=r"free space are needed in .+ Nothing was changed\."):
        migrated_elsewhere.restore(tmp_path / "desk.backup")

    with migrated_elsewhere.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Job)).one() == 0
    assert migrated_elsewhere.pictures() == []


def test_restore_says_what_it_needs_for_data_and_images(here: Place, job: Job, elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")
    said: list[str] = []

    restore_backup(
        elsewhere.database,
        elsewhere.settings,
        tmp_path / "desk.backup",
        utc_now(),
        replace=False,
        may_upgrade=False,
        say=said.append,
    )

    [sentence] = said
    assert f" in {tmp_path}" in sentence
    assert (" on PostgreSQL's disk and " in sentence) is not here.database.is_sqlite
