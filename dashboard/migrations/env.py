"""What Alembic runs: the connection comes from `dashboard.migrations`, the tables from `dashboard.features`."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from dashboard.db import EnumText, UtcDateTime
from dashboard.features import metadata


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A migration names plain column types, so that it still runs when our own types have changed."""
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
    # All of them in one transaction, on SQLite too: another process that upgrades waits until the last one is done.
    transactional_ddl=True,
    # SQLite cannot alter most things: Alembic builds the table anew and copies.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
