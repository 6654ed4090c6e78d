"""Exact times to a result, counted in the background for reports; links by their makers."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exact_time",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("half_ms", sa.BigInteger(), nullable=True),
        sa.Column("nine_in_ten_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "question"),
    )
    op.create_index("ix_exact_time_asked_by", "exact_time", ["asked_by"])
    op.create_index("ix_exact_time_due_at", "exact_time", ["due_at"])
    op.create_index("ix_exact_time_asked_at", "exact_time", ["asked_at"])
    op.create_index("ix_link_environment_created_by_id", "link", ["environment", "created_by", "id"])


def downgrade() -> None:
    op.drop_index("ix_link_environment_created_by_id", "link")
    op.drop_table("exact_time")
