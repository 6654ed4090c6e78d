"""The triggers that note each change of a counted row in `rollup_delta`, made by migrations for their columns.

What it writes for given columns never changes, since older migrations use it too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alembic import op

NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


@dataclass(frozen=True)
class CountedColumns:
    """Where a table's dimensions come from.

    `plain`: a column each. `computed`: an expression each, with {row} for the row. `read`: the columns in those.
    """

    table: str
    plain: Mapping[str, str]
    computed: Mapping[str, str] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    brings_deltas: bool = True  # Otherwise new rows are counted some time after they came, by their ids.

    @property
    def events(self) -> tuple[str, ...]:
        return ("INSERT", "UPDATE", "DELETE") if self.brings_deltas else ("UPDATE", "DELETE")

    def values(self, row: str, dimensions: tuple[str, ...]) -> dict[str, str]:
        """The value of each dimension in `row`, which is OLD or NEW."""
        return {name: self._value(row, name) for name in dimensions}

    def _value(self, row: str, dimension: str) -> str:
        if dimension in self.computed:
            return self.computed[dimension].replace("{row}", row)
        column = self.plain.get(dimension)
        if column is None:
            return "''"
        if dimension == "country":  # A callback may name anything as its country.
            return f"CASE WHEN length({row}.{column}) <= 2 THEN {row}.{column} ELSE '' END"
        return f"substr(coalesce({row}.{column}, ''), 1, 100)"


def drop_triggers(counted: CountedColumns) -> None:
    engine = op.get_bind().dialect.name
    for event in counted.events:
        where = "" if engine == "sqlite" else f" ON {counted.table}"
        op.execute(f"DROP TRIGGER {_name(counted.table, event)}{where}")
    if engine == "postgresql":
        op.execute(f"DROP FUNCTION count_{counted.table}()")


def make_triggers(counted: CountedColumns, dimensions: tuple[str, ...]) -> None:
    for statement in _statements(counted, dimensions, op.get_bind().dialect.name):
        op.execute(statement)


def _statements(counted: CountedColumns, dimensions: tuple[str, ...], engine: str) -> Iterator[str]:
    table = counted.table
    before, after = counted.values("OLD", dimensions), counted.values("NEW", dimensions)
    compared = zip(["OLD.environment", *before.values()], ["NEW.environment", *after.values()], strict=True)
    is_changed = " OR ".join(f"{old} {DIFFERS[engine]} {new}" for old, new in compared if old != new)
    columns = ", ".join(["environment", *counted.plain.values(), *counted.read])
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
    for event in counted.events:
        notes = "; ".join({"INSERT": [came], "UPDATE": [left, came], "DELETE": [left]}[event])
        yield " ".join(
            (
                f"CREATE TRIGGER {_name(table, event)} AFTER {event}",
                f"OF {columns}" if event == "UPDATE" else "",
                f"ON {table} FOR EACH ROW",
                f"WHEN ({is_changed})" if event == "UPDATE" else "",
                f"BEGIN {notes}; END" if engine == "sqlite" else f"EXECUTE FUNCTION count_{table}()",
            )
        )


def _name(table: str, event: str) -> str:
    return f"{table}_counted_on_{event.lower()}"


def _note(table: str, engine: str, row: str, change: int, values: Mapping[str, str]) -> str:
    names = ("counted", "id", "row_id", "change", "environment", *values)
    noted = (f"'{table}'", NEW_ID[engine], f"{row}.id", str(change), f"{row}.environment", *values.values())
    return " ".join(("INSERT INTO rollup_delta (", ", ".join(names), ") VALUES (", ", ".join(noted), ")"))
