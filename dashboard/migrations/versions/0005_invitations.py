"""Invitations, new passwords by link, e-mail that waits to be sent, and each member's language and time zone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def one_time_link() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
    )


def upgrade() -> None:
    # Not as a batch, which makes the table anew on SQLite: sign-ins point to its rows.
    op.add_column("member", sa.Column("language", sa.String(), nullable=False, server_default="en"))
    op.add_column("member", sa.Column("time_zone", sa.String(), nullable=False, server_default="UTC"))

    op.create_table(
        "invitation",
        *one_time_link(),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["invited_by"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_digest"),
    )
    op.create_index("ix_invitation_email", "invitation", ["email"])

    op.create_table(
        "password_reset",
        *one_time_link(),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_digest"),
    )
    op.create_index("ix_password_reset_member_id", "password_reset", ["member_id"])

    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outgoing_mail_about_id", "outgoing_mail", ["about_id"])
    op.create_index("ix_outgoing_mail_due_at", "outgoing_mail", ["due_at"])


def downgrade() -> None:
    for table in ("outgoing_mail", "password_reset", "invitation"):
        op.drop_table(table)
    op.drop_column("member", "time_zone")
    op.drop_column("member", "language")
