"""Links, web tokens, and what an owner sets while it runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("id_type", sa.String(), nullable=True),
        sa.Column(
            "customer_reference", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("prefill_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("prefill_is_locked", sa.Boolean(), nullable=False),
        sa.Column("partner_params", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("return_url", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses_allowed", sa.Integer(), nullable=False),
        sa.Column("uses_spent", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_key", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("smile_ref_id", sa.String(), nullable=True),
        sa.Column("smile_address", sa.String(), nullable=True),
        sa.Column("smile_total_jobs", sa.Integer(), nullable=True),
        sa.Column("smile_successful_jobs", sa.Integer(), nullable=True),
        sa.Column("smile_failed_jobs", sa.Integer(), nullable=True),
        sa.Column("smile_counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("smile_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_digest"),
        sa.UniqueConstraint("form_key"),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_environment_changed_at", ["environment", "changed_at"], unique=False)
        batch_op.create_index(
            "ix_link_environment_customer_reference", ["environment", "customer_reference"], unique=False
        )
        batch_op.create_index("ix_link_environment_id", ["environment", "id"], unique=False)

    op.create_table(
        "setting",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "web_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("callback_url", sa.String(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("web_token", schema=None) as batch_op:
        batch_op.create_index("ix_web_token_environment_id", ["environment", "id"], unique=False)

    op.create_table(
        "link_start",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("browser_digest", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("consent_text", sa.String(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["link.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
    )
    with op.batch_alter_table("link_start", schema=None) as batch_op:
        batch_op.create_index("ix_link_start_link_id_browser_digest", ["link_id", "browser_digest"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("link_start", schema=None) as batch_op:
        batch_op.drop_index("ix_link_start_link_id_browser_digest")

    op.drop_table("link_start")
    with op.batch_alter_table("web_token", schema=None) as batch_op:
        batch_op.drop_index("ix_web_token_environment_id")

    op.drop_table("web_token")
    op.drop_table("setting")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("ix_link_environment_id")
        batch_op.drop_index("ix_link_environment_customer_reference")
        batch_op.drop_index("ix_link_environment_changed_at")

    op.drop_table("link")
