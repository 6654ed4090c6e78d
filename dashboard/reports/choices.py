"""What a reader chose for a report. All of it stands in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from sqlmodel import Session

from dashboard.errors import Invalid
from dashboard.jobs.filters import JobFilter
from dashboard.reports.kinds import CONVERSION, KINDS, Grouping, Kind
from dashboard.reports.one_link import JobsOfLink
from dashboard.reports.periods import (
    DEFAULT,
    FIRST_DAY,
    MOST_DAYS_BY,
    NAMES,
    Every,
    Period,
    named_period,
    period_between,
    today_in,
)
from dashboard.rollups.counting import complete_generation
from dashboard.rollups.periods import Grain, second_of
from dashboard.stored_settings import company_time_zone
from dashboard.web.lists.counting import IdRange, Question, RowCounter
from dashboard.web.pages.locales import Formats

#: The filters of a report, by the dimension of the same name.
FILTERS = ("product", "country")
#: It has no dimension: the rows of one link are counted themselves.
LINK = "link"
LONGEST = 100


@dataclass(frozen=True)
class ReportChoices:
    """One report as its address asks for it. What is unknown falls back to the usual; wrong dates are in `errors`."""

    kind: Kind
    by: str
    period_name: str
    period: Period
    every_chosen: str
    filters: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)  # the dates, as they stand in the address
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_args(cls, args: Mapping[str, str], zone: ZoneInfo, now: datetime) -> "ReportChoices":
        link = args.get(LINK, "").strip()[:LONGEST]
        kind = kind_of(args.get("report", ""), link)
        by = args.get("by", "")
        typed = {name: args.get(name, "").strip()[:LONGEST] for name in ("since", "until")}
        name, today = args.get("period", ""), today_in(zone, now)
        name = name if name in NAMES else DEFAULT
        period, errors = named_period(name, today, zone), {}
        if any(typed.values()):
            try:
                name, period = "", period_between(typed["since"], typed["until"], today, zone)
            except Invalid as invalid:
                errors = dict(invalid.fields)
        elif link and not args.get("period"):
            typed["since"] = _day_of_link(link, zone, today).isoformat()
            name, period = "", period_between(typed["since"], "", today, zone)
        given = {each: args.get(each, "").strip().replace("\0", "")[:LONGEST] for each in FILTERS}
        given |= {"country": given["country"].upper(), LINK: link}
        filters = {each: value for each, value in given.items() if value}
        every = args.get("every", "")
        chosen = cls(kind, by if by in kind.groupings else "", name, period, every, filters, typed, errors)
        if not chosen.by or not chosen.offers(chosen.by):
            chosen = replace(chosen, by=chosen.usual_grouping)
        if chosen.is_by_month and not args.get("period") and not any(typed.values()):
            return replace(chosen, period_name="month", period=named_period("month", today, zone))
        return chosen

    @property
    def link(self) -> str:
        """The id of the link that it is about; empty if it is about all."""
        return self.filters.get(LINK, "")

    @property
    def counter(self) -> JobsOfLink | RowCounter:
        if self.link:
            return JobsOfLink(self.kind.counted, UUID(self.link))
        assert self.kind.filters.counter is not None
        return self.kind.filters.counter

    @property
    def kinds(self) -> list[Kind]:
        """The reports of the same rows."""
        if not self.link:
            return [kind for kind in KINDS.values() if not kind.is_of_one_link]
        of_jobs = (kind for kind in KINDS.values() if kind.filters is JobFilter)
        return sorted(of_jobs, key=lambda kind: not kind.is_of_one_link)

    @property
    def grouping(self) -> Grouping:
        return self.kind.groupings[self.by]

    @property
    def asked(self) -> dict[str, str]:
        """The query of its address, without what is usual."""
        dates = {name: value for name, value in self.typed.items() if value}
        query = {"report": self.kind.name, "by": self.by, **self.filters}
        if self.every_chosen in set(Every):
            query["every"] = self.every_chosen
        return query | (dates or {"period": self.period_name})

    def address(self, endpoint: str = "reports.show", **changes: str | None) -> str:
        """Its address with changes; None removes a name."""
        query: dict[str, Any] = {**self.asked, **changes}
        return url_for(endpoint, **{name: value for name, value in query.items() if value})

    def address_of(self, kind: Kind) -> str:
        """Another report of the same period, or of this month if it is counted by whole months only."""
        other = replace(self, kind=kind, by="", every_chosen="")
        other = replace(other, by=other.usual_grouping)
        if other.is_by_month and not self.period.is_of_months:
            return other.address(period="month", since=None, until=None)
        return other.address()

    def question(self, ids: IdRange) -> Question:
        wanted = {name: frozenset((value,)) for name, value in self.filters.items() if name != LINK}
        return Question(wanted, ids, {})

    @property
    def steps_by(self) -> tuple[str, ...]:
        """The dimensions that the chart tells apart."""
        return (self.kind.split,) if self.kind.charted else self.grouping.dimensions

    @property
    def groups_by(self) -> tuple[str, ...]:
        return (*self.grouping.dimensions, *([self.kind.split] if self.kind.split else ()))

    def has_sums(self, grain: Grain, dimensions: tuple[str, ...]) -> bool:
        if self.link:
            return True
        return self.kind.counted.cube_with(grain, {*dimensions, *self.filters}, in_full=True) is not None

    def offers(self, by: str) -> bool:
        """Whether there are sums by this grouping, at least of whole months, with these filters."""
        split = [self.kind.split] if self.kind.split else []
        return self.has_sums(Grain.MONTH, (*self.kind.groupings[by].dimensions, *split))

    @property
    def groupings(self) -> dict[str, str]:
        """The labels of those that are offered."""
        offered = [name for name in self.kind.groupings if self.offers(name)]
        return {name: self.kind.groupings[name].label + self._mark_of(name) for name in offered}

    def _mark_of(self, by: str) -> str:
        return " (whole months)" if replace(self, by=by).is_by_month else ""

    @property
    def usual_grouping(self) -> str:
        names = list(self.kind.groupings)
        return next((name for name in names if self.offers(name)), names[0])

    @property
    def is_known(self) -> bool:
        return self.offers(self.by)

    @property
    def not_together(self) -> str:
        return f"{self.kind.label} is not counted with these filters together."

    @property
    def only_by_month(self) -> str:
        return f"{self.grouping.label} is counted by whole months only. Choose whole months."

    @property
    def is_by_month(self) -> bool:
        """Whether there are sums only of whole months."""
        return not self.has_sums(Grain.DAY, self.groups_by)

    @property
    def is_answered(self) -> bool:
        """Whether there are sums for all of the period."""
        grain = Grain.MONTH if self.is_by_month else Grain.DAY
        return self.has_sums(grain, self.groups_by) and (not self.is_by_month or self.period.is_of_months)

    def offered_steps(self, quarters_from: int) -> list[Every]:
        """The steps that there are sums for, in this period."""
        found = []
        for every in Every:
            is_known = {
                Every.HOUR: self.has_sums(Grain.QUARTER, self.steps_by)
                and (bool(self.link) or self.period.seconds[0] >= quarters_from),
                Every.MONTH: self.has_sums(Grain.MONTH, self.steps_by)
                and (self.period.is_of_months or self.has_sums(Grain.DAY, self.steps_by)),
            }.get(every, self.has_sums(Grain.DAY, self.steps_by))
            if is_known and self.period.days <= MOST_DAYS_BY[every]:
                found.append(every)
        return found

    def every(self, quarters_from: int) -> Every:
        offered = self.offered_steps(quarters_from)
        if self.every_chosen in offered:
            return Every(self.every_chosen)
        # A day is shown by the hour, and anything longer by the shortest steps that are at least a day.
        return next((each for each in offered if each != Every.HOUR or self.period.days == 1), Every.MONTH)


def kind_of(name: str, link: str) -> Kind:
    """The report of that name, or the nearest one that there is of one link, or of all."""
    kind = KINDS.get(name, next(iter(KINDS.values())))
    if link and kind.filters is not JobFilter:
        return KINDS[CONVERSION]
    return next(iter(KINDS.values())) if kind.is_of_one_link and not link else kind


def _day_of_link(link: str, zone: ZoneInfo, today: date) -> date:
    """The day on which it was made, by its id; today if that is none."""
    try:
        made = datetime.fromtimestamp(second_of(UUID(link)), zone).date()
    except ValueError:
        return today
    return made if FIRST_DAY <= made <= today else today


def zone_of(session: Session, args: Mapping[str, str]) -> ZoneInfo:
    """The time zone that the rows of this report are counted in."""
    generation = complete_generation(session, kind_of(args.get("report", ""), args.get(LINK, "")).counted)
    return Formats(time_zone=generation.zone if generation else company_time_zone(session)).zone
