"""One job while its rows are made: what has happened to it so far."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from dashboard.jobs.timeline import EventKind
from dashboard.seeding.callback_rows import Delivered
from dashboard.seeding.company import Brief
from dashboard.seeding.customers import Customer
from dashboard.seeding.moments import SECOND, Moment
from dashboard.seeding.rows import Event, Row, facts_of


@dataclass
class Story:
    brief: Brief
    customer: Customer
    values: Mapping[str, str]  # for the holes of Smile's answers
    random: Random
    now: Moment  # in the story
    callbacks_left: int  # that may be stored
    job: Row
    job_id: str  # its id as the rows of other tables hold it
    events: list[Event] = field(default_factory=list)
    images: Sequence[int] = ()  # their sizes
    delivered: Delivered | None = None
    kinds: dict[str, bool] = field(default_factory=dict)  # of warnings so far

    def wait(self, least: float, most: float) -> Moment:
        """Lets some seconds pass."""
        self.now += int((least + self.random.random() * (most - least)) * SECOND)
        return self.now

    def note(self, event: EventKind, /, **facts: Hashable) -> None:
        self.events.append(Event(self.now, event, facts_of(**facts)))
