"""What a member has chosen for the pages, such as the theme and the columns of a list."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Plain ADD COLUMN without a default: no row is written and no table copied, on either engine."""
    op.add_column("member", sa.Column("preferences", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("member", "preferences")
