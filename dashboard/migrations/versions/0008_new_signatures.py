"""The index of signatures told apart by what they are not, so that SQLite uses it for a whole group of callbacks."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "uq_callback_new_signature"


def upgrade() -> None:
    op.drop_index(NAME, "callback")
    create("verdict NOT IN ('reused', 'reflected')")


def downgrade() -> None:
    op.drop_index(NAME, "callback")
    create("verdict IN ('valid', 'stale', 'future')")


def create(new: str) -> None:
    is_new = sa.text(new)
    columns = ["environment", "signature_digest"]
    op.create_index(NAME, "callback", columns, unique=True, sqlite_where=is_new, postgresql_where=is_new)
