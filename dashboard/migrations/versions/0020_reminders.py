"""Codes of before a reminder, and how often and by whom a link was handed over again."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "earlier_code",
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"]),
        sa.PrimaryKeyConstraint("code_digest"),
    )
    op.create_index("ix_earlier_code_link_id", "earlier_code", ["link_id"])
    op.create_table(
        "link_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("is_reminder", sa.Boolean(), nullable=False),
        sa.Column("is_mailed", sa.Boolean(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_link_message_link_id_id", "link_message", ["link_id", "id"])
    holds_email = sa.text("email_sealed IS NOT NULL")
    op.create_index(
        "ix_link_message_holds_email", "link_message", ["id"], sqlite_where=holds_email, postgresql_where=holds_email
    )


def downgrade() -> None:
    op.drop_table("link_message")
    op.drop_table("earlier_code")
