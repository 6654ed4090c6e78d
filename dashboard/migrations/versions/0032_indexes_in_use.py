"""The trail is found by who did what together. Two indexes that nothing reads go."""

from alembic import op

revision = "0032"
down_revision = "0025"
branch_labels = None
depends_on = None

WHO_AND_WHAT = "ix_audit_entry_who_action_sequence"
UNUSED = {
    "ix_audit_entry_member_id": ("audit_entry", ["member_id"]),
    "ix_job_environment_changed_at": ("job", ["environment", "changed_at"]),
}


def upgrade() -> None:
    for name, (table, _) in UNUSED.items():
        op.drop_index(name, table)
    op.create_index(WHO_AND_WHAT, "audit_entry", ["who", "action", "sequence"])


def downgrade() -> None:
    op.drop_index(WHO_AND_WHAT, "audit_entry")
    for name, (table, columns) in UNUSED.items():
        op.create_index(name, table, columns)
