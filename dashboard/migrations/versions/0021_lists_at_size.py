"""Lists, pairs of filters and searches by indexes that hold just their rows, however many others there are.

The texts of callbacks are indexed by periodic work, which can be resumed; meanwhile the newest are read one by one.
"""

from itertools import combinations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JOB_FILTERS = ("state", "outcome", "product", "country")
NEEDS = {
    "disagreement": "disagreement IS NOT NULL AND dealt_with_at IS NULL",
    "warning": (
        "state = 'done' AND outcome = 'approved' AND warning_count > 0 AND erased_at IS NULL AND dealt_with_at IS NULL"
    ),
    "unknown": "state = 'done' AND outcome = 'unknown' AND dealt_with_at IS NULL",
    "failed": "state = 'failed' AND dealt_with_at IS NULL",
    "error": "state = 'done' AND outcome = 'error' AND erased_at IS NULL AND dealt_with_at IS NULL",
    "provisional": "state = 'done' AND outcome = 'provisional' AND dealt_with_at IS NULL",
    "overdue": "callback_due_at IS NOT NULL AND callback_at IS NULL AND settled_at IS NULL AND dealt_with_at IS NULL",
}
BEFORE = {
    "disagreement": ["environment", "id"],
    "warning": ["environment", "outcome", "id"],
    "unknown": ["environment", "outcome", "id"],
    "failed": ["environment", "state", "id"],
    "error": ["environment", "outcome", "id"],
    "provisional": ["environment", "outcome", "id"],
    "overdue": ["environment", "id"],
}
#: Of two indexes that look equally good, SQLite takes the narrower one: these shall not be.
WIDER = {
    "job": ("product", "country"),
    "callback": ("product", "country"),
    "link": ("product", "kind", "country", "id_type"),
}
#: Searched by the beginning, in every environment's own part of the index.
SEARCHED = {
    "job": (
        "user_id",
        "customer_reference",
        "user_id_folded",
        "job_id_folded",
        "smile_job_id_folded",
        "customer_reference_folded",
    ),
    "link": ("customer_reference", "user_id", "customer_reference_folded", "user_id_folded"),
}
NOW = {
    **{name: ["environment", "state", "outcome", "id"] for name in ("warning", "unknown", "error", "provisional")},
    "overdue": ["environment", "id", "callback_due_at"],
}
CALLBACK_FILTERS = ("verdict", "product", "country", "id_type")
RARE = {
    "orphan": "job_id IS NULL",
    "refused": "verdict IN ('wrong', 'missing')",
    "unknown": "product IS NULL",
}
IS_OPEN_TO_STAFF = "paused_at IS NULL AND revoked_at IS NULL"
PHASES = {
    "result": f"{IS_OPEN_TO_STAFF} AND settled_at IS NOT NULL",
    "submitted": f"{IS_OPEN_TO_STAFF} AND settled_at IS NULL AND (submitted_at IS NOT NULL OR smile_total_jobs > 0)",
    "unsubmitted": f"{IS_OPEN_TO_STAFF} AND submitted_at IS NULL AND coalesce(smile_total_jobs, 0) = 0",
    "paused": "revoked_at IS NULL AND paused_at IS NOT NULL",
    "revoked": "revoked_at IS NOT NULL",
}
LINK_COMPARED = ("expires_at", "opened_at", "started_at")
PROGRESS = """
UPDATE link SET
 submitted_at = (SELECT min(job.submitted_at) FROM job WHERE job.link_id = link.id),
 settled_at = (
  SELECT min(job.settled_at) FROM job WHERE job.link_id = link.id AND job.submitted_at IS NOT NULL
 )
"""


