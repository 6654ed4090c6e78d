"""The ID authorities that jobs here ask: their errors and times lately beside their usual, and what Smile says now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dashboard.context import current
from dashboard.db import once_per_change
from dashboard.jobs.counted import COUNTED, COUNTER
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Outcome
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.api_choice import chosen_apis
from dashboard.jobs.smile_api.availability import Availability
from dashboard.reports.slower import BY, Authority, Slower, by_authority_of, slower_now
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.durations import quantile
from dashboard.smile.constants import SmileApi
from dashboard.web.lists.counting import IdRange, Question
from dashboard.web.lists.fields import Scope
from dashboard.web.pages.locales import Formats

USUAL, LATELY = timedelta(days=14), timedelta(days=1)
MOST_SHOWN = 6


@dataclass(frozen=True)
class AuthorityState:
    """`of_day` jobs in the last day, `errors` of which ended with an error; `usual` is that share in two weeks.

    Half of the jobs of the day took at most `half` from submission to result, and `usual_half` in two weeks.
    """

    country: str
    id_type: str
    of_day: int
    errors: int
    usual: float
    half: timedelta | None
    usual_half: timedelta | None
    slower: Slower | None
    availability: Availability | None

    @property
    def is_worse(self) -> bool:
        """Clearly more errors than usual: by a tenth of the jobs, and more than two."""
        return self.errors > 2 and self.errors / self.of_day > self.usual + 0.1

    def filters(self, outcome: str = "") -> JobFilter:
        return JobFilter(country=self.country, id_type=self.id_type, outcome=outcome, age="1d")


def authorities_used(scope: Scope) -> list[AuthorityState]:
    """The ones that most jobs of the last two weeks asked; none while jobs are not counted. It waits for nobody."""
    minute = scope.now.replace(second=0, microsecond=0)
    key = ("authorities", scope.environment, minute)
    found = once_per_change(scope.session, key, lambda: _read(scope))
    totals = Counter[Authority]()
    for (authority, _), count in found.usual.items():
        totals[authority] += count
    api = _api_to_ask(scope)
    return [_state(authority, found, api) for authority, _ in totals.most_common(MOST_SHOWN)]


def _api_to_ask(scope: Scope) -> SmileApi:
    """v3 as soon as a product that looks up numbers uses it."""
    apis = chosen_apis(scope.session, current().settings)
    uses_v3 = any(facts.asks_id_number and apis[product] == SmileApi.V3 for product, facts in FACTS.items())
    return SmileApi.V3 if uses_v3 else SmileApi.V1


@dataclass(frozen=True)
class _Sums:
    """Jobs by authority, and whether they ended with an error; and by authority, how many took how long."""

    usual: Mapping[tuple[Authority, bool], int]
    lately: Mapping[tuple[Authority, bool], int]
    usual_times: Mapping[Authority, Mapping[str, int]]
    times: Mapping[Authority, Mapping[str, int]]
    slower: Mapping[Authority, Slower]


def _read(scope: Scope) -> _Sums:
    generation = complete_generation(scope.session, COUNTED)
    zone = (Formats(time_zone=generation.zone) if generation else Formats()).zone
    slower = {(each.country, each.id_type): each for each in slower_now(scope, COUNTER, zone)}
    return _Sums(_counts(scope, USUAL), _counts(scope, LATELY), _times(scope, USUAL), _times(scope, LATELY), slower)


def _since(scope: Scope, span: timedelta) -> Question:
    return Question({}, IdRange(low=scope.first_id_ago(span).int), {})


def _counts(scope: Scope, span: timedelta) -> Mapping[tuple[Authority, bool], int]:
    found = COUNTER.count_by(scope, _since(scope, span), ("country", "id_type", "outcome")) or {}
    counts = Counter[tuple[Authority, bool]]()
    for (country, id_type, outcome), count in found.items():
        if country and id_type and count:
            counts[(country, id_type), outcome == Outcome.ERROR] += count
    return counts


def _times(scope: Scope, span: timedelta) -> Mapping[Authority, Mapping[str, int]]:
    return by_authority_of(COUNTER.count_by(scope, _since(scope, span), BY) or {})


def _state(authority: Authority, found: _Sums, api: SmileApi) -> AuthorityState:
    failed, others = found.usual.get((authority, True), 0), found.usual.get((authority, False), 0)
    errors, fine = found.lately.get((authority, True), 0), found.lately.get((authority, False), 0)
    half, usual_half = (quantile(each.get(authority, {}), 0.5) for each in (found.times, found.usual_times))
    known, _ = current().availability.get(*authority, api)
    return AuthorityState(
        *authority,
        errors + fine,
        errors,
        failed / (failed + others),
        half,
        usual_half,
        found.slower.get(authority),
        known,
    )
