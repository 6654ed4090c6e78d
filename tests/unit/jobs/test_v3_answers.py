"""What v3 says: decisions as outcomes, reasons and refusals in words, and claims that contradict a decision."""

from typing import Any, NamedTuple

import pytest

from dashboard.db import utc_now
from dashboard.jobs.following.outcome import contradicts, lasting_text
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.problems import disagreement_words
from dashboard.jobs.products import Product
from dashboard.jobs.showing.v3_words import OF_OUTCOME, REASONS
from dashboard.jobs.showing.wording import next_step, verdict_sentence
from dashboard.jobs.smile_api.refusals import explain_refusal
from dashboard.sandbox.world.v3_decisions import ADDRESS_REASONS
from dashboard.smile import Refused
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.refusals import CODES
from dashboard.smile.v3.sandbox_people import sandbox_people

#: Those that the reference names.
DOCUMENTED = (
    "high_risk", "medium_risk", "identifier_not_found", "age_requirement_not_met", "face_verification_failed",
    "spoof_detected", "account_locked", "account_locked_fraud", "document_check_failed", "unsupported_document",
    "document_expired", "document_copy_detected", "document_unclassifiable", "invalid_id_number",
    "service_unavailable", "internal_error", "image_unavailable_or_invalid", "content_policy_violated",
    "aml_match_found", "news_media_match", "address_out_of_range", "name_mismatch", "no_address_on_record",
    "information_outdated",
)  # fmt: skip


class Said(NamedTuple):
    outcome: Outcome | None
    result_code: str | None = None
    is_final: bool = True


def body(status: Any, **more: Any) -> dict[str, Any]:
    return {"status": status, "job_id": "job_01j9q2v5m8f3k7r1t4w6x0y2za", "message": "Job completed", **more}


@pytest.mark.parametrize(
    ("payload", "outcome", "code", "text"),
    [
        (body("clear"), Outcome.APPROVED, None, None),
        (body("Clear", reason=None), Outcome.APPROVED, None, None),
        (body("block", reason="high_risk", message="No."), Outcome.REJECTED, "high_risk", "No."),
        (body("attention", reason="document_expired"), Outcome.ATTENTION, "document_expired", None),
        (body("error", reason="internal_error"), Outcome.ERROR, "internal_error", None),
        (body("block", reason="brand_new"), Outcome.REJECTED, "brand_new", None),
        (body("escalated"), Outcome.UNKNOWN, "escalated", None),
        (body("clear", reason="high_risk"), Outcome.UNKNOWN, "high_risk", None),
        (body("processing"), None, None, None),
        (body("not_found"), None, None, None),
        (body("accepted"), None, None, None),
        (body(""), None, None, None),
        (body(None), None, None, None),
        (body(["clear"]), None, None, None),
        (body({"clear": True}), None, None, None),
        (body("clear\x00"), Outcome.APPROVED, None, None),
        ({}, None, None, None),
        ({"ResultCode": "0810", "IsFinalResult": "true"}, None, None, None),
    ],
)
def test_decision_is_read(payload: dict[str, Any], outcome: Outcome | None, code: str | None, text: str | None):
    answer = read_v3(payload)

    assert (answer.outcome, answer.code, answer.text) == (outcome, code, text)
    assert answer.is_final is (outcome is not None)


def test_answers_that_say_the_same_are_one():
    """The moment of the answer differs, and so do addresses that hold for minutes."""
    first = body("clear", created_at="2026-10-01T09:30:00Z", image_links={"selfie_image": "https://a"}, kyc_receipt="b")
    again = body("clear", created_at="2026-10-01T09:31:00Z", image_links={"selfie_image": "https://c"}, kyc_receipt="d")

    assert lasting_text(first) == lasting_text(again)
    assert lasting_text(first) != lasting_text(body("block"))


@pytest.mark.parametrize(
    ("claim", "confirmed", "is_contradiction"),
    [
        (Said(Outcome.APPROVED), Said(Outcome.APPROVED), False),
        (Said(Outcome.REJECTED, "high_risk"), Said(Outcome.REJECTED), False),
        (Said(Outcome.APPROVED), Said(Outcome.REJECTED), True),
        (Said(Outcome.APPROVED), Said(Outcome.REJECTED, "high_risk"), True),
        (Said(Outcome.APPROVED, "high_risk"), Said(Outcome.REJECTED, "high_risk"), True),
        (Said(Outcome.APPROVED), Said(Outcome.ATTENTION), True),
        (Said(Outcome.ATTENTION, "document_expired"), Said(Outcome.APPROVED), True),
        (Said(Outcome.ERROR, "internal_error"), Said(Outcome.APPROVED), True),
        (Said(Outcome.UNKNOWN, "escalated"), Said(Outcome.APPROVED), False),
        (Said(None, is_final=False), Said(Outcome.APPROVED), False),
    ],
)
def test_claim_contradicts_another_decision(claim: Said, confirmed: Said, is_contradiction: bool):
    assert contradicts(claim, [confirmed], 1) is is_contradiction


def test_disagreement_is_worded_without_codes_that_v3_has_not():
    facts = {"claimed": "approved", "claimed_code": None, "confirmed": "rejected", "confirmed_code": "high_risk"}

    assert disagreement_words(facts) == "A callback claimed approved, but Smile confirms rejected (high risk)."


def test_every_documented_reason_has_words():
    of_simulator = {each.reason for each in sandbox_people()} | set(ADDRESS_REASONS)

    assert set(REASONS) == set(DOCUMENTED)
    assert of_simulator - {""} <= set(REASONS)
    assert all(meaning.endswith(".") for meaning, _ in REASONS.values())


@pytest.mark.parametrize("outcome", OF_OUTCOME)
@pytest.mark.parametrize("reason", [None, "document_expired", "brand_new"])
def test_decision_is_a_sentence_with_a_next_step(outcome: Outcome, reason: str | None):
    job = Job(product=Product.DOCUMENT_VERIFICATION, api=SmileApi.V3, state=JobState.DONE, outcome=outcome, job_type=6)
    job.result_code, job.warning_count = reason, 0

    said = verdict_sentence(job)

    assert said.endswith(".")
    assert "None" not in said
    assert ("brand_new" in said) is (reason == "brand_new")
    assert ("The document has expired." in said) is (reason == "document_expired")
    assert next_step(job, utc_now())


def test_unknown_decision_is_quoted_for_a_person():
    job = Job(product=Product.BIOMETRIC_KYC, api=SmileApi.V3, state=JobState.DONE, outcome=Outcome.UNKNOWN, job_type=1)
    job.result_code, job.result_text, job.warning_count = "escalated", "A person decides.", 0

    said = verdict_sentence(job)

    assert "(escalated)" in said
    assert "A person decides." in said
    assert "A person must look" in next_step(job, utc_now())


@pytest.mark.parametrize("code", sorted(CODES - {"unknown", "still_running", "authority_silent", "authority_down"}))
def test_every_refusal_says_what_to_do(code: str):
    error = Refused(429 if code in ("too_many", "number_blocked") else 400, code, "Smile's own text.")

    said = explain_refusal(error)

    assert said.startswith(f"Smile refused this (HTTP {error.status}): Smile's own text. ")
    assert "quote the code" not in said
