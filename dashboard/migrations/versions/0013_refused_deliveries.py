"""Deliveries that were refused are listed, and callbacks of one millisecond may share a signature, numbered."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: Those that are meant to win over the others, the last over all.
LATER_INDEXES = (
    "ix_callback_environment_verdict_id",
    "uq_callback_alarm",
    "ix_callback_environment_id",
    "ix_callback_environment_claimed_job_id_id",
)
NOT_ALARMING = "verdict NOT IN ('reused', 'reflected')"


def upgrade() -> None:
    op.create_table(
        "refused_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_address", sa.String(), nullable=False),
        sa.Column("source_network", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_job_id", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refused_delivery_environment_id", "refused_delivery", ["environment", "id"])
    network = ["environment", "source_network", "id"]
    op.create_index("ix_refused_delivery_environment_source_network_id", "refused_delivery", network)
    op.create_index("ix_refused_delivery_job_id_id", "refused_delivery", ["job_id", "id"])

    op.drop_index("uq_callback_signature", "callback")
    # SQLite reads a row from its beginning, so the body stays behind what lists show.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("callback", recreate="always" if is_sqlite else "never") as batch_op:
        column = sa.Column("signature_use", sa.Integer(), nullable=False, server_default="0")
        batch_op.add_column(column, insert_before="body_sealed" if is_sqlite else None)
    with op.batch_alter_table("callback") as batch_op:
        batch_op.alter_column("signature_use", server_default=None)
    if is_sqlite:
        make_again_in_order()
    create_unique(["environment", "signature_digest", "signature_use"])


def make_again_in_order() -> None:
    """Copying a table makes its indexes in a random order, and of two that fit alike SQLite takes the later one."""
    connection = op.get_bind()
    made_by = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :name")
    for name in LATER_INDEXES:
        sql = connection.execute(made_by, {"name": name}).scalar_one()
        op.drop_index(name, "callback")
        op.execute(sql)


def downgrade() -> None:
    op.drop_index("uq_callback_signature", "callback")
    # The older schema lets one callback have a signature: of those that share one, the first keeps it.
    op.execute("UPDATE callback SET signature_digest = NULL WHERE signature_use > 0")
    with op.batch_alter_table("callback") as batch_op:
        batch_op.drop_column("signature_use")
    create_unique(["environment", "signature_digest"])
    op.drop_table("refused_delivery")


def create_unique(columns: list[str]) -> None:
    is_in = sa.text(NOT_ALARMING)
    op.create_index(
        "uq_callback_signature", "callback", columns, unique=True, sqlite_where=is_in, postgresql_where=is_in
    )
