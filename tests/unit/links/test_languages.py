"""Every language: complete, right, and chosen in the right order."""

from datetime import UTC, datetime
from string import Formatter

import pytest
from werkzeug.datastructures import LanguageAccept

from dashboard.languages import LANGUAGES
from dashboard.links.languages import catalogue, choose_language, texts_in

ENGLISH = catalogue("en")
OTHERS = [language for language in LANGUAGES if language != "en"]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_catalogue_has_just_the_same_texts_with_the_same_gaps(language: str):
    translated = catalogue(language)

    assert list(translated) == list(ENGLISH)
    assert list(translated["id_types"]) == list(ENGLISH["id_types"])
    for key, text in ENGLISH.items():
        if key not in ("id_types", "moment_pattern"):
            assert placeholders(translated[key]) == placeholders(text), key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_was_left_in_english(language: str):
    translated = catalogue(language)

    assert [key for key, text in ENGLISH.items() if translated[key] == text and key != "moment_pattern"] == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Sunday 29 November, 18:05 UTC"),
        ("fr", "dimanche 29 novembre à 18:05 UTC"),
        ("pt", "domingo, 29 de novembro, 18:05 UTC"),
        ("ar", "الأحد 29 نوفمبر، 18:05 UTC"),
        ("sw", "Jumapili 29 Novemba, 18:05 UTC"),
    ],
)
def test_moments_are_written_as_the_language_writes_them(language: str, expected: str):
    assert texts_in(language).moment(datetime(2026, 11, 29, 18, 5, tzinfo=UTC), "UTC") == expected


def test_customers_read_times_in_the_zone_of_the_company():
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert texts_in("en").moment(new_year, "Africa/Lagos") == "Friday 1 January, 00:30 WAT"


def test_arabic_runs_from_right_to_left_and_keeps_foreign_names_whole():
    texts = texts_in("ar")

    assert texts.direction == "rtl"
    assert "\u2068Kora Bank\u2069" in texts("ask_title", company="Kora Bank")
    assert texts_in("en")("ask_title", company="Kora Bank").startswith("Kora Bank asks")


def test_what_is_put_in_cannot_put_in_more():
    assert texts_in("en")("ask_purpose", company="{moment}") == "So that {moment} can be sure that it is really you."


@pytest.mark.parametrize(
    ("asked", "of_link", "accepted", "chosen"),
    [
        ("fr", "ar", [("sw", 1)], "fr"),
        ("", "ar", [("sw", 1)], "ar"),
        ("xx", "", [("sw", 1), ("en", 0.5)], "sw"),
        ("", "", [("pt-BR", 1)], "pt"),
        ("", "", [("de", 1)], "en"),
        ("", "", [], "en"),
    ],
)
def test_the_customer_decides_then_the_link_then_the_browser(
    asked: str, of_link: str, accepted: list[tuple[str, float]], chosen: str
):
    assert choose_language(asked, of_link, LanguageAccept(accepted)) == chosen


def test_names_of_documents_are_translated_and_abbreviations_are_not():
    assert texts_in("fr").id_type("PASSPORT", "Passport") == "Passeport"
    assert texts_in("fr").id_type("BVN", "BVN") == "BVN"
    assert texts_in("sw").country("TZ") == "Tanzania"
