"""Folds the open deltas into the rollups, and counts a table from its oldest row to its newest.

Both go in small steps, each one transaction: a killed one is simply done again. Steps exclude each other, so that
several workers neither deadlock nor count anything twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, cast, delete, func, literal, null, text, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from dashboard.db import first_id_of, insert_into
from dashboard.rollups.counted import ALL_ROWS, NO_ROWS, CountedTable, Cube
from dashboard.rollups.models import DIMENSIONS, Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.periods import Grain, begin_of, second_of
from dashboard.web.pages.locales import Formats

#: Our number for a PostgreSQL advisory lock: one step at a time. On SQLite the write lock does the same.
LOCK = 0x5C4E3B
#: How much one step takes. It holds the write lock on SQLite for a few milliseconds.
DELTAS_AT_ONCE, ROWS_AT_ONCE = 100, 250
QUARTERS_KEPT_FOR = timedelta(days=15)
HOUR = 3600
#: Where new rows bring no delta: the time in which every transaction that stores one has ended.
STORED_WITHIN = timedelta(minutes=2)
PERIOD = ("generation", "cube", "environment", "starts")
KEY = (*PERIOD, *DIMENSIONS)
NOTHING = delete(Rollup).where(*(getattr(Rollup, name) == bindparam(name) for name in PERIOD), col(Rollup.total) == 0)

#: The key of a row in `rollup`.
Key = tuple[Any, ...]


class Change(NamedTuple):
    """One row that came (1) or left (-1), with its dimensions in the order of DIMENSIONS."""

    row_id: UUID
    environment: str
    values: tuple[str, ...]
    change: int


class Folded(NamedTuple):
    """What a step did, and whether there is more to do."""

    is_more: bool
    deltas: int = 0
    rows: int = 0


def take_lock(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def generations_of(session: Session, counted: CountedTable) -> Sequence[RollupGeneration]:
    """The counts of a table that there are, the newest first."""
    found = select(RollupGeneration).where(RollupGeneration.counted == counted.name)
    in_order = found.order_by(col(RollupGeneration.number).desc())
    return session.exec(in_order.execution_options(populate_existing=True)).all()


def begin_count(session: Session, counted: CountedTable, zone: str, now: datetime) -> RollupGeneration:
    """Begins to count the table's rows again. The last complete count stays in use meanwhile."""
    take_lock(session)
    last = session.exec(select(func.max(RollupGeneration.number))).one() or 0
    generation = RollupGeneration(
        number=last + 1,
        counted=counted.name,
        zone=zone,
        through=NO_ROWS,
        quarters_from=begin_of(int((now - QUARTERS_KEPT_FOR).timestamp()), Grain.QUARTER, ZoneInfo("UTC")),
        began_at=now,
    )
    session.add(generation)
    session.flush()
    return generation


def forget_counts(session: Session) -> None:
    """Forgets all sums and changes, as in an empty database. Lists count their rows until they are counted again."""
    take_lock(session)
    for table in (RollupDelta, Rollup, RollupGeneration):
        session.connection().execute(delete(table))


def forget_deltas(session: Session) -> None:
    """For a table that is filled while none of its counts is complete."""
    session.connection().execute(delete(RollupDelta))


def ensure_count(session: Session, counted: CountedTable, zone: str, now: datetime) -> None:
    """Begins a count if there is none yet, or if the company has moved to another time zone."""
    take_lock(session)
    newest = next(iter(generations_of(session, counted)), None)
    if newest is None or newest.zone != zone:
        begin_count(session, counted, zone, now)


