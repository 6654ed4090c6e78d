"""The health check of the rollups: whether they are those of the rows, and whether changes are folded."""

from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import Session, select

from dashboard.context import current
from dashboard.health_checks import CheckContext, Finding, ok, unknown, warn
from dashboard.rollups.checking import cubes_that_differ, read_checked, wrong_days
from dashboard.rollups.counted import CountedTable
from dashboard.rollups.counting import MOST_DELTAS, complete_generation
from dashboard.rollups.models import RollupDelta
from dashboard.rollups.periods import LAST_SECOND
from dashboard.web.lists.counting import IdRange
from dashboard.web.pages.locales import Formats

#: Tables with at most this many rows are compared while the page loads.
MOST_ROWS = 2_000
AGAIN = "Run `dashboard db recount`; everything may keep running meanwhile."


def counts(context: CheckContext) -> Finding:
    session, tables = context.session, current().features.counted
    uncounted = [f"{counted.name}s" for counted in tables if complete_generation(session, counted) is None]
    if uncounted:
        sentence = f"Not counted yet: {', '.join(uncounted)}. Their lists say \u201cmore than 10,000\u201d at most."
        return unknown(sentence, "The worker counts them. Let it run.")
    if any(_open_deltas(session, counted) > MOST_DELTAS for counted in tables):
        advice = "The worker adds them up every few seconds. See whether it runs."
        return warn(f"More than {MOST_DELTAS:,} changes are not in the counts of lists yet.", advice)
    wrong = {f"{counted.name}s": day for counted in tables if (day := _wrong_day(session, counted))}
    if wrong:
        days = ", ".join(f"{name} ({day})" for name, day in wrong.items())
        return warn(f"The counts of lists are not those of the rows: {days}.", AGAIN)
    return ok("The counts of lists are those of the rows.")


def _open_deltas(session: Session, counted: CountedTable) -> int:
    few = select(RollupDelta.id).where(RollupDelta.counted == counted.name).limit(MOST_DELTAS + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def _wrong_day(session: Session, counted: CountedTable) -> str:
    """A day whose counts are wrong, in words; empty if none is known. Of a long table the worker's checks count."""
    generation = complete_generation(session, counted)
    assert generation is not None
    known = IdRange.up_to(generation.through)
    few = select(counted.table.id).where(*known.conditions(counted.table.id)).limit(MOST_ROWS + 1).subquery()
    if session.exec(select(func.count()).select_from(few)).one() <= MOST_ROWS:
        days = wrong_days(session, counted, generation, 0, LAST_SECOND)
        differing = cubes_that_differ(session, counted)
    else:
        checked = read_checked(session, counted)
        is_of_this = checked is not None and checked.generation == generation.number
        days, differing = (list(checked.wrong) if checked and is_of_this else []), []
    if days:
        here = datetime.fromtimestamp(days[0], UTC).astimezone(Formats(time_zone=generation.zone).zone)
        return f"on {here:%Y-%m-%d}"
    return f"in {differing[0]}" if differing else ""
