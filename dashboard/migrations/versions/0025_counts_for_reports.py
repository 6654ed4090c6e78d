"""Rows are counted by result code and time to a result too, and links by how far their customers came.

The tables of sums are made again, empty: the worker counts all rows once more. So are the triggers, as 0022 has them.
"""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OLD_DIMENSIONS = ("api", "state", "outcome", "warnings", "verdict", "kind", "product", "country", "id_type", "maker")
DIMENSIONS = (*OLD_DIMENSIONS, "code", "took")
#: The plain columns of each counted table by dimension.
PLAIN: Mapping[str, Mapping[str, str]] = {
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
#: What the expressions above read.
MORE_COLUMNS = {
    "job": ("result_code", "submitted_at", "settled_at"),
    "link": ("opened_at", "started_at", "submitted_at", "settled_at", "smile_total_jobs"),
    "callback": (),
}
CONSTANTS = {("job", "api"): "'v1'"}
#: New callbacks are counted after they were acknowledged, by their ids.
BRING_DELTAS = ("job", "link")
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def upgrade() -> None:
    _make_again(DIMENSIONS)


def downgrade() -> None:
    _make_again(OLD_DIMENSIONS)


def _make_again(dimensions: tuple[str, ...]) -> None:
    engine = op.get_bind().dialect.name
    for table in PLAIN:
        for event in _events(table):
            where = "" if engine == "sqlite" else f" ON {table}"
            op.execute(f"DROP TRIGGER {_name(table, event)}{where}")
        if engine == "postgresql":
            op.execute(f"DROP FUNCTION count_{table}()")
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
    for table in PLAIN:
        for statement in _triggers(table, engine, dimensions):
            op.execute(statement)


def _events(table: str) -> tuple[str, ...]:
    return ("INSERT", "UPDATE", "DELETE") if table in BRING_DELTAS else ("UPDATE", "DELETE")


def _name(table: str, event: str) -> str:
    return f"{table}_counted_on_{event.lower()}"


def _triggers(table: str, engine: str, dimensions: tuple[str, ...]) -> Iterator[str]:
    before, after = _values(table, engine, "OLD", dimensions), _values(table, engine, "NEW", dimensions)
    compared = zip(["OLD.environment", *before.values()], ["NEW.environment", *after.values()], strict=True)
    is_changed = " OR ".join(f"{old} {DIFFERS[engine]} {new}" for old, new in compared if old != new)
    columns = ["environment", *PLAIN[table].values()]
    if dimensions == DIMENSIONS:
        columns += MORE_COLUMNS[table]
    left = _note(table, engine, "OLD", -1, before)
    came = _note(table, engine, "NEW", 1, after)
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


def _values(table: str, engine: str, row: str, dimensions: tuple[str, ...]) -> dict[str, str]:
    """The value of each dimension in a row."""
    found = {}
    for name in dimensions:
        column = PLAIN[table].get(name)
        if column is None:
            found[name] = CONSTANTS.get((table, name), "''")
        elif name == "country":  # A callback may name anything as its country.
            found[name] = f"CASE WHEN length({row}.{column}) <= 2 THEN {row}.{column} ELSE '' END"
        else:
            found[name] = f"substr(coalesce({row}.{column}, ''), 1, 100)"
    if dimensions == DIMENSIONS and table == "job":
        found |= {"code": f"substr(coalesce({row}.result_code, ''), 1, 100)", "took": _took(engine, row)}
    if dimensions == DIMENSIONS and table == "link":
        found["state"] = REACHED.format(row=row)
    return found


def _took(engine: str, row: str) -> str:
    """The time from submission to result: the first two digits of its milliseconds, by twos or fours if high."""
    begin, end = f"{row}.submitted_at", f"{row}.settled_at"
    spent = f"CAST({MILLISECONDS[engine].format(end)} - {MILLISECONDS[engine].format(begin)} AS TEXT)"
    first = f"CAST(substr({spent}, 1, 2) AS INTEGER)"
    step = f"CASE WHEN {first} < 20 THEN 1 WHEN {first} < 40 THEN 2 ELSE 4 END"
    kept = f"substr(CAST({first} / ({step}) * ({step}) AS TEXT) || '000000000000', 1, length({spent}))"
    return f"coalesce(CASE WHEN {end} < {begin} THEN '0' ELSE {kept} END, '')"


def _note(table: str, engine: str, row: str, change: int, values: Mapping[str, str]) -> str:
    names = ("counted", "id", "row_id", "change", "environment", *values)
    noted = (f"'{table}'", NEW_ID[engine], f"{row}.id", str(change), f"{row}.environment", *values.values())
    return " ".join(("INSERT INTO rollup_delta (", ", ".join(names), ") VALUES (", ", ".join(noted), ")"))
