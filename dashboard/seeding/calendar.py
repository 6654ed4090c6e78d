"""When things happen: three years of growth, office hours, weekends, holidays, and when an authority is down."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from dashboard.seeding.chance import Chance
from dashboard.seeding.moments import DAY, HOUR, MINUTE, Moment, datetime_of

DAYS = 3 * 365
#: How busy each hour of a working day is, in the company's own time.
HOURS = (2, 1, 1, 1, 2, 4, 10, 28, 66, 92, 100, 96, 78, 74, 90, 88, 76, 54, 30, 22, 18, 13, 8, 4)
#: The company's time is that of Lagos, which is an hour ahead of UTC all year.
AHEAD = HOUR
WEEKDAYS = (1.08, 1.05, 1.0, 1.0, 0.96, 0.38, 0.2)
HOLIDAYS = frozenset({(1, 1), (5, 1), (6, 12), (10, 1), (12, 25), (12, 26)})
GROWTH = 3.0  # how many times more work the last day has than the first
#: What goes down from time to time, and for how many hours.
AUTHORITIES = (("NG", "NIN_V2"), ("KE", "NATIONAL_ID"), ("NG", "BVN"), ("GH", "SSNIT"), ("ZA", "NATIONAL_ID"))
OUTAGES, SHORTEST_OUTAGE, LONGEST_OUTAGE = 14, 5, 40


class Calendar:
    def __init__(self, until: Moment, chance: Chance) -> None:
        self.begin = until - DAYS * DAY
        days = [self._weight_of_day(number, chance) for number in range(DAYS + 2)]
        first_hour = (self.begin + AHEAD) // HOUR
        weights = [
            HOURS[(first_hour + number) % 24] * days[(first_hour + number) // 24 - first_hour // 24]
            for number in range(DAYS * 24)
        ]
        self._done: Sequence[float] = [0.0, *accumulate(weights)]
        self._outages = self._make_outages(chance)

    def moment(self, share: float) -> Moment:
        """The moment by which this share of all the work is done."""
        done = share * self._done[-1]
        hour = min(bisect_right(self._done, done), len(self._done) - 1) - 1
        part = (done - self._done[hour]) / (self._done[hour + 1] - self._done[hour])
        return self.begin + int((hour + part) * HOUR)

    def is_down(self, country: str, id_type: str, moment: Moment) -> bool:
        return any(begins <= moment < ends for begins, ends in self._outages.get((country, id_type), ()))

    def _weight_of_day(self, number: int, chance: Chance) -> float:
        day = datetime_of(self.begin + AHEAD + number * DAY).date()
        growth = 1 + (GROWTH - 1) * number / DAYS
        rest = 0.15 if (day.month, day.day) in HOLIDAYS else 1.0
        return WEEKDAYS[day.weekday()] * rest * growth * (0.85 + 0.3 * chance.share("day", day.toordinal()))

    def _make_outages(self, chance: Chance) -> dict[tuple[str, str], list[tuple[Moment, Moment]]]:
        outages = defaultdict(list)
        for number in range(OUTAGES):
            random = chance.random("outage", number)
            begins = self.begin + int(random.uniform(10, DAYS - 2) * DAY)
            ends = begins + random.randint(SHORTEST_OUTAGE * 60, LONGEST_OUTAGE * 60) * MINUTE
            outages[AUTHORITIES[number % len(AUTHORITIES)]].append((begins, ends))
        return outages
