"""Keys that an owner adds, and what the inspector of callbacks finds, hands over again and counts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RARE = {
    "ix_callback_again": "times_seen > 1",
    "ix_callback_orphan": "job_id IS NULL",
    "ix_callback_alarm": "verdict IN ('reused', 'reflected')",
}


def upgrade() -> None:
    op.create_table(
        "processing_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Uuid(), nullable=False),
        sa.Column("next_before", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("processing_run", schema=None) as batch_op:
        batch_op.create_index("ix_processing_run_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_processing_run_environment", ["environment"], unique=False)

    op.create_table(
        "smile_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("signing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "digest", name="uq_smile_key_environment_digest"),
        sa.UniqueConstraint("environment", "number", name="uq_smile_key_environment_number"),
    )
    # SQLite reads a row from its beginning, so the body stays behind what lists show.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    place = "body_sealed" if is_sqlite else None
    with op.batch_alter_table("callback", recreate="always" if is_sqlite else "never") as batch_op:
        for column in (
            sa.Column("product", sa.String(), nullable=True),
            sa.Column("country", sa.String(), nullable=True),
            sa.Column("id_type", sa.String(), nullable=True),
            sa.Column("id_number_digest", sa.String(), nullable=True),
            sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        ):
            batch_op.add_column(column, insert_before=place)
        # Each index is paid for with every callback; these are found by others as well.
        for name in ("ix_callback_unhandled", "ix_callback_environment_id", "ix_callback_body_sha256"):
            batch_op.drop_index(name)
        batch_op.drop_index("uq_callback_same")
        batch_op.create_index("uq_callback_same", ["environment", "body_sha256", "signature_digest"], unique=True)
        batch_op.create_index(
            "ix_callback_environment_due_at",
            ["environment", "due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_callback_id_number_digest", ["id_number_digest"], unique=False)
        for name, rare in RARE.items():
            batch_op.create_index(
                name, ["environment", "id"], unique=False, sqlite_where=sa.text(rare), postgresql_where=sa.text(rare)
            )
    with op.batch_alter_table("callback") as batch_op:
        batch_op.alter_column("attempts", server_default=None)
    op.execute("UPDATE callback SET due_at = received_at WHERE handled_at IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("callback", schema=None) as batch_op:
        for name in RARE:
            batch_op.drop_index(name)
        batch_op.drop_index("ix_callback_id_number_digest")
        batch_op.drop_index("ix_callback_environment_due_at")
        batch_op.drop_index("uq_callback_same")
        batch_op.create_index("uq_callback_same", ["environment", "signature_digest", "body_sha256"], unique=True)
        batch_op.create_index("ix_callback_environment_id", ["environment", "id"])
        batch_op.create_index("ix_callback_body_sha256", ["body_sha256"])
        batch_op.create_index(
            "ix_callback_unhandled",
            ["environment", "received_at"],
            unique=False,
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )
        batch_op.drop_column("attempts")
        batch_op.drop_column("due_at")
        batch_op.drop_column("id_number_digest")
        batch_op.drop_column("id_type")
        batch_op.drop_column("country")
        batch_op.drop_column("product")

    op.drop_table("smile_key")
    with op.batch_alter_table("processing_run", schema=None) as batch_op:
        batch_op.drop_index("ix_processing_run_environment")
        batch_op.drop_index("ix_processing_run_due_at")

    op.drop_table("processing_run")
