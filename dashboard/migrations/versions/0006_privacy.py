"""What was erased of jobs, results, callbacks and links, and the proof that a person was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_job_holds_person", "job", "(id_number_sealed IS NOT NULL OR person_sealed IS NOT NULL)"),
    ("ix_result_kept", "result", "erased_at IS NULL"),
    ("ix_link_holds_prefill", "link", "prefill_sealed IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_by", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("identifier_digests", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in ("job", "result", "link"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(sa.Column("erased", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column("erased", server_default=None)
    # SQLite reads a row from its beginning, so the body stays behind what lists show.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("callback", recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.add_column(
            sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
            insert_before="body_sealed" if is_sqlite else None,
        )
    for name, table, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(name, table, ["id"], unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, _ in PARTIAL:
        op.drop_index(name, table_name=table)
    for table in ("callback", "link", "result", "job"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("erased_at")
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("erased")
    op.drop_table("erasure")
