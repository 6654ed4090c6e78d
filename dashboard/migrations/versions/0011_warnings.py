"""Warnings beside outcomes, what was dealt with, phone numbers for search, and an index for each need of a person.

Phone digests of the jobs that are there need the keys: periodic work fills them in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEEDS = {
    "disagreement": "disagreement IS NOT NULL AND dealt_with_at IS NULL",
    "warning": (
        "state = 'done' AND outcome = 'approved' AND warning_count > 0 AND erased_at IS NULL AND dealt_with_at IS NULL"
    ),
    "unknown": "state = 'done' AND outcome = 'unknown' AND dealt_with_at IS NULL",
    "failed": "state = 'failed' AND dealt_with_at IS NULL",
    "error": "state = 'done' AND outcome = 'error' AND erased_at IS NULL AND dealt_with_at IS NULL",
    "provisional": "state = 'done' AND outcome = 'provisional' AND dealt_with_at IS NULL",
    "overdue": "callback_due_at IS NOT NULL AND callback_at IS NULL AND settled_at IS NULL AND dealt_with_at IS NULL",
}
INDEXED = {
    "disagreement": ["environment", "id"],
    "warning": ["environment", "outcome", "id"],
    "unknown": ["environment", "outcome", "id"],
    "failed": ["environment", "state", "id"],
    "error": ["environment", "outcome", "id"],
    "provisional": ["environment", "outcome", "id"],
    "overdue": ["environment", "id"],
}
STILL_HOLDS = sa.text("came_back_at IS NULL")


def upgrade() -> None:
    op.add_column("job", sa.Column("phone_digest", sa.String(), nullable=True))
    op.add_column("job", sa.Column("warning_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("dealt_with_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_job_id_number_digest", "job")
    for name in ("id_number_digest", "phone_digest"):
        op.create_index(f"ix_job_{name}_environment_id", "job", [name, "environment", "id"])
    for name, where in NEEDS.items():
        condition = sa.text(where)
        op.create_index(
            f"ix_job_needs_{name}", "job", INDEXED[name], sqlite_where=condition, postgresql_where=condition
        )
    op.create_table(
        "job_warning",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("personal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "kind", "is_confirmed", name="uq_job_warning_job_id_kind"),
    )
    op.create_table(
        "dealt_with",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("dealt_by", sa.String(), nullable=False),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("came_back_because", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dealt_with_job_id", "dealt_with", ["job_id"])
    op.create_index(
        "uq_dealt_with_job_id",
        "dealt_with",
        ["job_id"],
        unique=True,
        sqlite_where=STILL_HOLDS,
        postgresql_where=STILL_HOLDS,
    )


def downgrade() -> None:
    op.drop_table("dealt_with")
    op.drop_table("job_warning")
    for name in NEEDS:
        op.drop_index(f"ix_job_needs_{name}", "job")
    for name in ("id_number_digest", "phone_digest"):
        op.drop_index(f"ix_job_{name}_environment_id", "job")
    op.create_index("ix_job_id_number_digest", "job", ["id_number_digest"])
    for name in ("phone_digest", "warning_count", "dealt_with_at"):
        op.drop_column("job", name)
