"""Compares the rollups with the rows that they count, some days at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from dashboard.rollups.counted import CountedTable
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.models import Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.periods import Grain, begin_of, end_of, first_id_at, second_of
from dashboard.stored_settings import read_setting
from dashboard.web.lists.counting import IdRange
from dashboard.web.pages.locales import Formats

#: The name of the setting, before that of the table.
CHECKED = "rollup_checked_"
WEEK = int(timedelta(days=7).total_seconds())
#: Wrong days that are remembered; one is enough to know that something is wrong.
MOST_WRONG = 20

#: A cube, the beginning of a day, an environment, and values of the cube's dimensions.
Key = tuple[Any, ...]


@dataclass(frozen=True)
class CheckedUpTo:
    """How far the days of one count were compared, and which were wrong. Moments are seconds since 1970.

    `passes`: how often it came to the end and began again.
    """

    generation: int
    place: int = 0
    passes: int = 0
    wrong: Sequence[int] = field(default_factory=list)

    @property
    def stored(self) -> dict[str, Any]:
        return asdict(self)


def read_checked(session: Session, counted: CountedTable) -> CheckedUpTo | None:
    stored = read_setting(session, f"{CHECKED}{counted.name}")
    return CheckedUpTo(**stored) if stored else None


def check_next_week(session: Session, counted: CountedTable) -> CheckedUpTo | None:
    """Compares the next week that has rows. None while there is no complete count. Changes nothing."""
    generation = complete_generation(session, counted)
    if generation is None:
        return None
    checked = read_checked(session, counted)
    if checked is None or checked.generation != generation.number:
        checked = CheckedUpTo(generation.number)
    zone = Formats(time_zone=generation.zone).zone
    oldest = _oldest_day(session, counted, generation, checked.place)
    if oldest is None:
        return replace(checked, place=0, passes=checked.passes + 1)
    end = end_of(oldest + WEEK, Grain.DAY, zone)
    wrong = wrong_days(session, counted, generation, oldest, end)
    before = [day for day in checked.wrong if not oldest <= day < end]
    return replace(checked, place=end, wrong=[*before, *wrong][:MOST_WRONG])


def wrong_days(
    session: Session, counted: CountedTable, generation: RollupGeneration, begin: int, end: int
) -> list[int]:
    """The beginnings of the days, of those from `begin` to before `end`, whose sums are not those of the rows."""
    zone = Formats(time_zone=generation.zone).zone
    cubes = [cube for cube in counted.cubes if cube.grain == Grain.DAY]
    names = tuple(dict.fromkeys(name for cube in cubes for name in cube.dimensions))
    connection, sums = session.connection(), Counter[Key]()
    for cube in cubes:
        kind = (col(Rollup.starts), col(Rollup.environment), *(getattr(Rollup, name) for name in cube.dimensions))
        of_cube = select_columns(func.sum(col(Rollup.total)), *kind).where(
            col(Rollup.generation) == generation.number,
            col(Rollup.cube) == cube.name,
            col(Rollup.starts) >= begin,
            col(Rollup.starts) < end,
        )
        for total, *key in connection.execute(of_cube.group_by(*kind)):
            sums[cube.name, *key] += int(total)
    ids = IdRange(first_id_at(begin), first_id_at(end)).within(IdRange.up_to(generation.through))
    table = counted.table
    of_deltas = select_columns(
        col(RollupDelta.row_id),
        col(RollupDelta.change),
        col(RollupDelta.environment),
        *(getattr(RollupDelta, name) for name in names),
    ).where(col(RollupDelta.counted) == counted.name, *ids.conditions(RollupDelta.row_id))
    of_rows = select_columns(
        col(table.id), literal(-1), col(table.environment), *(counted.value(name).label(name) for name in names)
    ).where(*ids.conditions(table.id))
    for statement in (of_deltas, of_rows):
        for row_id, change, environment, *values in connection.execute(statement):
            day, by_name = begin_of(second_of(row_id), Grain.DAY, zone), dict(zip(names, values, strict=True))
            for cube in cubes:
                sums[cube.name, day, environment, *(by_name[name] for name in cube.dimensions)] += change
    return sorted({day for (_, day, *_), difference in sums.items() if difference})


def cubes_that_differ(session: Session, counted: CountedTable) -> list[str]:
    """The cubes whose sum over all time is not that of the days. Those of the last weeks only are left out."""
    generation = complete_generation(session, counted)
    if generation is None:
        return []
    names = [cube.name for cube in counted.cubes if cube.grain != Grain.QUARTER]
    summed = select_columns(col(Rollup.cube), col(Rollup.environment), func.sum(col(Rollup.total)))
    of_count = (col(Rollup.generation) == generation.number, col(Rollup.cube).in_(names))
    found = summed.where(*of_count).group_by(col(Rollup.cube), col(Rollup.environment))
    sums = {(cube, environment): int(total) for cube, environment, total in session.connection().execute(found)}
    by_day = next(cube.name for cube in counted.cubes if cube.grain == Grain.DAY)
    environments = {environment for _, environment in sums}
    return [name for name in names if any(sums.get((name, each)) != sums.get((by_day, each)) for each in environments)]


def _oldest_day(session: Session, counted: CountedTable, generation: RollupGeneration, place: int) -> int | None:
    """The next day at or after `place` that has rows, or that the sums say has some."""
    zone = Formats(time_zone=generation.zone).zone
    ids = IdRange(low=first_id_at(place)).within(IdRange.up_to(generation.through))
    row_id = session.exec(
        select(counted.table.id).where(*ids.conditions(counted.table.id)).order_by(col(counted.table.id)).limit(1)
    ).first()
    cubes = [cube.name for cube in counted.cubes if cube.grain == Grain.DAY]
    of_count = (col(Rollup.generation) == generation.number, col(Rollup.cube).in_(cubes))
    summed = session.exec(select(func.min(Rollup.starts)).where(*of_count, col(Rollup.starts) >= place)).one()
    days = [] if row_id is None else [begin_of(second_of(row_id), Grain.DAY, zone)]
    return min(days if summed is None else [*days, summed], default=None)
