"""A small deployment with data, and a second one with nothing in it to restore into."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import make_url, text

from dashboard import migrations
from dashboard.backups import space
from dashboard.backups.checking import check_deployment
from dashboard.backups.making import Backup, make_backup
from dashboard.backups.restoring import restore_backup
from dashboard.backups.space import Say, ignore
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.media import GivenImage
from dashboard.smile.constants import ImageType
from tests.conftest import make_settings
from tests.factories.features import REGISTERED
from tests.factories.images import make_jpeg
from tests.factories.jobs import make_job
from tests.factories.team import make_member


@dataclass
class Place:
    """A database with its folder."""

    database: Database
    settings: Settings

    def back_up(self, target: Path, *, may_replace: bool = False, say: Say = ignore) -> Backup:
        return make_backup(self.database, self.settings, target, utc_now(), may_replace=may_replace, say=say)

    def restore(self, source: Path, *, replace: bool = False, may_upgrade: bool = False) -> None:
        restore_backup(self.database, self.settings, source, utc_now(), replace=replace, may_upgrade=may_upgrade)

    def problems(self) -> list[str]:
        return list(check_deployment(self.database, self.settings, REGISTERED.sealed_columns, every_value=True))

    @property
    def media(self) -> Path:
        return self.settings.media_root

    def pictures(self) -> list[Path]:
        return sorted(path for path in self.media.rglob("*") if path.is_file())


def little_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with hardly anything free."""
    monkeypatch.setattr(space, "disk_usage", lambda _: Mock(free=10))


@pytest.fixture
def here(app: Flask, settings: Settings, database: Database) -> Iterator[Place]:
    with app.app_context():
        make_member(database, "ada")
        yield Place(database, settings)


@pytest.fixture
def job(here: Place) -> Job:
    pictures = tuple(GivenImage(kind, make_jpeg(kind)) for kind in (ImageType.SELFIE_FILE, ImageType.ID_FRONT_FILE))
    return make_job(here.database, here.settings, asks={"images": pictures})


@pytest.fixture
def elsewhere(here: Place, tmp_path: Path) -> Iterator[Place]:
    """Another machine: no tables yet, no pictures, the same keys."""
    folder = tmp_path / "elsewhere"
    if here.database.is_sqlite:
        database = here.database.sibling(f"sqlite:///{folder / 'dashboard.db'}")
        yield Place(database, make_settings(folder, database_url=str(database.engine.url)))
        database.dispose()
        return
    schema = f"desk_elsewhere_{uuid4().hex[:10]}"
    with here.database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(here.settings.database_url).update_query_dict({"options": f"-csearch_path={schema}"})
    database = here.database.sibling(url.render_as_string(hide_password=False))
    yield Place(database, make_settings(folder, database_url=url.render_as_string(hide_password=False)))
    database.dispose()
    with here.database.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


@pytest.fixture
def migrated_elsewhere(elsewhere: Place) -> Place:
    migrations.upgrade(elsewhere.database)
    return elsewhere
