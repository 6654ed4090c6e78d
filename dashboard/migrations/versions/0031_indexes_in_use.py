"""The trail is found by who did what together, and when a member was last seen. Two indexes that nothing reads go."""

from collections.abc import Mapping

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NEW = {
    "ix_audit_entry_who_action_sequence": ("audit_entry", ["who", "action", "sequence"]),
    "ix_sign_in_member_id_seen_at": ("sign_in", ["member_id", "seen_at"]),
}
#: The last one is the beginning of a new one.
OLD = {
    "ix_audit_entry_member_id": ("audit_entry", ["member_id"]),
    "ix_job_environment_changed_at": ("job", ["environment", "changed_at"]),
    "ix_sign_in_member_id": ("sign_in", ["member_id"]),
}


def upgrade() -> None:
    _replace(OLD, NEW)


def downgrade() -> None:
    _replace(NEW, OLD)


def _replace(gone: Mapping[str, tuple[str, list[str]]], come: Mapping[str, tuple[str, list[str]]]) -> None:
    for name, (table, _) in gone.items():
        op.drop_index(name, table)
    for name, (table, columns) in come.items():
        op.create_index(name, table, columns)
