"""Every Action and value that the API document names, and every one that the simulator sends, has words."""

import pytest

from dashboard.jobs.products import Product
from dashboard.sandbox.world.outcomes import NUMBER_OUTCOMES, table
from dashboard.smile.actions import action_words, value_words

#: https://docs.usesmileid.com/further-reading/result-codes
ACTIONS = (
    "Document_Check Human_Review_Compare Human_Review_Document_Check Human_Review_Liveness_Check"
    " Human_Review_Selfie_Check Human_Review_Update_Selfie Liveness_Check Register_Selfie Return_Personal_Info"
    " Selfie_Check Selfie_Provided Selfie_To_ID_Authority_Compare Selfie_To_ID_Card_Compare"
    " Selfie_To_Registered_Selfie_Compare Update_Registered_Selfie_On_File Verify_Document Verify_ID_Number"
    " Verify_Business Return_Business_Info"
)
VALUES = (
    *("Passed", "Completed", "Approved", "Verified", "Provisionally Approved", "Returned", "Not Returned", "Failed"),
    *("Rejected", "Under Review", "Unable To Determine", "Not Applicable", "Not Verified", "Not Done"),
    *("Issuer Unavailable", "ID Authority Photo Not Available", "Sent to Human Review"),
    *("Exact Match", "Partial Match", "Transposed", "Not Provided", "No Match"),
)


@pytest.mark.parametrize("name", ACTIONS.split())
def test_documented_action_says_what_was_checked_and_what_to_do(name: str):
    words = action_words()[name]

    assert words.name
    assert words.checked
    assert words.advice.endswith(".")


@pytest.mark.parametrize("value", VALUES)
def test_documented_value_says_what_it_means(value: str):
    words = value_words()[value]

    assert words.shape in {"approved", "rejected", "provisional", "error", "unknown", "none"}
    assert words.meaning.endswith(".")
    assert (words.shape == "none") or not words.is_silent


def test_what_the_simulator_sends_is_documented():
    sent = {pair for step in table() if step.product in set(Product) for pair in step.actions.items()}

    assert {name for name, _ in sent} <= set(action_words())
    assert {value for _, value in sent} | {row.action for row in NUMBER_OUTCOMES if row.action} <= set(value_words())
