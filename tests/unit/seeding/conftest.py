"""A small company: enough jobs that every product, most endings and a few strange callbacks are among them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from dashboard.app import create_app
from dashboard.context import Context, context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.seeding import batches, filling
from dashboard.seeding.company import Amounts
from tests.conftest import empty, make_settings
from tests.engines import ENGINES

AMOUNTS = Amounts(jobs=120, callbacks=130, links=15, members=12, sign_ins=20, audit_lines=150)


def seed(parts: Context, amounts: Amounts = AMOUNTS, random_seed: int = 1) -> None:
    progress = filling.prepare(parts, amounts, random_seed, utc_now())
    list(filling.fill(parts, progress, processes=1))
    list(filling.finish(parts, progress, utc_now()))


@pytest.fixture
def parts(app: Flask) -> Iterator[Context]:
    """The context of an app whose database is empty. Its indexes are there again afterwards."""
    with app.app_context():
        yield context_of(app)
        list(filling.build_missing_indexes(context_of(app).database))


@pytest.fixture(scope="module", params=ENGINES)
def seeded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keyring: KeyRing
) -> Iterator[Context]:
    """One seeded database for all tests of a module that only look at it."""
    folder = tmp_path_factory.mktemp("seeded")
    if request.param == "sqlite":
        shutil.copyfile(migrated_sqlite, folder / "dashboard.db")
        database = Database(f"sqlite:///{folder / 'dashboard.db'}", keyring)
    else:
        database = request.getfixturevalue("postgres")
    url = database.engine.url.set(drivername=request.param).render_as_string(hide_password=False)
    app = create_app(make_settings(folder, database_url=url), database=database)
    with app.app_context():
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(batches, "STRAY", 200)
            seed(context_of(app))
        yield context_of(app)
    if database.is_sqlite:
        database.dispose()
    else:
        empty(database)