def fold_step(session: Session, counted: CountedTable, now: datetime, most_rows: int = ROWS_AT_ONCE) -> Folded:
    """Folds some deltas and counts some rows.

    Deltas and rows are read by one statement, so that both are of one moment: a row that is counted has every change in
    it whose delta is there, and none whose delta is still to come.
    """
    take_lock(session)
    generations = generations_of(session, counted)
    if not generations:
        return Folded(False)
    newest = generations[0]
    deltas, rows = _read(session, counted, newest, now, DELTAS_AT_ONCE + 1, most_rows)
    if len(deltas) > DELTAS_AT_ONCE:
        deltas, rows = {row_id: deltas[row_id] for row_id in list(deltas)[:DELTAS_AT_ONCE]}, []
        is_more = True
    else:
        is_more = len(rows) == most_rows
    for generation in generations:
        sums = _sums(counted, generation, [each for each in deltas.values() if each.row_id <= generation.through])
        if generation is newest:
            sums.update(_sums(counted, generation, rows))
        _add(session, sums, has_deltas=bool(deltas))
    if deltas:
        folded = delete(RollupDelta).where(
            col(RollupDelta.counted) == counted.name, col(RollupDelta.id).in_(list(deltas))
        )
        session.connection().execute(folded)
    if rows:
        newest.through = rows[-1].row_id
    if not is_more and not newest.is_complete:
        newest.is_complete = True
    if not is_more and counted.brings_deltas:
        newest.through = ALL_ROWS
    session.add(newest)
    return Folded(is_more, len(deltas), len(rows))


def is_anything_to_fold(session: Session, counted: CountedTable, now: datetime) -> bool:
    newest = next(iter(generations_of(session, counted)), None)
    if newest is None or not newest.is_complete:
        return True
    deltas, rows = _read(session, counted, newest, now, 1, 1)
    return bool(deltas or rows)


def is_anything_to_forget(session: Session, counted: CountedTable, now: datetime) -> bool:
    generations = generations_of(session, counted)
    in_use = next((each for each in generations if each.is_complete), None)
    return in_use is not None and (in_use is not generations[-1] or in_use.quarters_from <= _oldest_quarter(now))


def forget_step(session: Session, counted: CountedTable, now: datetime) -> bool:
    """Deletes a little of what is no longer needed. Returns whether there is more.

    That is older counts once a newer one is complete, and counts that were given up before they were complete.
    """
    take_lock(session)
    newest_first = generations_of(session, counted)
    in_use = next((each for each in newest_first if each.is_complete), None)
    needed = [each for each in newest_first[:1] if in_use is None or each.number > in_use.number]
    for generation in newest_first:
        if generation is not in_use and generation not in needed:
            if not _forget_first(session, generation.number):
                session.delete(generation)
            return True
    return in_use is not None and _forget_quarters(session, counted, in_use, now)


def _forget_first(session: Session, number: int) -> bool:
    """Deletes the first rows of a count, in whole periods of one cube. Returns whether there were any."""
    period = (col(Rollup.cube), col(Rollup.environment), col(Rollup.starts))
    first = select(*period).where(Rollup.generation == number).order_by(*period).limit(ROWS_AT_ONCE)
    found = session.exec(first).all()
    if not found:
        return False
    cube, environment, _ = found[0]
    last = max(starts for *others, starts in found if others == [cube, environment])
    of_cube = (col(Rollup.generation) == number, col(Rollup.cube) == cube, col(Rollup.environment) == environment)
    session.connection().execute(delete(Rollup).where(*of_cube, col(Rollup.starts) <= last))
    return True


def _forget_quarters(session: Session, counted: CountedTable, generation: RollupGeneration, now: datetime) -> bool:
    """Deletes an hour of old quarters at a time."""
    if generation.quarters_from > _oldest_quarter(now):
        return False
    generation.quarters_from += HOUR
    session.add(generation)
    names = [cube.name for cube in counted.cubes if cube.grain == Grain.QUARTER]
    old = (col(Rollup.generation) == generation.number, col(Rollup.cube).in_(names))
    session.connection().execute(delete(Rollup).where(*old, col(Rollup.starts) < generation.quarters_from))
    return True


def _oldest_quarter(now: datetime) -> int:
    """Once the oldest quarter that is kept begins here, or earlier, an hour of them can go."""
    return int((now - QUARTERS_KEPT_FOR).timestamp()) - HOUR


