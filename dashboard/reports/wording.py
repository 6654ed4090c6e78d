"""The words for values, changes and steps of a report."""

from datetime import UTC, datetime, timedelta

from dashboard.reports.kinds import Value
from dashboard.reports.periods import DAY, Every, Period
from dashboard.web.pages.locales import Formats

#: From how many seconds on each unit is used, the largest first.
UNITS = ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
HOUR, MINUTE = 3600, 60
NOTHING = "\u2013"
PATTERNS = {Every.HOUR: "EEE d MMM, HH:mm", Every.DAY: "EEE d MMM y", Every.MONTH: "MMMM y"}
ONE_DAY = "d MMM y"


def value_in_words(value: Value, formats: Formats) -> str:
    """A count as it is, a share in percent, a duration in one unit."""
    if value is None:
        return NOTHING
    if isinstance(value, timedelta):
        return short_duration(value, formats)
    return formats.number(value) if isinstance(value, int) else f"{formats.tenths(100 * value)} %"


def short_duration(span: timedelta, formats: Formats) -> str:
    """Such as "1.2 s", "34 min" or "2.5 d". More digits would say more than is known."""
    seconds = span.total_seconds()
    size, unit = next((size, unit) for least, size, unit in UNITS if seconds >= least)
    amount = seconds / size
    return f"{formats.tenths(amount) if amount < 10 else formats.number(round(amount))} {unit}"


def exact_duration(milliseconds: int, formats: Formats) -> str:
    """Such as "4.712 s" or "2 h 3 min 12.500 s"."""
    seconds, rest = divmod(milliseconds, 1000)
    parts = [(seconds // HOUR, "h"), (seconds % HOUR // MINUTE, "min")]
    words = [f"{formats.number(count)} {unit}" for count, unit in parts if count]
    return " ".join([*words, f"{seconds % MINUTE}.{rest:03} s"])


def change_of(now: Value, before: Value) -> float | None:
    """By which part it is more or less. Of shares, which are floats, it is the difference."""
    if now is None or before is None:
        return None
    if isinstance(now, float) and isinstance(before, float):
        return now - before
    here, then = (each.total_seconds() if isinstance(each, timedelta) else each for each in (now, before))
    return (here - then) / then if then else None


def change_in_words(change: float | None, formats: Formats, *, is_of_shares: bool) -> str:
    return NOTHING if change is None else f"{_signed(100 * change, formats)} {'points' if is_of_shares else '%'}"


def _signed(number: float, formats: Formats) -> str:
    sign = "+" if number > 0 else "\u2212" if number < 0 else ""
    return f"{sign}{formats.tenths(abs(number))}"


def step_in_words(begin: int, end: int, every: Every, formats: Formats) -> str:
    first, last = (datetime.fromtimestamp(each, UTC) for each in (begin, end))
    if every == Every.WEEK:
        return f"{formats.written(first, 'd MMM')} to {formats.written(last - timedelta(seconds=1), ONE_DAY)}"
    return formats.written(first, PATTERNS[every])


def period_in_words(period: Period, formats: Formats) -> str:
    first, last = (datetime.fromtimestamp(each, UTC) for each in period.seconds)
    if period.days == 1:
        return formats.written(first, ONE_DAY)
    return f"{formats.written(first, ONE_DAY)} to {formats.written(last - DAY / 2, ONE_DAY)}"
