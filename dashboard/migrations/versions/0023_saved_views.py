"""Saved views of lists, and indexes for more filters of jobs.

Jobs are counted by ID type in every period, and by API, warnings and maker alone: the worker counts them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IS_WARNED = sa.text("warning_count > 0")
#: By column, what each index holds beside it.
JOB_FILTERS = {
    "id_type": (),
    "result_code": ("product", "country"),
    "created_by": ("outcome", "product", "country"),
}


def upgrade() -> None:
    _views()
    for name, others in JOB_FILTERS.items():
        op.create_index(f"ix_job_environment_{name}_id", "job", ["environment", name, "id", *others])
    op.drop_index("ix_job_link_id", "job")
    op.create_index("ix_job_link_id_environment_id", "job", ["link_id", "environment", "id"])
    op.create_index(
        "ix_job_warned",
        "job",
        ["environment", "id", "warning_kinds"],
        sqlite_where=IS_WARNED,
        postgresql_where=IS_WARNED,
    )
    _count_jobs_again()


def downgrade() -> None:
    _count_jobs_again()
    op.drop_index("ix_job_warned", "job")
    op.drop_index("ix_job_link_id_environment_id", "job")
    op.create_index("ix_job_link_id", "job", ["link_id"])
    for name in JOB_FILTERS:
        op.drop_index(f"ix_job_environment_{name}_id", "job")
    op.drop_table("saved_view")


def _count_jobs_again() -> None:
    op.execute("DELETE FROM rollup_generation WHERE counted = 'job'")
    op.execute("DELETE FROM rollup WHERE cube LIKE 'job.%'")


def _views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("typed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_oldest_first", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_saved_view_member_id_id", "saved_view", ["member_id", "id"])
    op.create_index("ix_saved_view_is_shared_id", "saved_view", ["is_shared", "id"])
