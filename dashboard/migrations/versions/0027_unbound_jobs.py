"""What ties a job of v3 to Smile's id for it, and two needs: may have been charged, and passed with attention."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BY_OUTCOME = ("environment", "state", "outcome", "id")
#: Name -> the indexed columns and the condition.
NEEDS = {
    "maybe_charged": (
        ("environment", "id"),
        sa.text(
            "api = 'v3' AND step = 'sending' AND state IN ('waiting', 'expired') AND erased_at IS NULL"
            " AND dealt_with_at IS NULL"
        ),
    ),
    "attention": (BY_OUTCOME, sa.text("state = 'done' AND outcome = 'attention' AND dealt_with_at IS NULL")),
}


def upgrade() -> None:
    # No batches, which would copy the table and lose the triggers that count it.
    op.add_column("job", sa.Column("sending_at", sa.DateTime(timezone=True)))
    op.add_column("job", sa.Column("candidates", sa.JSON(), nullable=False, server_default="[]"))
    for name, (columns, where) in NEEDS.items():
        op.create_index(f"ix_job_needs_{name}", "job", list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in NEEDS:
        op.drop_index(f"ix_job_needs_{name}", "job")
    op.drop_column("job", "candidates")
    op.drop_column("job", "sending_at")
