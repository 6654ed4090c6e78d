"""The rows that one batch adds, by table."""

import json
from collections import defaultdict
from collections.abc import Hashable
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from dashboard.jobs.timeline import EventKind
from dashboard.seeding.chance import hex_id_with
from dashboard.seeding.forms import Json
from dashboard.seeding.moments import Moment

Row = dict[str, Any]


class Event(NamedTuple):
    """A line of a job's timeline."""

    at: Moment
    kind: EventKind
    facts: Json


class Rows:
    def __init__(self) -> None:
        self.by_table: dict[str, list[Row]] = defaultdict(list)

    def add(self, table: str, row: Row) -> None:
        self.by_table[table].append(row)

    def add_event(self, job_id: str, event: Event, random: Random) -> None:
        row_id = hex_id_with(event.at, random.getrandbits(128))
        row = {"id": row_id, "job_id": job_id, "at": event.at, "kind": event.kind, "text": "", "facts": event.facts}
        self.by_table["job_event"].append(row)

    @property
    def count(self) -> int:
        return sum(len(rows) for rows in self.by_table.values())


def facts_of(**facts: Hashable) -> Json:
    """Facts as JSON. Many events have the same."""
    return _dumped(tuple(facts.items()))


@lru_cache(maxsize=10_000)
def _dumped(facts: tuple[tuple[str, Hashable], ...]) -> Json:
    return Json(json.dumps(dict(facts)))
