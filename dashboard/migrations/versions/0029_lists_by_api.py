"""An index for jobs by the API of Smile, and jobs counted again: reports count them by API and day too."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NEED = "ix_job_needs_maybe_charged"
WHERE = sa.text(
    "api = 'v3' AND step = 'sending' AND state IN ('waiting', 'expired') AND erased_at IS NULL"
    " AND dealt_with_at IS NULL"
)


def upgrade() -> None:
    # The need's own index begins like the new one, so that SQLite prefers it.
    _make_need_again("environment", "api", "id")
    op.create_index("ix_job_environment_api_id", "job", ["environment", "api", "id", "outcome", "product", "country"])
    op.execute("DELETE FROM rollup_generation WHERE counted = 'job'")
    op.execute("DELETE FROM rollup WHERE cube LIKE 'job.%'")


def downgrade() -> None:
    op.execute("DELETE FROM rollup_generation WHERE counted = 'job'")
    op.execute("DELETE FROM rollup WHERE cube LIKE 'job.%'")
    op.drop_index("ix_job_environment_api_id", "job")
    _make_need_again("environment", "id")


def _make_need_again(*columns: str) -> None:
    op.drop_index(NEED, "job")
    op.create_index(NEED, "job", list(columns), sqlite_where=WHERE, postgresql_where=WHERE)
