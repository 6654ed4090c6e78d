"""What people type and paste: numbers in every wrapping become the number, and an identity is never changed."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile.typed import (
    clean_id,
    clean_name,
    clean_number,
    clean_phone_number,
    fold,
    has_control_characters,
    looks_like_number,
    number_key,
    number_keys,
)
from tests.factories.typed import wrappings

BVN = "22212345678"


@pytest.mark.parametrize("wrapped", wrappings(BVN), ids=ascii)
def test_a_number_is_the_same_in_every_wrapping(wrapped: str):
    assert re.sub("[ ./-]", "", clean_number(wrapped)) == BVN
    assert number_key(wrapped) == BVN
    assert looks_like_number(wrapped)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("GHA-123456789-0", ["GHA1234567890"]),
        ("gha 123456789 0", ["GHA1234567890", "1234567890"]),
        ("A00123456", ["A00123456"]),
        ("1234/5678/901", ["12345678901"]),
        ("00000000000", ["00000000000"]),
        ("please look at 222 123 45678 again", ["PLEASELOOKAT22212345678AGAIN", BVN]),
        ("NHIA: 22212345678", ["NHIA22212345678", BVN]),
        ("", []),
    ],
)
def test_letters_and_leading_zeros_are_part_of_a_number_and_words_around_it_are_not(typed: str, keys: list[str]):
    assert number_keys(typed) == keys


@pytest.mark.parametrize(
    ("typed", "is_number"),
    [
        ("222123", False),
        ("2221234", True),
        ("+234 (0) 801-234-5678", True),
        ("amina1234567@example.com", False),
        ("2348012345678@example.com", True),
        ("0198c1f0-7a52-7d2e-9a51-4b8c1d2e3f40", False),
        ("job-0198c1f0-7a52-7d2e-9a51-4b8c1d2e3f40", False),
        ("Amina Bello", False),
    ],
)
def test_in_doubt_it_is_a_number(typed: str, is_number: bool):
    assert looks_like_number(typed) == is_number


def test_a_phone_number_is_its_digits_with_the_plus():
    assert clean_phone_number("\u202a+234\u00a0(0)\u00a0801\u2011234\u20115678\u202c") == "+2348012345678"
    assert clean_phone_number("٠٨٠١٢٣٤٥٦٧٨") == "08012345678"
    assert clean_phone_number("extension 12") == "extension 12"


@pytest.mark.parametrize(
    "made_elsewhere",
    [
        "auth0|5f7c8ec7",
        "google-oauth2|1167",
        "o'brien@example.com",
        "INV/2026/001",
        "Ada Ọbí",
        "cust#12",
        "a–b",
        "٤٤٠١",
    ],
)
def test_what_can_be_seen_of_an_id_stays(made_elsewhere: str):
    assert clean_id(f"\ufeff {made_elsewhere}\u200b\u00ad\u2069 ") == made_elsewhere
    assert not has_control_characters(made_elsewhere)


def test_a_name_keeps_its_letters_accents_and_joiners():
    assert clean_name(" N'Golo\u00a0Ade\u0301ba\u0301yo\u0323 \u202b") == "N'Golo Adébáyọ"
    assert clean_name("Okafor\u2013Bello") == "Okafor-Bello"
    assert clean_name("علی\u200cرضا") == "علی\u200cرضا"
    assert clean_name("A\0m\x07ina") == "Amina"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FIND-ME", "find-me"),
        ("Find Me", "find\u2011me"),
        ("AMINA@Example.com", "amina@example.com"),
        ("115", "0000000115"),
        ("000-0000-0115", "0000000115"),
        ("000-0000-0000", "00000000000"),
        ("José Ọbí", "jose obi"),
        ("O’Neil", "o'neil"),
        ("Straße", "STRASSE"),
        ("Ɗan Ɓauchi", "dan bauchi"),
        ("٤٤٠١", "4401"),
        ("ＣＵＳＴ－１", "cust-1"),
    ],
)
def test_search_does_not_see_how_it_is_written(one: str, other: str):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("auth0|5f7c", "auth05f7c"), ("a/b", "ab"), ("a", "b"), ("0", "")])
def test_other_signs_are_told_apart(one: str, other: str):
    assert fold(one) != fold(other)


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str):
    for clean in (clean_number, clean_name, clean_id, clean_phone_number, fold):
        once = clean(text)
        assert clean(once) == once


@given(st.text(max_size=60))
def test_a_cleaned_number_shows_all_that_it_holds(text: str):
    assert not any(unicodedata.category(sign) in ("Cc", "Cf") for sign in clean_number(text))
    assert all(sign.isalnum() for sign in number_key(text))
