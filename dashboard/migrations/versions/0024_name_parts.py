"""Parts of customers' names as keyed digests, and their sealed key. The worker fills them from older jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "name_search_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "name_part",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("digest", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "digest", "job_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_name_part_job_id", "name_part", ["job_id"])


def downgrade() -> None:
    op.drop_table("name_part")
    op.drop_table("name_search_key")
