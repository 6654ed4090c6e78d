"""A job, a link and a token keep the API of Smile that they were made with. Rows of before have v1.

The sums of jobs by API stay right, since they counted all of them as v1.
"""

from dataclasses import replace
from importlib import import_module

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.count_triggers import CountedColumns, drop_triggers, make_triggers

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = ("job", "link", "web_token")
HAS_V3_ID = sa.text("api = 'v3' AND smile_job_id IS NOT NULL")
before = import_module("dashboard.migrations.versions.0025_counts_for_reports")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("api", sa.String(), nullable=False, server_default="v1"))
    op.create_index(
        "uq_job_environment_v3_id",
        "job",
        ["environment", "smile_job_id"],
        unique=True,
        sqlite_where=HAS_V3_ID,
        postgresql_where=HAS_V3_ID,
    )
    jobs = _jobs_of_before()
    computed = {name: value for name, value in jobs.computed.items() if name != "api"}
    drop_triggers(jobs)
    make_triggers(replace(jobs, plain={"api": "api", **jobs.plain}, computed=computed), before.DIMENSIONS)


def downgrade() -> None:
    drop_triggers(_jobs_of_before())
    make_triggers(_jobs_of_before(), before.DIMENSIONS)
    op.drop_index("uq_job_environment_v3_id", "job")
    for table in TABLES:
        op.drop_column(table, "api")


def _jobs_of_before() -> CountedColumns:
    jobs: CountedColumns = before.counted_columns(op.get_bind().dialect.name)[0]
    return jobs
