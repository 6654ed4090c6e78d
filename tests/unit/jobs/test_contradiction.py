"""The one rule for "the claim contradicts Smile", and why an outcome is unknown."""

from typing import Any

import pytest

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import (
    UnknownCause,
    contradicts,
    keep_result,
    note_disagreement,
    read_claim,
    read_job_status,
    read_result,
    settle_job,
    unknown_cause,
)
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource
from dashboard.jobs.problems import CONTRADICTED, disagreement_text
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.showing.wording import next_step, verdict_sentence
from dashboard.smile.constants import result_codes
from tests.factories.jobs import answered, events_of, make_sent_job, reload

pytestmark = pytest.mark.both_engines

FACE, NO_FACE = 1, 5


def confirmed(*codes: str, job_type: int = FACE, **fields: Any) -> list[Any]:
    return [read_result({"ResultCode": code, **fields}, job_type) for code in codes]


@pytest.mark.parametrize(
    "claim",
    [
        {"ResultCode": "1012"},
        {"ResultCode": "1012", "IsFinalResult": "true"},
        {"job_success": True, "code": "2302", "result": {"ResultCode": "1012"}, "history": []},
        {"ResultCode": "0811", "IsFinalResult": "false"},
        {"ResultCode": "0814"},
        {"ResultCode": "9999"},
        {"ResultCode": 810},
        {"ResultCode": "810"},
        {"error": "Something went wrong"},
        {"code": "2213", "error": "A required parameter is missing"},
        {"result": "No zip file received", "code": "2314"},
        {"job_success": False, "result": {"ResultCode": "0820"}},
        {"result": {"ResultCode": 810}, "job_success": True},
        {},
    ],
)
def test_what_claims_nothing_final_contradicts_nothing(claim: dict[str, Any]):
    assert not contradicts(read_claim(claim, FACE), confirmed("0810"), FACE)


@pytest.mark.parametrize("code", ["0811", 811, "811"])
@pytest.mark.parametrize("shape", ["flat", "job_status"])
def test_final_claim_of_another_outcome_contradicts_in_either_shape(code: Any, shape: str):
    claim = {"ResultCode": code} if shape == "flat" else {"result": {"ResultCode": code}, "job_success": False}

    assert contradicts(read_claim(claim, FACE), confirmed("0810"), FACE)
    assert not contradicts(read_claim(claim, FACE), confirmed("0811"), FACE)


def test_of_several_final_answers_the_newest_decides():
    claim = read_claim({"ResultCode": "0820"}, FACE)

    assert contradicts(claim, confirmed("0810", "0811"), FACE)
    assert not contradicts(claim, confirmed("0811", "0810"), FACE)


def test_id_step_is_not_what_a_claim_is_compared_with():
    claim = read_claim({"ResultCode": "0810"}, FACE)

    assert not contradicts(claim, confirmed("1012"), FACE)
    assert contradicts(claim, confirmed("0811", "1012"), FACE)
    assert contradicts(read_claim({"ResultCode": "1012"}, NO_FACE), confirmed("1013", job_type=NO_FACE), NO_FACE)


@pytest.mark.parametrize("is_before", [True, False])
def test_id_step_claimed_before_or_after_raises_no_alarm(database: Database, settings: Settings, is_before: bool):
    job = make_sent_job(database, settings)
    steps = [claim_id_step, confirm_0810] if is_before else [confirm_0810, claim_id_step]

    for step in steps:
        step(database, job)

    assert reload(database, job).disagreement is None
    assert "disagreement" not in events_of(database, job)


def claim_id_step(database: Database, job: Job) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        claim = read_claim({"ResultCode": "1012", "IsFinalResult": "true"}, found.job_type)
        keep_result(session, found, claim, ResultSource.CALLBACK, utc_now(), is_confirmed=False)
        note_disagreement(session, found, utc_now())


def confirm_0810(database: Database, job: Job) -> None:
    settle(database, job, answered("0810"))


def settle(database: Database, job: Job, answer: dict[str, Any]) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        result = read_job_status(answer, found.job_type)
        assert result is not None
        settle_job(session, found, result, ResultSource.JOB_STATUS, utc_now())


