"""What an answer does to a job: every documented code, and everything that is not one."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import keep_result, read_job_status, read_result, settle_job
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource
from dashboard.jobs.problems import disagreement_text, problem_text
from dashboard.jobs.products import FACTS, Product
from dashboard.smile.constants import ID_API_JOB_TYPES, result_codes
from dashboard.smile.warnings import SMILE_SECURE_CODES
from tests.factories.jobs import NO_ZIP, answered, events_of, make_sent_job, reload, results_of

pytestmark = pytest.mark.both_engines

DOCUMENTED = sorted({(row.code, row.outcome) for row in result_codes()})
ENDS = {"approved", "rejected", "provisional", "error"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "result": st.fixed_dictionaries({}, optional={"ResultCode": JSON, "IsFinalResult": JSON, "ResultText": JSON})
        | JSON,
        "job_complete": JSON,
        "job_success": JSON,
        "code": JSON,
    },
)


def result(code: Any, **changes: Any) -> dict[str, Any]:
    return {"ResultCode": code, "ResultText": "words", "IsFinalResult": "true"} | changes


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize(("code", "outcome"), DOCUMENTED)
def test_documented_code_leads_to_its_documented_outcome(code: str, outcome: str, product: Product):
    job_type = FACTS[product].job_type

    answer = read_result(result(code), job_type)

    expected = None if code in SMILE_SECURE_CODES else outcome if outcome in ENDS else "unknown"
    if code == "1012" and job_type not in ID_API_JOB_TYPES:
        expected = "unknown"  # Only the ID step: the face was not looked at.
    assert (answer.outcome, answer.code, answer.text) == (expected, code, "words")
    assert answer.is_final == (expected not in ("provisional", None))


@pytest.mark.parametrize(
    "code", ["0815", "0822", "1213", "9999", "00810", "", None, " 0810", "0810 ", "٠٨١٠", -810, 810.5, True, ["0810"]]
)
def test_undocumented_code_goes_to_a_person(code: Any):
    assert read_result(result(code), 1).outcome == Outcome.UNKNOWN
    assert read_result(result(code), 5, success=True).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("code", ["0810", "810", 810, 810.0])
def test_code_is_read_as_four_digits_however_it_is_written(code: Any):
    answer = read_result(result(code), 1)

    assert (answer.outcome, answer.code) == (Outcome.APPROVED, "0810")


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ("true", "approved"),
        (True, "approved"),
        (None, "approved"),
        ("false", "provisional"),
        ("False", "provisional"),
        (False, "provisional"),
    ],
)
def test_final_comes_as_a_text_or_a_boolean(says: Any, outcome: str):
    answer = read_result(result("0810", IsFinalResult=says), 1)

    assert answer.outcome == outcome
    assert answer.is_final == (outcome == "approved")


def test_rejection_that_is_not_final_stays_watched():
    answer = read_result(result("0811", IsFinalResult="false"), 6)

    assert answer.outcome == Outcome.PROVISIONAL
    assert not answer.is_final


@pytest.mark.parametrize(
    ("code", "job_type", "success", "outcome"),
    [
        ("0810", 1, True, "approved"),
        ("0810", 1, "true", "approved"),
        ("0810", 1, None, "approved"),
        ("0810", 1, False, "unknown"),
        ("0810", 1, "false", "unknown"),
        ("1012", 1, None, "unknown"),
        ("1012", 1, True, "approved"),
        ("1012", 1, False, "unknown"),
        ("1012", 5, None, "approved"),
        ("1012", 7, True, "approved"),
        ("0811", 6, False, "rejected"),
        ("0811", 6, True, "unknown"),
        ("1013", 5, True, "rejected"),
        ("0814", 1, False, "provisional"),
    ],
)
def test_contradiction_between_code_and_success_goes_to_a_person(code: str, job_type: int, success: Any, outcome: str):
    answer = read_job_status(answered(code, job_success=success), job_type)

    assert answer is not None
    assert answer.outcome == outcome


@pytest.mark.parametrize(
    "answer",
    [
        {},
        NO_ZIP,
        answered(result={}),
        answered(result="No zip uploaded yet"),
        answered(result=None),
        answered(result=[]),
        answered(result={"ResultText": "no code"}),
        answered(job_complete=False),
        answered(job_complete="false"),
        answered(job_complete=None),
        answered("0811", job_complete="maybe"),
    ],
)
def test_there_is_no_result_yet(answer: dict[str, Any]):
    assert read_job_status(answer, 1) is None


def test_provisional_result_counts_before_the_job_is_complete():
    answer = read_job_status(answered("0814", job_complete=False), 1)

    assert answer is not None
    assert answer.outcome == Outcome.PROVISIONAL


@budget(max_examples=150, deadline=None)
@given(answer=ANSWERS, job_type=st.sampled_from([1, 2, 4, 5, 6, 7, 11]))
def test_arbitrary_answer_never_raises_and_is_never_approved_by_chance(answer: dict[str, Any], job_type: int):
    found = read_job_status(answer, job_type)

    if found is not None:
        assert json.dumps(found.payload)
        assert found.outcome == Outcome.UNKNOWN or found.code in {code for code, _ in DOCUMENTED}
        for text in (found.code, found.text):
            assert text is None or ("\0" not in text and len(text.encode()) <= 2000)


def settle(
    database: Database, job: Job, payload: dict[str, Any], source: ResultSource = ResultSource.JOB_STATUS
) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        settle_job(session, found, read_result(payload, found.job_type), source, utc_now())


def claim(database: Database, job: Job, code: str, **fields: Any) -> bool:
    """As a callback says it; whether that was news."""
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        claimed = read_result(result(code, **fields), found.job_type)
        return keep_result(session, found, claimed, ResultSource.CALLBACK, utc_now(), is_confirmed=False)


def test_strange_characters_in_a_result_can_be_stored(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    settle(database, job, result("08\x0010", ResultText="a\0b\ud800" + "x" * 5000, SmileJobID="\0\udfff1"))

    settled = reload(database, job)
    assert settled.outcome == Outcome.APPROVED
    assert settled.result_text is not None
    assert settled.result_text.startswith("ab?x")


def test_same_answer_is_kept_once_whatever_its_time_and_signature(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    for moment in ("1", "2"):
        settle(database, job, result("0810", timestamp=moment, signature=moment, ImageLinks={"selfie": moment}))

    assert len(results_of(database, job)) == 1
    assert events_of(database, job).count("confirmed") == 1


def test_same_answer_from_another_source_is_kept_beside_the_first(database: Database, settings: Settings):
    job = make_sent_job(database, settings, Product.ENHANCED_KYC)

    settle(database, job, result("1012"), ResultSource.SUBMIT)
    first = reload(database, job).settled_at
    settle(database, job, result("1012"), ResultSource.JOB_STATUS)

    assert [row.source for row in results_of(database, job)] == [ResultSource.SUBMIT, ResultSource.JOB_STATUS]
    assert reload(database, job).settled_at == first


def test_claim_is_kept_as_claimed_and_settles_nothing(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    assert claim(database, job, "0810")

    assert [row.is_confirmed for row in results_of(database, job)] == [False]
    assert reload(database, job).state == JobState.WAITING


STORY = (result("1012", IsFinalResult="false"), result("0814"), result("1210"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_final_result_stands_in_whatever_order_answers_come(
    database: Database, settings: Settings, order: tuple[int, ...]
):
    job = make_sent_job(database, settings)

    for index in order:
        settle(database, job, STORY[index])

    settled = reload(database, job)
    assert (settled.state, settled.outcome, settled.result_code) == (JobState.DONE, Outcome.APPROVED, "1210")
    assert settled.settled_at is not None
    assert len(results_of(database, job)) == 3


@pytest.mark.parametrize("final", ["1210", "0811", "0001", "9999"])
def test_provisional_after_final_never_downgrades_but_is_told_once(database: Database, settings: Settings, final: str):
    job = make_sent_job(database, settings)
    settle(database, job, result(final))
    before = reload(database, job)

    for _ in range(3):
        settle(database, job, result("0814"))

    after = reload(database, job)
    assert (after.outcome, after.result_code, after.settled_at) == (before.outcome, final, before.settled_at)
    assert events_of(database, job).count("late_result") == 1
    assert after.version == before.version + 1


@pytest.mark.parametrize("code", ["9999", "1015"])
def test_what_smile_calls_provisional_gives_way_to_another_provisional_result(
    database: Database, settings: Settings, code: str
):
    job = make_sent_job(database, settings)

    settle(database, job, result(code, IsFinalResult="false"))
    settle(database, job, result("0814"))

    assert reload(database, job).outcome == Outcome.PROVISIONAL


def test_claim_that_comes_again_after_another_is_kept_once(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    for number, code in enumerate(("0814", "0810", "0814")):
        claim(database, job, code, timestamp=str(number))

    assert [row.result_code for row in results_of(database, job)] == ["0814", "0810"]


def test_answer_to_which_smile_comes_back_is_news_again(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    for code in ("0810", "0811", "0810"):
        settle(database, job, result(code))

    assert reload(database, job).outcome == Outcome.APPROVED
    assert [row.result_code for row in results_of(database, job)] == ["0810", "0811", "0810"]


@pytest.mark.parametrize("claims", [("0811", "9999"), ("9999", "0811")])
def test_alarm_tells_of_the_same_claim_in_whatever_order_they_came(
    database: Database, settings: Settings, claims: tuple[str, str]
):
    job = make_sent_job(database, settings)
    for code in claims:
        claim(database, job, code)

    settle(database, job, result("0810"))

    assert "claimed rejected (code 0811)" in str(disagreement_text(reload(database, job)))


def test_later_final_result_supersedes_and_says_what_was_before(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    settle(database, job, result("0810"))
    settle(database, job, result("0811"))

    assert reload(database, job).outcome == Outcome.REJECTED
    assert len(results_of(database, job)) == 2


@pytest.mark.parametrize("state", [JobState.EXPIRED, JobState.FAILED])
def test_late_result_settles_a_job_that_was_given_up(database: Database, settings: Settings, state: JobState):
    earlier = utc_now() - timedelta(days=1)
    job = make_sent_job(database, settings, state=state, last_error="given up", settled_at=earlier)

    settle(database, job, result("0810"))

    settled = reload(database, job)
    assert (settled.state, settled.outcome, problem_text(settled)) == (JobState.DONE, Outcome.APPROVED, None)
    assert settled.settled_at is not None
    assert settled.settled_at > earlier


@pytest.mark.parametrize(("claimed", "alarms"), [("0811", True), ("0814", False), ("1210", False), ("9999", False)])
def test_alarm_only_where_a_final_claim_contradicts(database: Database, settings: Settings, claimed: str, alarms: bool):
    job = make_sent_job(database, settings)
    claim(database, job, claimed)

    settle(database, job, result("0810"))

    assert (reload(database, job).disagreement is not None) == alarms
    assert ("disagreement" in events_of(database, job)) == alarms


def test_alarm_goes_when_smile_comes_to_confirm_the_claim(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    claim(database, job, "0811")
    settle(database, job, result("0810"))
    assert reload(database, job).disagreement

    settle(database, job, result("0811"))

    assert reload(database, job).disagreement is None
