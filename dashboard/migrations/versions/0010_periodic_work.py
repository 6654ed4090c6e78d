"""Periodic work: a row for each says when it is due, and who runs it now.

When retention is due was a setting, and moves there; the others are added when a worker starts.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

setting = sa.table("setting", sa.column("name", sa.String), sa.column("value", sa.JSON))
RETENTION_DUE_AT = setting.c.name == "retention_due_at"


def upgrade() -> None:
    periodic_work = op.create_table(
        "periodic_work",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    due_at = op.get_bind().scalar(sa.select(setting.c.value).where(RETENTION_DUE_AT))
    if due_at:
        row = {"name": "privacy.enforce_retention", "due_at": datetime.fromisoformat(due_at)}
        op.bulk_insert(periodic_work, [row])
        op.execute(sa.delete(setting).where(RETENTION_DUE_AT))


def downgrade() -> None:
    op.drop_table("periodic_work")