def test_id_step_alone_takes_no_final_answer_back(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    confirm_0810(database, job)

    settle(database, job, answered("1012", job_success=False))

    after = reload(database, job)
    assert (after.outcome, after.result_code) == (Outcome.APPROVED, "0810")
    assert "late_result" in events_of(database, job)


@pytest.mark.parametrize("product", [Product.ENHANCED_KYC, Product.BASIC_KYC, Product.BUSINESS_VERIFICATION])
@pytest.mark.parametrize("success", [False, "false", True, None])
def test_job_success_says_nothing_where_nothing_is_matched_or_enrolled(product: Product, success: Any):
    job_type = FACTS[product].job_type

    approved = read_job_status(answered("1012", job_success=success), job_type)
    rejected = read_job_status(answered("1013", job_success=success), job_type)

    assert approved is not None
    assert rejected is not None
    assert (approved.outcome, rejected.outcome) == (Outcome.APPROVED, Outcome.REJECTED)


def test_later_check_leaves_an_approved_lookup_approved(database: Database, settings: Settings):
    job = make_sent_job(database, settings, Product.ENHANCED_KYC)

    settle(database, job, answered("1012"))
    settle(database, job, answered("1012", job_success=False))

    assert reload(database, job).outcome == Outcome.APPROVED


UNKNOWN = [
    (None, FACE, None, UnknownCause.NO_CODE, "without a result code"),
    ("0815", FACE, None, UnknownCause.UNDOCUMENTED, "not documented (0815)"),
    ("2302", FACE, None, UnknownCause.NOT_AN_OUTCOME, "documented, but not as an outcome"),
    ("1012", FACE, None, UnknownCause.ID_STEP, "the ID step alone"),
    ("0810", FACE, False, UnknownCause.SELF_CONTRADICTION, "contradicts itself: its code 0810 means approved"),
    ("0811", FACE, True, UnknownCause.SELF_CONTRADICTION, "contradicts itself: its code 0811 means rejected"),
]


@pytest.mark.parametrize(("code", "job_type", "success", "cause", "words"), UNKNOWN)
def test_each_cause_of_unknown_has_its_own_true_sentence(
    code: str | None, job_type: int, success: bool | None, cause: UnknownCause, words: str
):
    answer = read_result({"ResultCode": code, "ResultText": "As Smile says"}, job_type, success)
    sentence = verdict_sentence(make_done(answer.outcome, answer.code, answer.text))

    assert answer.outcome == Outcome.UNKNOWN
    assert unknown_cause(answer.code, job_type) == cause
    assert words in sentence
    assert "As Smile says" in sentence


def make_done(outcome: Outcome | None, code: str | None, text: str | None) -> Job:
    return Job(
        product=Product.BIOMETRIC_KYC, job_type=FACE, state=JobState.DONE, outcome=outcome, result_code=code,
        result_text=text,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "next_words"),
    [
        ("Error - Unsupported ID number format", "does not have the format", "Check the number"),
        ("Unsupported ID type", "does not look up this ID type", "another ID type"),
        ("Only test data may be used in the sandbox", "only Smile's test numbers", "test number"),
        ("Something nobody wrote down", "could not look up the number", "Read what Smile wrote"),
    ],
)
def test_where_a_code_has_several_causes_smiles_text_decides(text: str, words: str, next_words: str):
    job = make_done(Outcome.ERROR, "1014", text)

    assert words in verdict_sentence(job)
    assert f"\u201c{text}\u201d" in verdict_sentence(job)
    assert next_words in next_step(job, utc_now())


def test_documented_text_of_a_code_with_one_cause_is_not_repeated():
    assert verdict_sentence(make_done(Outcome.REJECTED, "1013", "Unable to Validate ID")).endswith("number.")
    assert "\u201cDead\u201d" in verdict_sentence(make_done(Outcome.REJECTED, "1013", "Dead"))


def test_provisional_rejection_is_not_called_passed():
    assert "failed" in verdict_sentence(make_done(Outcome.PROVISIONAL, "0811", None))
    assert "passed" in verdict_sentence(make_done(Outcome.PROVISIONAL, "0814", None))


def test_every_code_with_several_documented_texts_has_words_for_each():
    texts = {(row.code, row.text) for row in result_codes() if row.code in ("0001", "1014", "2413") and row.text}

    sentences = {
        verdict_sentence(make_done(Outcome.ERROR, code, text)).partition(" Smile wrote")[0] for code, text in texts
    }

    assert len(sentences) == len(texts)


OF_BEFORE = "A callback claimed rejected (code 0811), but Smile confirms approved (code 0810)."


@pytest.mark.parametrize(("words", "times"), [(OF_BEFORE, 0), (OF_BEFORE.replace("0811", "0001"), 1), (None, 1)])
def test_an_alarm_of_before_is_raised_again_only_where_it_is_another(
    database: Database, settings: Settings, words: str | None, times: int
):
    job = make_sent_job(database, settings, disagreement=words)
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        claim = read_claim({"ResultCode": "0811", "IsFinalResult": "true"}, found.job_type)
        keep_result(session, found, claim, ResultSource.CALLBACK, utc_now(), is_confirmed=False)

    for _ in range(3):
        confirm_0810(database, job)

    after = reload(database, job)
    assert events_of(database, job).count("disagreement") == times
    assert (after.disagreement, disagreement_text(after)) == (CONTRADICTED, OF_BEFORE)
