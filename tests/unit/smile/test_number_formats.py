"""Published patterns of ID numbers: in words, and the spelling of a typed number that fits."""

import re

import pytest

from dashboard.smile import id_number_pattern
from dashboard.smile.constants import TEST_NUMBERS, id_types
from dashboard.smile.number_formats import fitting_number, what_is_expected, what_was_found

ELEVEN = "^[0-9]{11}$"
PUBLISHED = sorted({row.number_regex for row in id_types() if row.number_regex})
#: Alternatives and look-aheads, which only an example explains.
NOT_SIMPLE = re.compile(r"\(\?[=!]|\|")


@pytest.mark.parametrize("pattern", PUBLISHED)
def test_every_simple_pattern_of_the_shipped_table_is_told_in_words(pattern: str):
    assert bool(what_is_expected(pattern)) == (NOT_SIMPLE.search(pattern) is None)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (ELEVEN, "11 digits"),
        (r"^\d{13}$", "13 digits"),
        ("^[0-9]{10,12}$", "10 to 12 digits"),
        ("^[A-Z][0-9]{7,9}$", "a capital letter, then 7 to 9 digits"),
        (
            "^GHA-[A-Z0-9]{9}-[A-Z0-9]{1}$",
            "“GHA-”, then 9 capital letters or digits, then “-”, then a capital letter or digit",
        ),
        (r"\d{4}\/\d{6}\/\d{2}", "4 digits, then “/”, then 6 digits, then “/”, then 2 digits"),
        ("^[0-9]{8,}-[0-9]{4,}$", "8 or more digits, then “-”, then 4 or more digits"),
        ("^(a|b)$", ""),
        ("[", ""),
        ("", ""),
    ],
)
def test_words_of_a_pattern(pattern: str, words: str):
    assert what_is_expected(pattern) == words


@pytest.mark.parametrize(
    ("number", "pattern", "found"),
    [
        ("2221234567", ELEVEN, "10"),
        ("2221234567X", ELEVEN, "10 and 1 other character"),
        ("abc", ELEVEN, "0 and 3 other characters"),
        ("AB", "^[A-Z0-9]{6,10}$", "2"),
        ("A1", "^[A-Z][0-9]{7,9}$", "2 characters"),
    ],
)
def test_what_was_found_is_counted_as_what_is_expected(number: str, pattern: str, found: str):
    assert what_was_found(number, pattern) == found


@pytest.mark.parametrize(
    ("typed", "pattern", "fits"),
    [
        ("222 123\u00a045678", ELEVEN, "22212345678"),
        ("BVN: ٢٢٢١٢٣٤٥٦٧٨,", ELEVEN, "22212345678"),
        ("222-123-4567", ELEVEN, "2221234567"),
        ("gha 123456789 0", "^GHA-[A-Z0-9]{9}-[A-Z0-9]{1}$", "GHA-123456789-0"),
        ("GHA1234567890", "^GHA-[A-Z0-9]{9}-[A-Z0-9]{1}$", "GHA-123456789-0"),
        ("GHA–123456789–0", "^GHA-[A-Z0-9]{9}-[A-Z0-9]{1}$", "GHA-123456789-0"),  # dashes of Word
        ("2020 123456 07", r"\d{4}\/\d{6}\/\d{2}", "2020/123456/07"),
        ("12345678 0001", "^[0-9]{8,}-[0-9]{4,}$", "12345678 0001"),
        ("a00123456", "^[A-Z0-9]{7,9}$", "A00123456"),
        ("90F5 AFB1 4F29 5A12", "^[a-zA-Z0-9 ]{9,20}$", "90F5 AFB1 4F29 5A12"),
        ("not like a BVN", ELEVEN, "not like a BVN"),
        ("222 123 45678", "", "22212345678"),
        ("AB 123456", "", "AB 123456"),
    ],
)
def test_a_typed_number_is_spelled_as_the_pattern_takes_it(typed: str, pattern: str, fits: str):
    assert fitting_number(typed, pattern) == fits


@pytest.mark.parametrize(("choice", "number"), TEST_NUMBERS.items(), ids=str)
def test_test_numbers_stay_as_they_are(choice: tuple[str, str], number: str):
    patterns = [row.number_regex for row in id_types() if (row.country, row.id_type) == choice]

    assert {fitting_number(number, pattern) for pattern in patterns} <= {number}


def test_digits_of_other_scripts_fit_no_pattern():
    for pattern in (r"^\d{11}$", r"/^\d{11}$/i", r"^\w{11}$"):
        compiled = id_number_pattern(pattern)
        assert compiled is not None
        assert compiled.fullmatch("22212345678")
        assert compiled.fullmatch("٢٢٢١٢٣٤٥٦٧٨") is None
    assert id_number_pattern(r"(?u)^\d{11}$") is None
