"""Keys of forms that were pressed, so that a second press is told from the first."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pressed_form",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leads_to", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_pressed_form_pressed_at", "pressed_form", ["pressed_at"])


def downgrade() -> None:
    op.drop_table("pressed_form")
