"""One app and one database for a whole file: a walk looks at hundreds of answers and changes rows of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from tests.conftest import let_in, make_settings
from tests.factories.rollups import fold_all
from tests.factories.team import make_member
from tests.security.walk import World

SignInAgain = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def walked_app(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("walked")
    shutil.copyfile(migrated_sqlite, folder / "dashboard.db")
    app = create_app(make_settings(folder, database_url=f"sqlite:///{folder / 'dashboard.db'}"))
    app.testing = True
    fold_all(context_of(app).database, utc_now())  # Reports say 503 until rows are counted.
    yield app
    context_of(app).database.dispose()


@pytest.fixture(scope="module")
def walked_database(walked_app: Flask) -> Database:
    return context_of(walked_app).database


@pytest.fixture(scope="module")
def world(walked_app: Flask, walked_database: Database) -> World:
    return World(walked_app, walked_database, context_of(walked_app).settings)


@pytest.fixture(scope="module")
def sign_in_again(walked_app: Flask, walked_database: Database) -> SignInAgain:
    """A new browser with that member signed in; None is somebody signed out. Forms need no token in this app."""
    walked_app.config["WTF_CSRF_ENABLED"] = False

    def sign_in(name: str) -> FlaskClient:
        client = walked_app.test_client()
        if name:
            let_in(client, make_member(walked_database, name))
        return client

    return sign_in
