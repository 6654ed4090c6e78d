"""An index for jobs by the API of Smile, and jobs counted again: reports count them by API and day too."""

from alembic import op

revision = "0030"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_job_environment_api_id", "job", ["environment", "api", "id", "outcome", "product", "country"])
    op.execute("DELETE FROM rollup_generation WHERE counted = 'job'")
    op.execute("DELETE FROM rollup WHERE cube LIKE 'job.%'")


def downgrade() -> None:
    op.execute("DELETE FROM rollup_generation WHERE counted = 'job'")
    op.execute("DELETE FROM rollup WHERE cube LIKE 'job.%'")
    op.drop_index("ix_job_environment_api_id", "job")
