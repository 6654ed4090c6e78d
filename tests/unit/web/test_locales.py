"""Dates, times, numbers and countries as members read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.languages import LANGUAGES
from dashboard.web.pages.filters import file_size
from dashboard.web.pages.locales import Formats, zone_choices, zone_names

MOMENT = datetime(2026, 7, 15, 21, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "written"),
    [
        ("en", "UTC", "15 Jul 2026, 21:05:09 UTC"),
        ("en", "Africa/Lagos", "15 Jul 2026, 22:05:09 WAT"),
        ("fr", "Europe/Paris", "15 juil. 2026, 23:05:09 CEST"),
        ("pt", "America/Sao_Paulo", "15 jul. 2026, 18:05:09 UTC-03"),
        ("sw", "Africa/Nairobi", "16 Jul 2026, 00:05:09 EAT"),
        ("ar", "Africa/Cairo", "16 يوليو 2026, 00:05:09 EEST"),
        ("en", "Asia/Kathmandu", "16 Jul 2026, 02:50:09 UTC+0545"),
    ],
)
def test_a_moment_is_written_with_its_zone(language: str, zone: str, written: str):
    assert Formats(language, zone).moment(MOMENT) == written


def test_summer_and_winter_differ_where_they_do():
    paris = Formats("en", "Europe/Paris")

    assert paris.clock(MOMENT) == "23:05:09"
    assert paris.clock(MOMENT - timedelta(days=180)) == "22:05:09"


def test_numbers_and_countries_follow_the_language():
    written = {language: Formats(language).number(1234567.5) for language in ("en", "fr", "pt")}

    assert written == {"en": "1,234,567.5", "fr": "1\u202f234\u202f567,5", "pt": "1.234.567,5"}
    assert (Formats("fr").country("ZA"), Formats("sw").country("EG"), Formats("fr").country("XX-none")) == (
        "Afrique du Sud",
        "Misri",
        None,
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "Factory"])
def test_a_zone_that_there_is_not_is_utc(zone: str):
    assert Formats("en", zone).moment(MOMENT).endswith("21:05:09 UTC")


def test_a_language_that_there_is_not_is_english():
    assert Formats("xx", "UTC").moment(MOMENT) == "15 Jul 2026, 21:05:09 UTC"


def test_every_zone_of_the_list_works_and_is_named_with_its_place_and_distance():
    choices = zone_choices()

    assert choices["UTC"] == "UTC"
    africa = choices["Africa"]
    assert isinstance(africa, dict)
    assert africa["Africa/Lagos"] == "Lagos, Nigeria (UTC+01:00)"
    for name in zone_names():
        assert ZoneInfo(name).key == Formats(time_zone=name).zone.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_list_writes_everything(language: str):
    formats = Formats(language, "Africa/Lagos")

    assert "2026" in formats.moment(MOMENT)
    assert formats.country("NG")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "1 KB"),
        (1024**2 - 1, "1024 KB"),
        (1024**2, "1 MB"),
        (1500 * 1024**2, "1.5 GB"),
        (6000 * 1024**3, "6,000 GB"),
    ],
)
def test_sizes_are_in_the_unit_that_needs_few_digits(count: int, words: str):
    assert file_size(count, Formats("en")) == words
