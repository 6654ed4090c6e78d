"""Given and returned, compared as what they are. The table of pairs was written without a look at the code."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.comparing.countries import compare_countries
from dashboard.jobs.comparing.dates import compare_dates
from dashboard.jobs.comparing.likeness import Likeness
from dashboard.jobs.comparing.names import compare_names
from dashboard.jobs.comparing.phones import compare_phones
from dashboard.jobs.comparing.values import compare_genders, compare_numbers, compare_texts
from dashboard.jobs.showing.comparison import Compared, compare

COMPARE = {
    "name": compare_names,
    "date": compare_dates,
    "gender": compare_genders,
    "country": compare_countries,
    "phone": compare_phones,
    "number": compare_numbers,
    "other": compare_texts,
}
VERDICTS = {
    "same": Likeness.SAME,
    "same_written_differently": Likeness.WRITTEN_DIFFERENTLY,
    "in_part": Likeness.IN_PART,
    "differs": Likeness.DIFFERS,
    "cannot_tell": Likeness.CANNOT_TELL,
}
with (Path(__file__).parent / "compared_pairs.csv").open(encoding="utf-8", newline="") as file:
    PAIRS = list(csv.DictReader(file))


@pytest.mark.parametrize("kind", sorted(COMPARE))
def test_every_pair_of_the_table_compares_as_an_officer_would_say(kind: str):
    wrong = []
    for row in PAIRS:
        if row["kind"] == kind:
            found = COMPARE[kind](row["given"], row["returned"], row["country"])
            if found.likeness != VERDICTS[row["verdict"]]:
                wrong.append((row["given"], row["returned"], row["verdict"], found))

    assert wrong == []


def test_the_table_is_large_enough_to_mean_something():
    assert len(PAIRS) > 400
    assert {row["kind"] for row in PAIRS} == set(COMPARE)


@pytest.mark.parametrize("kind", sorted(COMPARE))
@given(left=st.text(max_size=30), right=st.text(max_size=30), country=st.sampled_from(["", "NG", "ET", "??"]))
def test_any_two_texts_compare_without_an_error(kind: str, left: str, right: str, country: str):
    found = COMPARE[kind](left, right, country)

    assert found.likeness == COMPARE[kind](right, left, country).likeness


def test_no_reason_shows_what_is_masked():
    """Reasons stand on the page before anything is revealed."""
    shown = [
        (value, reason)
        for row in PAIRS
        for reason in [COMPARE[row["kind"]](row["given"], row["returned"], row["country"]).reason]
        for value in (row["given"], row["returned"])
        if len(value) > 3 and value.casefold() in reason.casefold()
    ]

    assert shown == []


def lines(given: dict[str, object], returned: dict[str, object]) -> dict[str, Compared]:
    return {line.label: line for line in compare(given, returned)}


def test_lines_are_compared_as_what_they_are():
    found = lines(
        {
            "first_name": "Amina",
            "last_name": "Bello",
            "dob": "1992-03-14",
            "country": "NG",
            "phone_number": "08012345678",
        },
        {"FullName": "BELLO AMINA O.", "DOB": "14/03/1992", "Country": "Nigeria", "PhoneNumber": "2348012345678"},
    )

    assert {label: line.comparison.likeness for label, line in found.items() if line.comparison} == {
        "Name": Likeness.IN_PART,
        "Date of birth": Likeness.WRITTEN_DIFFERENTLY,
        "Phone": Likeness.WRITTEN_DIFFERENTLY,
        "Country": Likeness.WRITTEN_DIFFERENTLY,
    }


def test_what_smile_compared_itself_stands_on_the_line():
    found = lines(
        {"first_name": "Amina", "dob": "1992-03-14", "phone_number": "08012345678"},
        {"Actions": {"Names": "Exact Match", "DOB": "No Match", "Phone_Number": ["odd"]}},
    )

    assert [(line.label, line.said, line.comparison) for line in found.values()] == [
        ("Name", "Exact Match", None),
        ("Date of birth", "No Match", None),
        ("Phone", "odd", None),
    ]


@pytest.mark.parametrize("value", [None, True, 3.5, ["x"], {"a": 1}, "", "Not Available", "N/A"])
def test_a_field_of_any_type_leaves_a_line_that_can_be_shown(value: object):
    found = lines({"first_name": "Amina", "dob": "1992-03-14"}, {"FullName": value, "DOB": value, "Actions": value})

    assert found["Name"].given == "Amina"
    assert all(isinstance(line.returned, str) for line in found.values())
