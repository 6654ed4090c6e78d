"""Actions in words, in whatever shape they came."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.products import Product
from dashboard.jobs.showing.checks import checks_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def only(actions: Any, product: Product = Product.BIOMETRIC_KYC) -> Any:
    (check,) = checks_of({"Actions": actions}, product)
    return check


def test_failed_check_says_what_was_checked_what_it_means_and_what_to_do():
    check = only({"Liveness_Check": "Failed"})

    assert (check.name, check.shape, check.is_silent) == ("Liveness check", "rejected", False)
    assert check.sentence == (
        "Smile checked whether the selfie shows a live person, not an image of one. It failed."
        " Ask the customer for a second try in better light."
    )


@pytest.mark.parametrize("value", ["Not Applicable", "Not Done", "Not Provided"])
def test_what_was_not_checked_is_grey_and_folded(value: str):
    check = only({"Human_Review_Compare": value})

    assert (check.shape, check.is_silent) == ("none", True)


def test_not_returned_is_grey_and_silent_where_the_product_returns_nothing():
    silent = only({"Return_Personal_Info": "Not Returned"}, Product.BASIC_KYC)
    missing = only({"Return_Personal_Info": "Not Returned"}, Product.ENHANCED_KYC)

    assert (silent.shape, silent.is_silent) == ("none", True)
    assert (missing.shape, missing.is_silent) == ("none", False)
    assert "Check the ID number" in missing.sentence


@pytest.mark.parametrize(
    ("actions", "shown"),
    [
        ({"Palm_Check": "Glowing"}, ("Palm check", "Glowing", "unknown")),
        (["Liveness_Check: Passed"], ("Liveness check", "Passed", "approved")),
        ("Passed", ("Check", "Passed", "approved")),
        ({"Selfie_Check": {"ResultText": "x"}}, ("Selfie check: resulttext", "x", "unknown")),
        ({"Selfie_Check": ["Failed"]}, ("Selfie check", "Failed", "rejected")),
    ],
)
def test_what_is_not_documented_shows_as_the_text_that_smile_sent(actions: Any, shown: tuple[str, str, str]):
    check = only(actions)

    assert (check.name, check.value, check.shape) == shown


@given(JSON)
def test_actions_of_any_type_break_nothing(actions: Any):
    for product in Product:
        checks_of({"Actions": actions}, product)
