"""Checks of the audit chain with their place, and the indexes that the filters of the trail are read by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FILTERED = ("who", "action", "subject")


def upgrade() -> None:
    op.create_table(
        "chain_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_chain_check_due_at", "chain_check", ["due_at"])
    # Each filter is followed by the order of the list, so that no match has to be sorted.
    op.drop_index("ix_audit_entry_action", "audit_entry")
    op.drop_index("ix_audit_entry_subject", "audit_entry")
    for name in FILTERED:
        op.create_index(f"ix_audit_entry_{name}_sequence", "audit_entry", [name, "sequence"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])


def downgrade() -> None:
    op.drop_index("ix_audit_entry_at", "audit_entry")
    for name in FILTERED:
        op.drop_index(f"ix_audit_entry_{name}_sequence", "audit_entry")
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])
    op.create_index("ix_audit_entry_action", "audit_entry", ["action"])
    op.drop_index("ix_chain_check_due_at", "chain_check")
    op.drop_table("chain_check")
