"""How dates, numbers and countries are written: in which language and time zone.

Each member chooses both. Customers and printed pages get the zone of the company, unknown visitors UTC. The pages
themselves are in English; only what Babel formats follows the choice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_datetime, get_timezone_location
from babel.numbers import format_decimal
from flask import has_request_context
from flask_login import current_user
from sqlmodel import Session

from dashboard.db import utc_now
from dashboard.languages import DEFAULT, LANGUAGES
from dashboard.stored_settings import DEFAULT_TIME_ZONE, company_time_zone

UTC_NAME = DEFAULT_TIME_ZONE
#: Zones named by a continent or ocean and a place. The others are old or unusual names for the same.
AREAS = frozenset(("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"))
EXACT, CLOCK, DAY = "d MMM y, HH:mm:ss", "HH:mm:ss", "d MMMM y"
SHORT_DAY, WEEKDAY = "EEE d MMM", "EEEE"


@dataclass(frozen=True)
class Formats:
    """A choice of language and time zone. What is unknown, such as a renamed zone, falls back to English and UTC."""

    language: str = DEFAULT
    time_zone: str = UTC_NAME

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.time_zone if is_zone(self.time_zone) else UTC_NAME)

    def moment(self, moment: datetime) -> str:
        """The date, the time and the zone, fit to be copied into an e-mail."""
        return f"{self._format(moment, EXACT)} {zone_mark(self.here(moment))}"

    def clock(self, moment: datetime) -> str:
        return self._format(moment, CLOCK)

    def day(self, moment: datetime) -> str:
        return self._format(moment, DAY)

    def short_day(self, day: date) -> str:
        """Such as "Sat 28 Nov"."""
        return _written(datetime.combine(day, time()), SHORT_DAY, self.language)

    def weekday(self, day: date) -> str:
        return _written(datetime.combine(day, time()), WEEKDAY, self.language)

    def written(self, moment: datetime, pattern: str) -> str:
        """By a pattern of Babel, for what is no usual date, such as a week."""
        return self._format(moment, pattern)

    def here(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def number(self, count: float) -> str:
        return _number(count, self.language)

    def tenths(self, amount: float) -> str:
        """The number with one decimal, even if it is zero."""
        return format_decimal(amount, format="#,##0.0", locale=_locale(self.language))

    def money(self, amount: Decimal) -> str:
        return format_decimal(amount, format="#,##0.00", locale=_locale(self.language))

    def country(self, code: str) -> str | None:
        return _locale(self.language).territories.get(code)

    def zone_in_words(self) -> str:
        """Such as "UTC" or "Africa/Lagos (UTC+01:00)"."""
        zone = self.zone
        return UTC_NAME if zone.key == UTC_NAME else f"{zone.key} ({offset_of(zone)})"

    def _format(self, moment: datetime, pattern: str) -> str:
        return _written(self.here(moment).replace(tzinfo=None), pattern, self.language)


def company_formats(session: Session) -> Formats:
    """Formats for what is printed or handed on."""
    return Formats(time_zone=company_time_zone(session))


def formats_here() -> Formats:
    """The formats of the signed-in member; English and UTC if nobody is signed in."""
    if not has_request_context() or not current_user.is_authenticated:
        return Formats()
    return Formats(current_user.language, current_user.time_zone)


def zone_mark(moment: datetime) -> str:
    """The zone behind a time, such as WAT or CET; its offset, such as UTC-03, if it has no letters."""
    name = moment.tzname() or UTC_NAME
    return f"UTC{name}" if re.match(r"[+-]", name) else name


def offset_of(zone: ZoneInfo) -> str:
    """Today's offset, such as UTC+01:00."""
    offset = f"{utc_now().astimezone(zone):%z}"
    return UTC_NAME if offset in ("+0000", "-0000") else f"UTC{offset[:3]}:{offset[3:5]}"


@cache
def zone_names() -> Sequence[str]:
    return [UTC_NAME, *sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)]


def is_zone(name: str) -> bool:
    return name in _known_zones()


def zone_choices() -> dict[str, str | dict[str, str]]:
    """Choices for a form: UTC, then the areas, each with its zones and their labels."""
    places = {name: f"{_place(name)} ({offset_of(_zone(name))})" for name in zone_names() if name != UTC_NAME}
    areas = groupby(places, key=lambda name: name.partition("/")[0])
    return {UTC_NAME: UTC_NAME, **{area: {name: places[name] for name in names} for area, names in areas}}


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(zone_names())


@cache
def _zone(name: str) -> ZoneInfo:
    """Cached: Python itself keeps only eight, and reading all of them for a list takes 30 ms."""
    return ZoneInfo(name)


@cache
def _place(name: str) -> str:
    """The zone's city and Babel's name of its country, such as "Lagos, Nigeria"."""
    city = name.partition("/")[2].replace("_", " ").replace("/", ", ")
    country = get_timezone_location(_zone(name), locale=_locale(DEFAULT), return_city=False)
    country = country.removesuffix(" Time").partition(" (")[0]
    return city if country in (city, "Unknown") or city in country else f"{city}, {country}"


@lru_cache(maxsize=10_000)
def _number(count: float, language: str) -> str:
    """Cached: a list counts hundreds of choices, and most counts come again."""
    return format_decimal(count, locale=_locale(language))


@lru_cache(maxsize=10_000)
def _written(moment: datetime, pattern: str, language: str) -> str:
    """Kept, since an open page writes the same times again and again, and Babel takes a while for each."""
    return format_datetime(moment, pattern, locale=_locale(language))


@cache
def _locale(language: str) -> Locale:
    known = language if language in LANGUAGES else DEFAULT
    return Locale.parse(LANGUAGES[known].locale or known)
