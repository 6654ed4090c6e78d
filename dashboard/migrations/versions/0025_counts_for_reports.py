"""Rows are counted by result code and time to a result too, and links by how far their customers came.

The tables of sums are made again, empty: the worker counts all rows once more. So are the triggers, as 0022 has them.
"""

from dataclasses import replace

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.count_triggers import CountedColumns, drop_triggers, make_triggers

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OLD_DIMENSIONS = ("api", "state", "outcome", "warnings", "verdict", "kind", "product", "country", "id_type", "maker")
DIMENSIONS = (*OLD_DIMENSIONS, "code", "took")
MILLISECONDS = {
    "sqlite": "(strftime('%s', substr({0}, 1, 19)) * 1000 + substr({0}, 21, 3))",
    "postgresql": "CAST(floor(extract(epoch FROM {0}) * 1000) AS bigint)",
}
REACHED = (
    "CASE WHEN {row}.settled_at IS NOT NULL THEN 'result'"
    " WHEN {row}.submitted_at IS NOT NULL OR coalesce({row}.smile_total_jobs, 0) <> 0 THEN 'submitted'"
    " WHEN {row}.started_at IS NOT NULL THEN 'started' WHEN {row}.opened_at IS NOT NULL THEN 'opened'"
    " ELSE 'created' END"
)


def upgrade() -> None:
    _make_again(DIMENSIONS)


def downgrade() -> None:
    _make_again(OLD_DIMENSIONS)


def counted_columns(engine: str) -> tuple[CountedColumns, ...]:
    jobs = {
        "state": "state",
        "outcome": "outcome",
        "warnings": "warning_kinds",
        "product": "product",
        "country": "country",
        "id_type": "id_type",
        "maker": "created_by",
    }
    links = {"kind": "kind", "product": "product", "country": "country", "id_type": "id_type", "maker": "created_by"}
    callbacks = {"verdict": "verdict", "product": "product", "country": "country"}
    return (
        CountedColumns(
            "job",
            jobs,
            computed={"api": "'v1'", "code": "substr(coalesce({row}.result_code, ''), 1, 100)", "took": took(engine)},
            read=("result_code", "submitted_at", "settled_at"),
        ),
        CountedColumns(
            "link",
            links,
            computed={"state": REACHED},
            read=("opened_at", "started_at", "submitted_at", "settled_at", "smile_total_jobs"),
        ),
        CountedColumns("callback", callbacks, brings_deltas=False),
    )


def _make_again(dimensions: tuple[str, ...]) -> None:
    tables = counted_columns(op.get_bind().dialect.name)
    for counted in tables:
        drop_triggers(counted)
    for name in ("rollup_delta", "rollup"):
        op.drop_table(name)
    op.execute("DELETE FROM rollup_generation")
    op.create_table(
        "rollup_delta",
        sa.Column("counted", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in dimensions),
        sa.PrimaryKeyConstraint("counted", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup",
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("cube", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in dimensions),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "cube", "environment", "starts", *dimensions),
        sqlite_with_rowid=False,
    )
    for counted in tables:
        if dimensions == OLD_DIMENSIONS:  # Then links have no stage either.
            computed = {name: value for name, value in counted.computed.items() if name == "api"}
            counted = replace(counted, computed=computed, read=())
        make_triggers(counted, dimensions)


def took(engine: str) -> str:
    """The time from submission to result: the first two digits of its milliseconds, by twos or fours if high."""
    begin, end = "{row}.submitted_at", "{row}.settled_at"
    spent = f"CAST({MILLISECONDS[engine].format(end)} - {MILLISECONDS[engine].format(begin)} AS TEXT)"
    first = f"CAST(substr({spent}, 1, 2) AS INTEGER)"
    step = f"CASE WHEN {first} < 20 THEN 1 WHEN {first} < 40 THEN 2 ELSE 4 END"
    kept = f"substr(CAST({first} / ({step}) * ({step}) AS TEXT) || '000000000000', 1, length({spent}))"
    return f"coalesce(CASE WHEN {end} < {begin} THEN '0' ELSE {kept} END, '')"
