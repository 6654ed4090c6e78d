"""Reads days in plain words: "yesterday", "since 3 October", "last 7 days", "between monday and friday"."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple


class Days(NamedTuple):
    """From a day to another, both included; None where it is open."""

    since: date | None
    until: date | None


class ReadDays(NamedTuple):
    days: Days
    end: int  # of the text that was read


MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = {text: at for at, name in enumerate(MONTH_NAMES, 1) for text in (name, name[:3])} | {"sept": 9}
WEEKDAYS = {text: at for at, name in enumerate(WEEKDAY_NAMES) for text in (name, name[:3])}
WEEKDAYS |= {"tues": 1, "thur": 3, "thurs": 3}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
DAYS_OF = {"day": 1, "week": 7, "month": 30}
MOST_DAYS = 10_000

_MONTH, _WEEKDAY = "|".join(sorted(MONTHS, key=len)[::-1]), "|".join(sorted(WEEKDAYS, key=len)[::-1])
_NUMBER = rf"\d{{1,4}}|{'|'.join(NUMBERS)}"
_AND, _TO = re.compile(" (?:and|to|until|till) "), re.compile(" (?:to|until|till) ")
_BEFORE_SPANS = re.compile("(?:on |in )?(?:the )?")
Make = Callable[[re.Match[str], date], Days]


def read_days(text: str, today: date) -> ReadDays | None:
    """Reads the days that the folded text begins with, as many words as possible; None if it begins with none."""
    if between := re.match(r"(?:between|from) ", text):
        first = _read_span(text, between.end(), today)
        joined = first and _AND.match(text, first.end)
        last = joined and _read_span(text, joined.end(), today)
        if first and last:
            return ReadDays(Days(first.days.since, last.days.until), last.end)
    for pattern, limit in LIMITS:
        if (found := pattern.match(text)) and (span := _read_span(text, found.end(), today)):
            return ReadDays(limit(span.days), span.end)
    first = _read_span(text, 0, today)
    joined = first and _TO.match(text, first.end)
    last = joined and _read_span(text, joined.end(), today)
    return ReadDays(Days(first.days.since, last.days.until), last.end) if first and last else first


def _read_span(text: str, begin: int, today: date) -> ReadDays | None:
    """The longest span that the text has at this place."""
    read, first_word = [], _BEFORE_SPANS.match(text, begin)
    for pattern, make in SPANS:
        found = first_word and pattern.match(text, first_word.end())
        if found and text[found.end() : found.end() + 1] in ("", " "):  # Not within a word.
            try:
                read.append(ReadDays(make(found, today), found.end()))
            except (ValueError, OverflowError):  # Such as 31 February.
                continue
    return max(read, key=lambda each: each.end, default=None)


def _before(days: Days) -> Days:
    return Days(None, days.since and days.since - timedelta(days=1))


def _after(days: Days) -> Days:
    return Days(days.until and days.until + timedelta(days=1), None)


LIMITS: tuple[tuple[re.Pattern[str], Callable[[Days], Days]], ...] = (
    (re.compile(r"(?:since|from|starting) "), lambda days: Days(days.since, None)),
    (re.compile(r"after "), _after),
    (re.compile(r"(?:before|older than) "), _before),
    (re.compile(r"(?:until|till|up to) "), lambda days: Days(None, days.until)),
)


def _day(day: date) -> Days:
    return Days(day, day)


def _number(text: str) -> int:
    count = NUMBERS.index(text) + 1 if text in NUMBERS else int(text)
    if not 0 < count <= MOST_DAYS:
        raise ValueError
    return count


def _month(year: int, month: int) -> Days:
    return Days(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def _calendar(found: re.Match[str], today: date) -> Days:
    """This or last week, month or year."""
    is_last, unit = found["which"] in ("last", "previous"), found["unit"]
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * is_last)
        days = Days(monday, monday + timedelta(days=6))
    elif unit == "month":
        last_month = today.replace(day=1) - timedelta(days=1)
        days = _month(last_month.year, last_month.month) if is_last else _month(today.year, today.month)
    else:
        days = Days(date(today.year - is_last, 1, 1), date(today.year - is_last, 12, 31))
    return days if is_last else Days(days.since, None)


def _recent(found: re.Match[str], today: date) -> Days:
    """The last so many days, with today."""
    count = _number(found["count"] or "1") * DAYS_OF[found["unit"]]
    return Days(today - timedelta(days=count - 1), None)


def _ago(found: re.Match[str], today: date) -> Days:
    return _day(today - timedelta(days=_number(found["count"]) * DAYS_OF[found["unit"]]))


def _weekday(found: re.Match[str], today: date) -> Days:
    """The newest such day; "last" leaves out today."""
    back = (today.weekday() - WEEKDAYS[found["weekday"]]) % 7
    return _day(today - timedelta(days=back or (7 if found["last"] else 0)))


def _date(found: re.Match[str], today: date) -> Days:
    """A date; without a year, the newest one that is not to come."""
    month, day = MONTHS[found["month"]], int(found["day"])
    if found["year"]:
        return _day(date(int(found["year"]), month, day))
    year = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    return _day(date(year, month, day))


def _named_month(found: re.Match[str], today: date) -> Days:
    month = MONTHS[found["month"]]
    return _month(int(found["year"] or (today.year if month <= today.month else today.year - 1)), month)


def _digits(found: re.Match[str], _: date) -> Days:
    return _day(date(int(found["year"]), int(found["month"]), int(found["day"])))


_ORDINAL = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
SPANS: tuple[tuple[re.Pattern[str], Make], ...] = (
    (re.compile("todays?"), lambda _, today: _day(today)),
    (re.compile("yesterdays?"), lambda _, today: _day(today - timedelta(days=1))),
    (re.compile("day before yesterday"), lambda _, today: _day(today - timedelta(days=2))),
    (re.compile(r"(?P<which>this|last|previous) (?P<unit>week|month|year)"), _calendar),
    (re.compile(rf"(?:last|past|previous) (?P<count>{_NUMBER}) (?P<unit>day|week|month)s?"), _recent),
    (re.compile(r"past (?P<count>)(?P<unit>day|week|month)"), _recent),
    (re.compile(rf"(?P<count>{_NUMBER}) (?P<unit>day|week|month)s? ago"), _ago),
    (re.compile(rf"(?P<last>last )?(?P<weekday>{_WEEKDAY})"), _weekday),
    (re.compile(rf"{_ORDINAL} (?:of )?(?P<month>{_MONTH})(?: (?P<year>\d{{4}}))?"), _date),
    (re.compile(rf"(?P<month>{_MONTH}) {_ORDINAL}(?: (?P<year>\d{{4}}))?"), _date),
    (re.compile(rf"(?P<month>{_MONTH})(?: (?P<year>\d{{4}}))?"), _named_month),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"), _digits),
    (re.compile(r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>\d{4})"), _digits),
)
