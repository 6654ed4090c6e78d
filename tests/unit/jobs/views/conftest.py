"""A queue that is silent, and jobs as a test wants them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs import views
from dashboard.jobs.catalogue import Catalogue
from dashboard.jobs.live_catalogue import LiveCatalogue
from dashboard.jobs.models import Job
from tests.factories.jobs import make_job as make_job_row


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, UUID]]:
    names: list[tuple[str, UUID]] = []
    monkeypatch.setattr(views, "wake", lambda name, row_id: names.append((name, row_id)))
    monkeypatch.setattr(LiveCatalogue, "get", lambda _: Catalogue())
    return names


@pytest.fixture
def make_job(app: Flask, database: Database, settings: Settings) -> Callable[..., Job]:
    def make(*arguments: Any, **row: Any) -> Job:
        with app.app_context():
            return make_job_row(database, settings, *arguments, **row)

    return make
