"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Searched by their beginnings: byte by byte, whatever language the database speaks.
ID_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("from_address", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)

    op.create_table(
        "callback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_address", sa.String(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body_size", sa.Integer(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("signature_digest", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_job_id", sa.String(), nullable=False),
        sa.Column("claimed_smile_job_id", sa.String(), nullable=False),
        sa.Column("result_code", sa.String(), nullable=True),
        sa.Column("result_text", sa.String(), nullable=True),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_body_sha256"), ["body_sha256"], unique=False)
        batch_op.create_index("ix_callback_environment_claimed_job_id", ["environment", "claimed_job_id"], unique=False)
        batch_op.create_index("ix_callback_environment_id", ["environment", "id"], unique=False)
        batch_op.create_index("ix_callback_environment_verdict_id", ["environment", "verdict", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_callback_job_id"), ["job_id"], unique=False)
        batch_op.create_index(
            "ix_callback_unhandled",
            ["environment", "received_at"],
            unique=False,
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )
        batch_op.create_index(
            "uq_callback_new_signature",
            ["environment", "signature_digest"],
            unique=True,
            sqlite_where=sa.text("verdict IN ('valid', 'stale', 'future')"),
            postgresql_where=sa.text("verdict IN ('valid', 'stale', 'future')"),
        )
        batch_op.create_index("uq_callback_same", ["environment", "signature_digest", "body_sha256"], unique=True)

    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("job_type", sa.Integer(), nullable=False),
        sa.Column("user_id", ID_TEXT, nullable=False),
        sa.Column("job_id", ID_TEXT, nullable=False),
        sa.Column("smile_job_id", ID_TEXT, nullable=True),
        sa.Column("customer_reference", ID_TEXT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("result_code", sa.String(), nullable=True),
        sa.Column("result_text", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("id_type", sa.String(), nullable=True),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_number_digest", sa.String(), nullable=True),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("partner_params", sa.JSON(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("upload_url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("disagreement", sa.String(), nullable=True),
        sa.Column("callback_key_digest", sa.String(), nullable=True),
        sa.Column("callback_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("callback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("callback_key_digest"),
        sa.UniqueConstraint("environment", "job_id", name="uq_job_environment_job_id"),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_environment_changed_at", ["environment", "changed_at"], unique=False)
        batch_op.create_index("ix_job_environment_country_id", ["environment", "country", "id"], unique=False)
        batch_op.create_index(
            "ix_job_environment_customer_reference", ["environment", "customer_reference"], unique=False
        )
        batch_op.create_index("ix_job_environment_due_at", ["environment", "due_at"], unique=False)
        batch_op.create_index("ix_job_environment_id", ["environment", "id"], unique=False)
        batch_op.create_index("ix_job_environment_outcome_id", ["environment", "outcome", "id"], unique=False)
        batch_op.create_index("ix_job_environment_product_id", ["environment", "product", "id"], unique=False)
        batch_op.create_index("ix_job_environment_state_id", ["environment", "state", "id"], unique=False)
        batch_op.create_index("ix_job_environment_user_id", ["environment", "user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_id_number_digest"), ["id_number_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_link_id"), ["link_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_smile_job_id"), ["smile_job_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "sent_signature",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("sent_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_signature_sent_at"), ["sent_at"], unique=False)

    op.create_table(
        "image",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("image_type", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_path", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_job_id"), ["job_id"], unique=False)

    op.create_table(
        "job_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("job_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_event_job_id"), ["job_id"], unique=False)

    op.create_table(
        "result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("result_code", sa.String(), nullable=True),
        sa.Column("result_text", sa.String(), nullable=True),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("payload_digest", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_result_job_id"), ["job_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("from_address", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_digest"),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_member_id"), ["member_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_member_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_result_job_id"))

    op.drop_table("result")
    with op.batch_alter_table("job_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_event_job_id"))

    op.drop_table("job_event")
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_job_id"))

    op.drop_table("image")
    with op.batch_alter_table("sent_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sent_signature_sent_at"))

    op.drop_table("sent_signature")
    op.drop_table("member")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_smile_job_id"))
        batch_op.drop_index(batch_op.f("ix_job_link_id"))
        batch_op.drop_index(batch_op.f("ix_job_id_number_digest"))
        batch_op.drop_index("ix_job_environment_user_id")
        batch_op.drop_index("ix_job_environment_state_id")
        batch_op.drop_index("ix_job_environment_product_id")
        batch_op.drop_index("ix_job_environment_outcome_id")
        batch_op.drop_index("ix_job_environment_id")
        batch_op.drop_index("ix_job_environment_due_at")
        batch_op.drop_index("ix_job_environment_customer_reference")
        batch_op.drop_index("ix_job_environment_country_id")
        batch_op.drop_index("ix_job_environment_changed_at")

    op.drop_table("job")
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.drop_index("uq_callback_same")
        batch_op.drop_index(
            "uq_callback_new_signature",
            sqlite_where=sa.text("verdict IN ('valid', 'stale', 'future')"),
            postgresql_where=sa.text("verdict IN ('valid', 'stale', 'future')"),
        )
        batch_op.drop_index(
            "ix_callback_unhandled",
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_callback_job_id"))
        batch_op.drop_index("ix_callback_environment_verdict_id")
        batch_op.drop_index("ix_callback_environment_id")
        batch_op.drop_index("ix_callback_environment_claimed_job_id")
        batch_op.drop_index(batch_op.f("ix_callback_body_sha256"))

    op.drop_table("callback")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_member_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
