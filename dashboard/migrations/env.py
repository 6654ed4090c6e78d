"""Run by Alembic, with the connection of `dashboard.migrations` and the tables of `dashboard.features`."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from dashboard.db import EnumText, UtcDateTime
from dashboard.features import metadata
from dashboard.migrations import is_described


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Renders our column types as plain ones, so that a migration still runs after our types have changed."""
    if kind == "type" and isinstance(item, (AutoString, EnumText)):
        return "sa.String()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=render_item,
    include_name=is_described,
    # All migrations in one transaction, on SQLite too: another process that upgrades waits until the last is done.
    transactional_ddl=True,
    # SQLite cannot alter most things: Alembic creates a new table and copies the rows.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
