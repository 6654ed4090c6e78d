"""Rollups, and triggers that note each change of a counted row. The worker counts the rows that are there.

A later migration that recreates one of these tables, as a batch does on SQLite, loses its triggers and has to create
them again.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

DIMENSIONS = ("api", "state", "outcome", "warnings", "verdict", "kind", "product", "country", "id_type", "maker")
#: The columns of each counted table by dimension.
COUNTED: Mapping[str, Mapping[str, str]] = {
    "job": {
        "state": "state",
        "outcome": "outcome",
        "warnings": "warning_kinds",
        "product": "product",
        "country": "country",
        "id_type": "id_type",
        "maker": "created_by",
    },
    "link": {"kind": "kind", "product": "product", "country": "country", "id_type": "id_type", "maker": "created_by"},
    "callback": {"verdict": "verdict", "product": "product", "country": "country"},
}
CONSTANTS = {("job", "api"): "'v1'"}
#: New callbacks are counted after they were acknowledged, by their ids.
BRING_DELTAS = ("job", "link")
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
AT_ONCE = 500

job = sa.table("job", sa.column("id", sa.Uuid()), sa.column("warning_kinds", sa.String()))
job_warning = sa.table("job_warning", sa.column("job_id", sa.Uuid()), sa.column("kind", sa.String()))


def upgrade() -> None:
    op.create_table(
        "rollup_delta",
        sa.Column("counted", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in DIMENSIONS),
        sa.PrimaryKeyConstraint("counted", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup",
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("cube", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in DIMENSIONS),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "cube", "environment", "starts", *DIMENSIONS),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_generation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counted", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("through", sa.Uuid(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("quarters_from", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.add_column("job", sa.Column("warning_kinds", sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    _fill_warning_kinds(connection)
    for table in COUNTED:
        for statement in _triggers(table, connection.dialect.name):
            op.execute(statement)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in COUNTED:
        for event in _events(table):
            where = "" if is_sqlite else f" ON {table}"
            op.execute(f"DROP TRIGGER {_name(table, event)}{where}")
        if not is_sqlite:
            op.execute(f"DROP FUNCTION count_{table}()")
    op.drop_column("job", "warning_kinds")
    for table in ("rollup_generation", "rollup", "rollup_delta"):
        op.drop_table(table)


def _fill_warning_kinds(connection: sa.Connection) -> None:
    kinds = sa.select(job_warning.c.job_id, job_warning.c.kind).distinct()
    rows = connection.execute(kinds.order_by(job_warning.c.job_id)).all()
    found = [
        {"of": job_id, "kinds": " ".join(sorted(row.kind for row in group))}
        for job_id, group in groupby(rows, key=lambda row: row.job_id)
    ]
    update = sa.update(job).where(job.c.id == sa.bindparam("of")).values(warning_kinds=sa.bindparam("kinds"))
    for begin in range(0, len(found), AT_ONCE):
        connection.execute(update, found[begin : begin + AT_ONCE])


def _events(table: str) -> tuple[str, ...]:
    return ("INSERT", "UPDATE", "DELETE") if table in BRING_DELTAS else ("UPDATE", "DELETE")


def _name(table: str, event: str) -> str:
    return f"{table}_counted_on_{event.lower()}"


def _triggers(table: str, engine: str) -> Iterator[str]:
    columns = ["environment", *COUNTED[table].values()]
    is_changed = " OR ".join(f"OLD.{column} {DIFFERS[engine]} NEW.{column}" for column in columns)
    left, came = _note(table, engine, "OLD", -1), _note(table, engine, "NEW", 1)
    if engine == "postgresql":
        yield " ".join(
            (
                f"CREATE FUNCTION count_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN",
                f"IF TG_OP <> 'INSERT' THEN {left}; END IF; IF TG_OP <> 'DELETE' THEN {came}; END IF;",
                "RETURN NULL; END $$",
            )
        )
    for event in _events(table):
        notes = "; ".join({"INSERT": [came], "UPDATE": [left, came], "DELETE": [left]}[event])
        yield " ".join(
            (
                f"CREATE TRIGGER {_name(table, event)} AFTER {event}",
                f"OF {', '.join(columns)}" if event == "UPDATE" else "",
                f"ON {table} FOR EACH ROW",
                f"WHEN ({is_changed})" if event == "UPDATE" else "",
                f"BEGIN {notes}; END" if engine == "sqlite" else f"EXECUTE FUNCTION count_{table}()",
            )
        )


def _note(table: str, engine: str, row: str, change: int) -> str:
    values = [f"'{table}'", NEW_ID[engine], f"{row}.id", str(change), f"{row}.environment"]
    for name in DIMENSIONS:
        column = COUNTED[table].get(name)
        # A callback may name anything as its country.
        code = f"CASE WHEN length({row}.{column}) <= 2 THEN {row}.{column} ELSE '' END"
        cut = code if name == "country" else f"substr(coalesce({row}.{column}, ''), 1, 100)"
        values.append(cut if column else CONSTANTS.get((table, name), "''"))
    names = ("counted", "id", "row_id", "change", "environment", *DIMENSIONS)
    return " ".join(("INSERT INTO rollup_delta (", ", ".join(names), ") VALUES (", ", ".join(values), ")"))
