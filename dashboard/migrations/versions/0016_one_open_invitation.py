"""One open invitation for an address. Of several, the one that works longest stays and the others are withdrawn."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IS_OPEN = "used_at IS NULL AND withdrawn_at IS NULL"
WITHDRAW_ALL_BUT_ONE = """
UPDATE invitation SET withdrawn_at = :now WHERE used_at IS NULL AND withdrawn_at IS NULL AND id NOT IN (
  SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY email ORDER BY expires_at DESC, id DESC) AS place
      FROM invitation WHERE used_at IS NULL AND withdrawn_at IS NULL
  ) AS of_address WHERE place = 1
)
"""
CALL_OFF_MAIL = """
UPDATE outgoing_mail SET due_at = NULL, content_sealed = NULL
 WHERE due_at IS NOT NULL AND about_id IN (SELECT id FROM invitation WHERE withdrawn_at IS NOT NULL)
"""


def upgrade() -> None:
    connection, now = op.get_bind(), datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)  # It knows no zones.
    moment = sa.bindparam("now", now, sa.DateTime(timezone=True))
    connection.execute(sa.text(WITHDRAW_ALL_BUT_ONE).bindparams(moment))
    op.execute(CALL_OFF_MAIL)
    is_open = sa.text(IS_OPEN)
    op.create_index(
        "uq_invitation_email", "invitation", ["email"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )


def downgrade() -> None:
    op.drop_index("uq_invitation_email", "invitation")
