"""Compares two dates, whatever their order and language. An unclear order is not guessed."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from babel import Locale

from dashboard.jobs.comparing.folding import fold
from dashboard.jobs.comparing.likeness import (
    SAME,
    Comparison,
    cannot_tell,
    differs,
    same_letters,
    written_differently,
)
from dashboard.languages import LANGUAGES

#: Arabic has two sets of names for the months.
LOCALES = tuple(locale for code, language in LANGUAGES.items() for locale in (code, *language.other_months))
TIMED = re.compile(r"(\S+)[t ](\d{2}:\d{2}[:.\d]*) ?(?:z|utc|[+-]\d{2}:?\d{2})?")
YEAR_FIRST = re.compile(r"(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})")
YEAR_LAST = re.compile(r"(\d{1,2})[-./ ]+(\d{1,2})[-./ ]+(\d{4})")
SHORT_YEAR = re.compile(r"(\d{1,2})[-./ ]+(\d{1,2})[-./ ]+(\d{1,2})")
DIGITS = re.compile(r"\d{8}")
YEAR_ALONE = re.compile(r"(\d{4})(?:[-./](\d{1,2}))?")
MIDNIGHT = re.compile(r"[0:.]*")
WORDS = re.compile(r"\d+|[^\W\d_]+")
FILLERS = frozenset({"de", "do", "da", "del", "of", "the", "le", "st", "nd", "rd", "th", "er", "ya", "tarehe", "born"})
YEARS = range(1850, 2151)
#: The Ethiopian calendar is this many years behind.
YEARS_BEHIND = (7, 8)


@dataclass(frozen=True)
class PossibleDates:
    """The dates that a text can mean: none, one, or several where its order or century is unclear."""

    dates: frozenset[date] = frozenset()
    year: int | None = None  # where only the year, or the year and month, is given
    month: int | None = None
    is_certain: bool = True  # False with a short year, even where only one reading is a valid date
    has_time: bool = False  # not midnight, so in another time zone it may be another day

    def may_be(self, day: date) -> bool:
        if self.year is not None:
            return day.year == self.year and self.month in (None, day.month)
        return day in self.dates


def compare_dates(given: str, returned: str, country: str = "") -> Comparison:
    """Compares two dates. `country`: the two letters of the ID's country."""
    if same_letters(given, returned):
        return SAME
    left, right = read_date(given), read_date(returned)
    if left.year is not None or right.year is not None:
        return _compare_parts(left, right)
    if not left.dates or not right.dates:
        return cannot_tell("One of them cannot be read as a date.")
    if len(left.dates) == len(right.dates) == 1 and left.is_certain and right.is_certain:
        return _compare_certain(
            next(iter(left.dates)), next(iter(right.dates)), left.has_time or right.has_time, country.upper() == "ET"
        )
    if left.dates & right.dates:
        return cannot_tell("It is not clear which number is the day, the month or the year.")
    return differs("They differ, in whatever order the day and month are.")


def _compare_parts(left: PossibleDates, right: PossibleDates) -> Comparison:
    """Compares the parts, where at least one of them is not a full date."""
    part, other = (left, right) if left.year is not None else (right, left)
    if other.year is not None:
        is_possible = part.year == other.year and (part.month == other.month or None in (part.month, other.month))
    else:
        is_possible = not other.dates or any(part.may_be(day) for day in other.dates)
    return cannot_tell("One of them is not a full date.") if is_possible else differs("The year or month differs.")


def read_date(text: str) -> PossibleDates:
    plain, has_time = fold(text).strip(" .,"), False
    if found := TIMED.fullmatch(plain):
        plain, has_time = found[1], not MIDNIGHT.fullmatch(found[2])
    if found := YEAR_FIRST.fullmatch(plain):
        year, month, day = found.groups()
        return PossibleDates(_dates((year, month, day)), has_time=has_time)
    if DIGITS.fullmatch(plain):
        year_first = _dates((plain[:4], plain[4:6], plain[6:]))
        return PossibleDates(year_first or _dates((plain[4:], plain[2:4], plain[:2])))
    if found := YEAR_LAST.fullmatch(plain):
        first, second, year = found.groups()
        return PossibleDates(_dates((year, second, first), (year, first, second)), has_time=has_time)
    if found := SHORT_YEAR.fullmatch(plain):
        return PossibleDates(_with_short_year(*found.groups()), is_certain=False)
    if found := YEAR_ALONE.fullmatch(plain):
        return PossibleDates(year=int(found[1]), month=int(found[2]) if found[2] else None)
    return _with_month_name(plain)


def _with_short_year(first: str, second: str, third: str) -> frozenset[date]:
    """The dates in each usual order, and in both centuries."""
    orders = ((third, second, first), (third, first, second), (first, second, third))
    centuries = ("19", "20")
    return _dates(*((f"{c}{year:0>2}", month, day) for year, month, day in orders for c in centuries))


def _with_month_name(plain: str) -> PossibleDates:
    """Reads dates such as "14 mars 1992", "March 14th, 1992", "14 de março de 1992" and "April 1992"."""
    words = [word for word in WORDS.findall(plain) if word not in FILLERS and word not in weekday_names()]
    names = [month for word in words if (month := month_names().get(word))]
    years = [word for word in words if word.isdigit() and len(word) == 4]
    days = [word for word in words if word.isdigit() and len(word) < 3]
    if len(names) != 1 or len(years) != 1 or len(names) + len(years) + len(days) != len(words):
        return PossibleDates()
    if not days:
        return PossibleDates(year=int(years[0]), month=names[0])
    return PossibleDates(_dates((years[0], str(names[0]), days[0]))) if len(days) == 1 else PossibleDates()


@cache
def month_names() -> dict[str, int]:
    """The folded names of the months in every language, in full and abbreviated."""
    names: dict[str, int] = {"sept": 9}
    for locale in LOCALES:
        for context in Locale.parse(locale).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context.get(width, {}).items():
                    # Names of several words, as in Syria, are kept whole; digits are not a name.
                    folded = fold(name).strip(" .")
                    if folded and not any(sign.isdigit() for sign in folded):
                        names.setdefault(folded, number)
    return names


@cache
def weekday_names() -> frozenset[str]:
    names = set()
    for locale in LOCALES:
        for context in Locale.parse(locale).days.values():
            for width in ("wide", "abbreviated"):
                names |= {fold(name).strip(" .") for name in context.get(width, {}).values()}
    return frozenset(names) - month_names().keys()  # "mar" is March before it is a French Tuesday


def _compare_certain(left: date, right: date, has_time: bool, is_ethiopian: bool) -> Comparison:
    if left == right:
        return written_differently("The same date.")
    if has_time and abs(left - right) == timedelta(days=1):
        return cannot_tell("They are one day apart, perhaps because of a time zone.")
    if (left.year, left.month, left.day) == (right.year, right.day, right.month):
        return differs("Day and month may be swapped.")
    if is_ethiopian and abs(left.year - right.year) in YEARS_BEHIND:
        return cannot_tell("One of them may be in the Ethiopian calendar.")
    return differs("The dates differ.")


def _dates(*parts: tuple[str, str, str]) -> frozenset[date]:
    """The valid dates among these (year, month, day)."""
    found = set()
    for year, month, day in parts:
        try:
            if int(year) in YEARS:
                found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return frozenset(found)
