"""What is the matter with a job, and what a callback claims against Smile, as facts. Older rows keep their words."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = ("problem", "disagreement_facts")


def upgrade() -> None:
    """Plain ADD COLUMN without a default: no row is written and no table copied, on either engine."""
    for name in COLUMNS:
        op.add_column("job", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("job", name)
