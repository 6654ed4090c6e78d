"""An authority that takes longer than usual is named, with the quarter of an hour since which it does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard.db import Database
from dashboard.jobs.counted import COUNTER
from dashboard.reports.slower import Slower, slower_now
from dashboard.web.lists.fields import Scope
from tests.factories.rollups import add, fold_all, job_at

pytestmark = pytest.mark.both_engines
NOW = datetime(2026, 11, 28, 10, 55, tzinfo=UTC)


def answered(made: datetime, seconds: float, id_type: str = "NIN_V2") -> Any:
    return job_at(made, country="NG", id_type=id_type, submitted_at=made, settled_at=made + timedelta(seconds=seconds))


def usual(id_type: str = "NIN_V2", count: int = 40) -> list[Any]:
    return [answered(NOW - timedelta(days=1 + number % 12), 3, id_type) for number in range(count)]


def slow(database: Database, *jobs: Any) -> list[Slower]:
    add(database, *jobs)
    fold_all(database, NOW)
    with database.reading() as session:
        return list(slower_now(Scope(session, "sandbox", NOW), COUNTER, ZoneInfo("UTC")))


def test_it_is_slower_since_the_quarter_that_it_became_slow_in(database: Database) -> None:
    before = [answered(NOW - timedelta(minutes=age), 3.2) for age in (40, 50, 70)]
    since = [answered(NOW - timedelta(minutes=age), 40) for age in (1, 8, 9, 20, 21, 22)]

    (found,) = slow(database, *usual(), *before, *since)

    assert (found.country, found.id_type, found.results) == ("NG", "NIN_V2", 6)
    assert datetime.fromtimestamp(found.since, UTC) == datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
    assert abs(found.now.total_seconds() - 40) < 2
    assert abs(found.usual.total_seconds() - 3) < 0.15


@pytest.mark.parametrize(
    ("usual_jobs", "lately"),
    [
        (usual(), [answered(NOW, 3.5) for _ in range(9)]),  # as usual
        (usual(), [answered(NOW, 40) for _ in range(4)]),  # a few say nothing
        (usual(count=12), [answered(NOW, 40) for _ in range(9)]),  # What is usual is not known.
        (usual(), [answered(NOW - timedelta(hours=1), 40) for _ in range(9)] + [answered(NOW, 3)]),  # It is over.
        (usual("BVN"), [answered(NOW, 40) for _ in range(9)]),  # another authority
        (usual(), []),
    ],
)
def test_otherwise_nothing_is_said(database: Database, usual_jobs: list[Any], lately: list[Any]) -> None:
    assert slow(database, *usual_jobs, *lately) == []
