"""Callbacks by their signature for all, and by their body only for those that raise an alarm.

So a callback costs one index less. The first is told by what it is not, so that SQLite uses it for a whole group.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ALARMING = "verdict IN ('reused', 'reflected')"
NOT_ALARMING = "verdict NOT IN ('reused', 'reflected')"
NEW = "verdict IN ('valid', 'stale', 'future')"
BODY_AND_SIGNATURE = ["environment", "body_sha256", "signature_digest"]


def upgrade() -> None:
    op.drop_index("uq_callback_same", "callback")
    op.drop_index("uq_callback_new_signature", "callback")
    create_unique("uq_callback_signature", ["environment", "signature_digest"], NOT_ALARMING)
    create_unique("uq_callback_alarm", BODY_AND_SIGNATURE, ALARMING)


def downgrade() -> None:
    op.drop_index("uq_callback_alarm", "callback")
    op.drop_index("uq_callback_signature", "callback")
    create_unique("uq_callback_new_signature", ["environment", "signature_digest"], NEW)
    op.create_index("uq_callback_same", "callback", BODY_AND_SIGNATURE, unique=True)


def create_unique(name: str, columns: list[str], where: str) -> None:
    is_in = sa.text(where)
    op.create_index(name, "callback", columns, unique=True, sqlite_where=is_in, postgresql_where=is_in)
