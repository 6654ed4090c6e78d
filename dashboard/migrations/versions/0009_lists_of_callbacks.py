"""Each list of callbacks, and those of one job, one number or none, by an index in the order of the list.

SQLite took indexes that fitted less well for as good, and went through all callbacks of the environment.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OLD = {
    "ix_callback_environment_claimed_job_id": ["environment", "claimed_job_id"],
    "ix_callback_job_id": ["job_id"],
    "ix_callback_id_number_digest": ["id_number_digest"],
}
NEW = {
    "ix_callback_environment_id": ["environment", "id"],
    "ix_callback_environment_claimed_job_id_id": ["environment", "claimed_job_id", "id"],
    "ix_callback_job_id_environment_id": ["job_id", "environment", "id"],
    "ix_callback_id_number_digest_environment_id": ["id_number_digest", "environment", "id"],
}
IS_ORPHAN = sa.text("job_id IS NULL")


def upgrade() -> None:
    op.drop_index("ix_callback_orphan", "callback")
    replace(OLD, NEW)


def downgrade() -> None:
    replace(NEW, OLD)
    op.create_index(
        "ix_callback_orphan", "callback", ["environment", "id"], sqlite_where=IS_ORPHAN, postgresql_where=IS_ORPHAN
    )


def replace(old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    for name in old:
        op.drop_index(name, "callback")
    for name, columns in new.items():
        op.create_index(name, "callback", columns)
