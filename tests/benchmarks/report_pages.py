"""Reports beside a million jobs: how long the slowest takes. Whether their numbers and the overview's are the rows'."""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from random import Random

from dashboard.db import Database, utc_now
from dashboard.reports.kinds import KINDS
from dashboard.web.lists.fields import Scope
from tests.benchmarks.report import Figure
from tests.factories.reports import rows_behind

MOST_MS, ROUNDS, SAMPLED = 300.0, 5, 40
#: Whole months answer every report.
PERIODS = ("period=today", "period=30d", "period=90d", "period=last_month", "since=2025-01-01&until=2025-12-31")
NUMBER = re.compile(r'<a href="(/(?:jobs|links)\?[^"]*)">(?:<strong>)?([\d,]+)</')


def addresses() -> Iterator[str]:
    for kind in KINDS.values():
        for by in kind.groupings:
            for period in PERIODS:
                yield f"/reports?report={kind.name}&by={by}&{period}"


def measure_reports(
    engine: str, read: Callable[[str], float], page: Callable[[str], str], database: Database
) -> list[Figure]:
    taken = {path: min(read(path) for _ in range(ROUNDS)) for path in addresses()}
    slowest = max(taken, key=taken.__getitem__)
    return [
        Figure(f"the slowest of {len(taken)} reports on {engine}", taken[slowest], "ms", MOST_MS, is_at_least=False,
               details=slowest),
        _wrong_numbers(f"reports on {engine}", map(page, taken), database),
        _wrong_numbers(f"the overview on {engine}", [page("/")], database),
    ]  # fmt: skip


def _wrong_numbers(where: str, pages: Iterable[str], database: Database) -> Figure:
    """How many of some numbers are not how many rows their link leads to."""
    numbers = [(unescape(link), number) for page in pages for link, number in NUMBER.findall(page)]
    sampled = Random(1).sample(numbers, min(SAMPLED, len(numbers)))
    with database.reading() as session:
        scope = Scope(session, "sandbox", utc_now())
        wrong = [link for link, number in sampled if rows_behind(scope, link) != int(number.replace(",", ""))]
    return Figure(f"numbers of {where} that are not those of the rows", len(wrong), f"of {len(sampled)}", 0,
                  is_at_least=False, details="; ".join(wrong[:3]))  # fmt: skip
