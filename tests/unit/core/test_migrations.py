"""Migrations lead to just the tables that the models describe, and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.models import metadata
from tests.conftest import POSTGRES_URL


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, keyring: KeyRing, worker_id: str) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}", keyring)
        yield database
        database.engine.dispose()
        return
    if not POSTGRES_URL:
        pytest.skip("DASHBOARD_TEST_POSTGRES_URL is not set: not run on PostgreSQL")
    admin, schema = Database(POSTGRES_URL, keyring), f"desk_empty_{worker_id}_{tmp_path.parent.name.replace('-', '_')}"
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    separator = "&" if "?" in POSTGRES_URL else "?"
    database = Database(f"{POSTGRES_URL}{separator}options=-csearch_path%3D{schema}", keyring)
    yield database
    database.engine.dispose()
    with admin.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.engine.dispose()


def test_upgraded_database_is_what_the_models_describe(empty: Database):
    assert not migrations.is_current(empty)

    migrations.upgrade(empty)
    migrations.upgrade(empty)

    assert migrations.is_current(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_downgrade_leaves_nothing_behind(empty: Database):
    migrations.upgrade(empty)

    config = migrations._config()
    with empty.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    assert set(inspect(empty.engine).get_table_names()) == {"alembic_version"}
    assert not migrations.is_current(empty)
    migrations.upgrade(empty)
    assert migrations.is_current(empty)