def _read(
    session: Session,
    counted: CountedTable,
    newest: RollupGeneration,
    now: datetime,
    most_deltas: int,
    most_rows: int,
) -> tuple[dict[UUID, Change], list[Change]]:
    """Open deltas by their ids, and the next rows to count."""
    table = counted.table
    of_deltas: Any = select_columns(
        literal(True).label("is_delta"),
        col(RollupDelta.id).label("id"),
        col(RollupDelta.row_id).label("row_id"),
        col(RollupDelta.environment).label("environment"),
        *(col(getattr(RollupDelta, name)).label(name) for name in DIMENSIONS),
        col(RollupDelta.change).label("change"),
    )
    deltas = of_deltas.where(col(RollupDelta.counted) == counted.name).limit(most_deltas).subquery()
    parts = [select_columns(deltas)]
    if newest.through != ALL_ROWS:
        of_rows: Any = select_columns(
            literal(False).label("is_delta"),
            cast(null(), Uuid()).label("id"),
            col(table.id).label("row_id"),
            col(table.environment).label("environment"),
            *counted.values,
            literal(1).label("change"),
        ).where(col(table.id) > newest.through)
        if not counted.brings_deltas:
            of_rows = of_rows.where(col(table.id) < first_id_of(now - STORED_WITHIN))
        parts.append(select_columns(of_rows.order_by(col(table.id)).limit(most_rows).subquery()))
    found = session.connection().execute(union_all(*parts)).all()
    rows = sorted((_change(row) for row in found if not row.is_delta), key=lambda change: change.row_id)
    return {row.id: _change(row) for row in found if row.is_delta}, rows


def _change(row: Sequence[Any]) -> Change:
    return Change(row[2], row[3], tuple(row[4:-1]), row[-1])


def _sums(counted: CountedTable, generation: RollupGeneration, changes: Sequence[Change]) -> Counter[Key]:
    """What the changes add to each row of the rollup. Those that cancel each other are left out."""
    zone, sums = Formats(time_zone=generation.zone).zone, Counter[Any]()
    cubes = [(cube, cube.grain, _picker(cube)) for cube in counted.cubes]
    for row_id, environment, values, change in changes:
        second = second_of(row_id)
        starts = {grain: begin_of(second, grain, zone) for grain in Grain}
        is_kept = starts[Grain.QUARTER] >= generation.quarters_from
        for cube, grain, values_of in cubes:
            if is_kept or grain != Grain.QUARTER:
                sums[cube.name, environment, starts[grain], values_of(values)] += change
    names = {cube.name: cube.dimensions for cube in counted.cubes}
    return Counter(
        {
            (generation.number, *period, *_spread(names[period[0]], values)): change
            for (*period, values), change in sums.items()
            if change
        }
    )


def _picker(cube: Cube) -> Callable[[tuple[str, ...]], Any]:
    """Takes the values of the cube's dimensions, as `_spread` expects them."""
    return itemgetter(*map(DIMENSIONS.index, cube.dimensions))


def _spread(dimensions: Sequence[str], values: Any) -> tuple[str, ...]:
    """The values of all dimensions, empty for those that the cube does not have."""
    named = dict(zip(dimensions, values, strict=True)) if len(dimensions) > 1 else {dimensions[0]: values}
    return tuple(named.get(name, "") for name in DIMENSIONS)


def _add(session: Session, sums: Mapping[Key, int], *, has_deltas: bool) -> None:
    changes = {key: change for key, change in sorted(sums.items()) if change}
    if not changes:
        return
    connection = session.connection()
    row = insert_into(session, Rollup)
    added = row.on_conflict_do_update(index_elements=KEY, set_={"total": col(Rollup.total) + row.excluded.total})
    connection.execute(added, [_named(key) | {"total": change} for key, change in changes.items()])
    if has_deltas:  # What has become nothing goes. Deltas have no order, so a sum can be below nothing for a while.
        periods = [dict(zip(PERIOD, key, strict=False)) for key in dict.fromkeys(key[:4] for key in changes)]
        connection.execute(NOTHING, periods)


def _named(key: Key) -> dict[str, Any]:
    return dict(zip(KEY, key, strict=True))
