"""An app whose requests each have a context of their own, as they have behind a server, and a queue that is silent."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs import views
from dashboard.jobs.catalogue import Catalogue
from dashboard.jobs.models import Job
from tests.factories.jobs import make_job as make_job_row


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions["database"].engine.dispose()


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, UUID]]:
    names: list[tuple[str, UUID]] = []
    monkeypatch.setattr(views, "wake", lambda name, row_id: names.append((name, row_id)))
    monkeypatch.setattr(views, "live_catalogue", Catalogue)
    return names


@pytest.fixture
def make_job(app: Flask, database: Database, settings: Settings) -> Callable[..., Job]:
    def make(*arguments: Any, **row: Any) -> Job:
        with app.app_context():
            return make_job_row(database, settings, *arguments, **row)

    return make
