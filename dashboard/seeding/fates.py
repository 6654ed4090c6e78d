"""What becomes of a job: how it ends, which warnings Smile gives, and whether a member has dealt with it."""

from collections.abc import Sequence
from random import Random

from dashboard.jobs.models import JobState
from dashboard.jobs.products import DOCUMENT, FACE, FACTS
from dashboard.seeding.answers import Ending
from dashboard.seeding.company import Brief, Company
from dashboard.seeding.moments import DAY, HOUR
from dashboard.smile.constants import SmileApi

Fate = Ending | JobState

#: Of a thousand jobs; the rest is approved.
FATES: dict[Fate, int] = {
    Ending.REJECTED: 116,
    Ending.REVIEWED: 38,
    Ending.NOT_FOUND: 30,
    Ending.BAD_FORMAT: 6,
    Ending.AUTHORITY_DOWN: 3,
    Ending.UNDOCUMENTED: 1,
    JobState.FAILED: 8,
    JobState.EXPIRED: 6,
    JobState.CANCELLED: 4,
}
#: Of a hundred links, those whose customers start and do not finish.
CUSTOMERS_WHO_STOP = 6
#: So many of the newest jobs have not ended.
NEWEST = 30
NEWEST_AT_ONCE = 8
#: A link's customer has a day, and Smile has seven.
CUSTOMER_HAS, SMILE_HAS = 20 * HOUR, 6 * DAY
GIVEN_UP_AFTER = 8 * DAY
#: While its authority is down, so many of a hundred jobs fail.
DOWN = 85
#: Of a thousand approved jobs: one or two warnings.
WARNED = 32
OF_NUMBERS = ("number_seen_before", "id_not_active", "deceased", "on_watch_list")
OF_FACES = ("face_seen_before", "suspects")
OF_DOCUMENTS = ("document_expired", "document_copied")
#: Of a thousand rejected jobs, those about which a callback claims the opposite.
LIED_ABOUT = 3


def fate_of(company: Company, brief: Brief, random: Random) -> Fate:
    age, from_end = company.until - brief.at, company.amounts.jobs - brief.number
    draw = random.random()
    is_at_once = brief.is_answered_at_once
    if from_end <= NEWEST and age < SMILE_HAS:
        if is_at_once and from_end <= NEWEST_AT_ONCE:
            return JobState.QUEUED
        if brief.link is not None and age < CUSTOMER_HAS:
            return JobState.AWAITING_CUSTOMER
        if not is_at_once:
            return JobState.WAITING
    if brief.link is not None and draw * 100 < CUSTOMERS_WHO_STOP:
        return JobState.EXPIRED if age > GIVEN_UP_AFTER else Ending.APPROVED
    if company.calendar.is_down(brief.country, brief.id_type, brief.at) and random.random() * 100 < DOWN:
        return Ending.AUTHORITY_DOWN
    fate = _FATES[int(random.random() * 1000)]
    may_expire = age > GIVEN_UP_AFTER and not is_at_once
    if fate == JobState.FAILED and brief.api == SmileApi.V3:
        return Ending.APPROVED
    if (fate == JobState.EXPIRED and not may_expire) or (fate in (JobState.CANCELLED, JobState.FAILED) and brief.link):
        return Ending.APPROVED
    return fate


def warnings_for(brief: Brief, random: Random) -> tuple[str, ...]:
    """The names of warnings that Smile adds to an approval, in the simulator's table."""
    if brief.is_of_ring:
        return ("number_seen_before", "face_seen_before")
    if random.random() * 1000 >= WARNED or brief.api == SmileApi.V3:
        return ()
    facts = FACTS[brief.product]
    possible: tuple[str, ...] = OF_NUMBERS if facts.asks_id_number else ()
    needs = facts.effort.needs if facts.effort else ()
    possible += (OF_FACES if FACE in needs else ()) + (OF_DOCUMENTS if DOCUMENT in needs else ())
    first = possible[int(random.random() ** 2 * len(possible))]
    second = possible[int(random.random() * len(possible))]
    return (first,) if random.random() < 0.8 or first == second else (first, second)


_FATES: Sequence[Fate] = [fate for fate, share in FATES.items() for _ in range(share)]
_FATES = [*_FATES, *[Ending.APPROVED] * (1000 - len(_FATES))]
