"""Durations as classes: two digits are kept, by twos or fours, and quantiles are within 5 % of the exact ones."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dashboard.rollups.durations import MILLISECOND, duration_class, quantile

BEGIN = datetime(2026, 11, 28, 9, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spent", "kept"),
    [
        (timedelta(0), "0"),
        (timedelta(milliseconds=7), "7"),
        (timedelta(milliseconds=99), "96"),
        (timedelta(milliseconds=4712), "4400"),
        (timedelta(days=3, milliseconds=5), "240000000"),
        (timedelta(seconds=-1), "0"),
    ],
)
def test_a_class_keeps_about_two_digits_of_the_milliseconds(spent: timedelta, kept: str) -> None:
    assert duration_class(BEGIN, BEGIN + spent) == kept


def test_without_both_moments_there_is_no_class() -> None:
    assert duration_class(None, BEGIN) == duration_class(BEGIN, None) == ""


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=200), st.floats(0.01, 1))
@hypothesis_settings(max_examples=50)
def test_a_quantile_is_within_5_percent(milliseconds: list[int], share: float) -> None:
    counts = Counter(duration_class(BEGIN, BEGIN + each * MILLISECOND) for each in milliseconds)

    found = quantile({"": 3, **counts}, share)

    exact = sorted(milliseconds)[ceil(share * len(milliseconds)) - 1] * MILLISECOND
    assert found is not None
    assert abs(found - exact) <= 0.05 * exact


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is quantile({"": 7}, 0.5) is None
