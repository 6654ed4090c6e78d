"""Template filters for times, sizes and masked values, without markup.

Times and numbers are written as the signed-in member chose (locales.py).
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from dashboard.db import utc_now
from dashboard.web.pages.invisible_characters import MarkEverything
from dashboard.web.pages.locales import Formats, formats_here

#: Shown instead of a masked value, on every page and in all JSON.
MASK = "[masked]"
ENGLISH = Formats()
FRESH_FOR = timedelta(seconds=10)
UNITS = ((365 * 86400, "year"), (86400, "day"), (3600, "hour"), (60, "minute"))


def register_filters(app: Flask) -> None:
    for format_value in (
        *(
            ago,
            clock,
            day,
            exact_time,
            file_size,
            masked,
            money,
            number,
            readable_json,
            short_day,
            time_left,
            weekday,
            words,
        ),
    ):
        app.add_template_filter(format_value)
    app.add_template_global(zone_in_words)
    app.add_template_test(is_fresh, "fresh")


def is_fresh(created_at: datetime) -> bool:
    """Whether something was created a moment ago, so that its page asks more often at first."""
    return utc_now() - created_at < FRESH_FOR


def ago(moment: datetime | None) -> str:
    """How long since: "12 s", "3 min", "5 h", "2 d"."""
    if moment is None:
        return ""
    return _in_one_unit(utc_now() - moment)


def time_left(moment: datetime) -> str:
    """How long until then, in the same words; "over" once it has passed."""
    left = moment - utc_now()
    return _in_one_unit(left) if left > timedelta(0) else "over"


def _in_one_unit(duration: timedelta) -> str:
    seconds = max(0, int(duration.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def duration_in_words(span: timedelta, formats: Formats = ENGLISH) -> str:
    """ "1.2 seconds", "12 minutes", "3 days": one unit is enough to see what is meant."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{formats.tenths(seconds)} seconds"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    count = int(seconds // size)
    return f"{formats.number(count)} {unit}{'' if count == 1 else 's'}"


def clock(moment: datetime | None) -> str:
    return formats_here().clock(moment) if moment else ""


def exact_time(moment: datetime | None) -> str:
    return formats_here().moment(moment) if moment else ""


def day(moment: datetime | None) -> str:
    return formats_here().day(moment) if moment else ""


def short_day(day: date) -> str:
    return formats_here().short_day(day)


def weekday(day: date) -> str:
    return formats_here().weekday(day)


def zone_in_words() -> str:
    """The time zone of all times on a page, for its footer."""
    return formats_here().zone_in_words()


def number(count: float) -> str:
    return formats_here().number(count)


def money(amount: Decimal) -> str:
    """With two decimals, and without a currency."""
    return formats_here().money(amount)


def file_size(count: int, formats: Formats | None = None) -> str:
    if count < 1024**2:
        return f"{max(1, round(count / 1024))} KB"
    size, unit = (1024**2, "MB") if count < 1024**3 else (1024**3, "GB")
    return f"{(formats or formats_here()).number(round(count / size, 1))} {unit}"


def masked(value: str | None) -> str:
    """The mask and the last four characters. Values shorter than eight show none, since four would be too many."""
    if not value:
        return ""
    return f"{MASK} {value[-4:]}" if len(value) >= 8 else MASK


def readable_json(value: Any) -> str:
    """Indented JSON for people, in which only invisible characters are marked."""
    return MarkEverything(json.dumps(value, indent=2, ensure_ascii=False))


def words(name: str) -> str:
    """A name of the API as words: "Selfie_To_ID_Card_Compare" -> "Selfie to ID card compare"."""
    parts = name.replace("_", " ").split()
    return " ".join([parts[0], *(part if part.isupper() else part.lower() for part in parts[1:])]) if parts else ""