def upgrade() -> None:
    for table, columns in WIDER.items():
        op.drop_index(f"ix_{table}_environment_id", table)
        op.create_index(f"ix_{table}_environment_id", table, ["environment", "id", *columns])
    for table, names in SEARCHED.items():
        for name in names:
            op.drop_index(f"ix_{table}_environment_{name}", table)
            op.create_index(f"ix_{table}_environment_{name}", table, ["environment", name, "id"])
    _jobs()
    _callbacks()
    _links()
    _texts()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("callback_search_trigrams")
    op.drop_table("callback_search")
    op.execute("DELETE FROM setting WHERE name = 'callbacks_indexed_up_to'")
    for name in PHASES:
        op.drop_index(f"ix_link_{name}", "link")
    for name in ("product", "kind"):
        op.drop_index(f"ix_link_environment_{name}_id", "link")
    for name in ("submitted_at", "settled_at"):
        op.drop_column("link", name)
    for name in RARE:
        op.drop_index(f"ix_callback_{name}", "callback")
    for name in CALLBACK_FILTERS:
        op.drop_index(f"ix_callback_environment_{name}_id", "callback")
    op.create_index("ix_callback_environment_verdict_id", "callback", ["environment", "verdict", "id"])
    for name, where in NEEDS.items():
        op.drop_index(f"ix_job_needs_{name}", "job")
        _partial(f"ix_job_needs_{name}", "job", BEFORE[name], where)
    for a, b in combinations(JOB_FILTERS, 2):
        op.drop_index(f"ix_job_environment_{a}_{b}_id", "job")
    op.drop_index("ix_job_environment_state_id", "job")
    op.create_index("ix_job_environment_state_id", "job", ["environment", "state", "id"])
    op.drop_index("ix_job_environment_smile_job_id", "job")
    op.create_index("ix_job_smile_job_id", "job", ["smile_job_id"])
    for table, names in SEARCHED.items():
        for name in names:
            op.drop_index(f"ix_{table}_environment_{name}", table)
            op.create_index(f"ix_{table}_environment_{name}", table, ["environment", name])
    for table in WIDER:
        op.drop_index(f"ix_{table}_environment_id", table)
        op.create_index(f"ix_{table}_environment_id", table, ["environment", "id"])


def _jobs() -> None:
    for a, b in combinations(JOB_FILTERS, 2):
        others = ["product", "country"] if (a, b) == ("state", "outcome") else []
        op.create_index(f"ix_job_environment_{a}_{b}_id", "job", ["environment", a, b, "id", *others])
    op.drop_index("ix_job_environment_state_id", "job")
    op.create_index("ix_job_environment_state_id", "job", ["environment", "state", "id", "product", "country"])
    # SQLite took the environment for the better choice, and went through all its jobs.
    op.drop_index("ix_job_smile_job_id", "job")
    op.create_index("ix_job_environment_smile_job_id", "job", ["environment", "smile_job_id", "id"])
    for name, where in NEEDS.items():
        op.drop_index(f"ix_job_needs_{name}", "job")
        _partial(f"ix_job_needs_{name}", "job", NOW.get(name, BEFORE[name]), where)


def _callbacks() -> None:
    op.drop_index("ix_callback_environment_verdict_id", "callback")
    for name in CALLBACK_FILTERS:
        others = [column for column in CALLBACK_FILTERS if column != name]
        op.create_index(f"ix_callback_environment_{name}_id", "callback", ["environment", name, "id", *others])
    for name, where in RARE.items():
        _partial(f"ix_callback_{name}", "callback", ["environment", "id"], where)
    # Made again after the index of verdicts: of two that look equally good, SQLite takes the later one.
    is_alarming = sa.text("verdict IN ('reused', 'reflected')")
    columns = ["environment", "body_sha256", "signature_digest"]
    op.drop_index("uq_callback_alarm", "callback")
    op.create_index(
        "uq_callback_alarm", "callback", columns, unique=True, sqlite_where=is_alarming, postgresql_where=is_alarming
    )


def _links() -> None:
    for name in ("submitted_at", "settled_at"):
        op.add_column("link", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(PROGRESS)
    op.create_index("ix_link_environment_product_id", "link", ["environment", "product", "id", "kind"])
    op.create_index("ix_link_environment_kind_id", "link", ["environment", "kind", "id", "product"])
    for name, where in PHASES.items():
        _partial(
            f"ix_link_{name}", "link", ["environment", "id", *(LINK_COMPARED if name == "unsubmitted" else ())], where
        )


def _texts() -> None:
    op.create_table(
        "callback_search",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("callback_id"),
    )
    op.create_index("ix_callback_search_body_sha256", "callback_search", ["body_sha256"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE callback_search_trigrams USING fts5("
            "text, content='callback_search', content_rowid='number', tokenize='trigram')"
        )
        # What is erased leaves the index at once, not only its results.
        op.execute("INSERT INTO callback_search_trigrams (callback_search_trigrams, rank) VALUES ('secure-delete', 1)")
        return
    # In a schema that every connection finds: this one may be a backup's, which is dropped later.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
    schema = op.get_bind().execute(
        sa.text(
            "SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
            " WHERE extname = 'pg_trgm'"
        )
    )
    operators = f'"{schema.scalar_one()}".gin_trgm_ops'
    op.execute(f"CREATE INDEX ix_callback_search_trigrams ON callback_search USING gin (text {operators})")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
