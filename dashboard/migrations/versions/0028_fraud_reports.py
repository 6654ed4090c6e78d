"""What members told Smile about users who deceive."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fraud_report",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), sa.ForeignKey("job.id"), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("is_fraud", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notes_sealed", sa.LargeBinary()),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_fraud_report_job_id", "fraud_report", ["job_id"])
    op.create_index("ix_fraud_report_environment_user_id_id", "fraud_report", ["environment", "user_id", "id"])


def downgrade() -> None:
    op.drop_table("fraud_report")
