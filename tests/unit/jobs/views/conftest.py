"""The shipped tables of ID types, and jobs as a test wants them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.live_catalogue import LiveCatalogue
from tests.factories.jobs import make_job as make_job_row


@pytest.fixture(autouse=True)
def shipped_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveCatalogue, "get", lambda _: Catalogue())


@pytest.fixture
def make_job(app: Flask, database: Database, settings: Settings) -> Callable[..., Job]:
    def make(*arguments: Any, **row: Any) -> Job:
        with app.app_context():
            return make_job_row(database, settings, *arguments, **row)

    return make
