"""The verdict on a webhook of v3, which is signed in its headers: where the pair is, its forms, and what is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.callbacks.models import Verdict
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving.acknowledging import kept_headers
from dashboard.callbacks.receiving.parsing import read_facts
from dashboard.callbacks.receiving.verdicts import Judgement, check_signature, judge
from dashboard.callbacks.step_words import step_text
from dashboard.callbacks.steps import StepKind, kind_of
from tests.factories.callbacks import (
    API_KEY,
    PARTNER_ID,
    make_payload,
    make_v3_headers,
    make_v3_payload,
    sign,
    timestamp_at,
)
from tests.unit.callbacks.test_verdicts import api_keys

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
FRESH = timestamp_at(NOW - timedelta(seconds=1.2))
OTHER_KEY = "another-key-0002"


def judged(headers: dict[str, str], payload: dict[str, Any] | None = None, partner_id: str = PARTNER_ID) -> Judgement:
    facts = read_facts(payload or make_v3_payload(), kept_headers(headers.items()))
    check = check_signature(facts, partner_id, api_keys(OTHER_KEY, API_KEY))
    return judge(facts, check, now=NOW, was_sent_by_us=False)


@pytest.mark.parametrize("configured", ["2", "002"])
@pytest.mark.parametrize("signed", ["2", "002"])
def test_either_form_of_the_partner_id_is_valid(configured: str, signed: str) -> None:
    headers = make_v3_headers(FRESH, **{"Response-Signature": sign(FRESH, partner_id=signed)})

    judgement = judged(headers, partner_id=configured)

    assert judgement.verdict == Verdict.VALID
    assert reason_text(judgement) == "The signature matches key 2, and the timestamp is 1.2 seconds old."
    assert [kind_of(step) for step in judgement.steps][1] == StepKind.SIGNED_IN_HEADERS


@pytest.mark.parametrize(
    ("partner_id", "signature"),
    [
        ("2", "1KlwQizud1qD2Df10JGMYH1iHpuZ4TKIjhtKkAmqZPQ="),
        ("002", "YxbJjt6y7gvBTGyIVAv8VbcXSrLEzFAa3ViWwfCycY4="),
    ],
)
def test_the_published_vectors_are_valid(partner_id: str, signature: str) -> None:
    headers = {"Response-Signature": signature, "Response-Timestamp": "2026-10-01T09:30:00.000Z"}
    facts = read_facts(make_v3_payload(), kept_headers(headers.items()))

    assert check_signature(facts, partner_id, api_keys("sandbox-api-key-0001")).verdict is None


PAIR = make_v3_headers(FRESH)
SIGNATURE = PAIR["Response-Signature"]
#: What is odd about the headers -> the headers, the verdict, and a part of the reason.
ODD: dict[str, tuple[dict[str, str], Verdict, str]] = {
    "no timestamp": ({"Response-Timestamp": "-"}, Verdict.MISSING, "no header Response-Timestamp"),
    "empty timestamp": ({"Response-Timestamp": ""}, Verdict.MISSING, "no header Response-Timestamp"),
    "empty signature": ({"Response-Signature": ""}, Verdict.MISSING, "Response-Signature is empty"),
    "blank signature": ({"Response-Signature": " "}, Verdict.MISSING, "Response-Signature is empty"),
    "twice the same": ({"Response-Signature": f"{SIGNATURE},{SIGNATURE}"}, Verdict.WRONG, "more than once"),
    "a list": ({"Response-Signature": f"{SIGNATURE}, {'A' * 43}="}, Verdict.WRONG, "more than once"),
    "an empty one first": ({"Response-Signature": f",{SIGNATURE}"}, Verdict.WRONG, "more than once"),
    "two timestamps": ({"Response-Timestamp": f"{FRESH},{FRESH}"}, Verdict.WRONG, "does not match any"),
    "not ASCII": ({"Response-Signature": "ü" * 44}, Verdict.WRONG, "not 32 bytes"),
    "a timestamp that is not ASCII": ({"Response-Timestamp": f"{FRESH}\xa0"}, Verdict.WRONG, "does not match any"),
    "the form in which it is stored": ({"Response-Signature": "sha256:" + "0" * 64}, Verdict.WRONG, "not 32 bytes"),
    "too short": ({"Response-Signature": "AAAA"}, Verdict.WRONG, "not 32 bytes"),
    "another key": ({"Response-Signature": sign(FRESH, "gone")}, Verdict.WRONG, "of partner 2 or 002"),
    "another spelling of the time": ({"Response-Timestamp": FRESH.replace("Z", "+00:00")}, Verdict.WRONG, "match any"),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("payload", [make_v3_payload(), make_payload(timestamp=FRESH)], ids=["v3 body", "signed body"])
def test_odd_headers_have_a_verdict_and_never_fall_back_to_the_body(kind: str, payload: dict[str, Any]) -> None:
    changes, verdict, said = ODD[kind]

    judgement = judged(make_v3_headers(FRESH, **changes), payload)

    assert judgement.verdict == verdict
    assert said in reason_text(judgement)


def test_without_the_header_the_pair_in_the_body_is_judged() -> None:
    headers = {"Response-Timestamp": "2020-01-01T00:00:00Z", "Job-ID": "job_1"}

    assert judged(headers, make_payload(timestamp=FRESH)).verdict == Verdict.VALID
    assert judged(headers, make_v3_payload(timestamp=FRESH, signature=sign(FRESH))).verdict == Verdict.VALID
    assert judged(headers).verdict == Verdict.MISSING


def test_a_signed_header_beside_a_wrong_pair_in_the_body_is_valid_and_says_so() -> None:
    judgement = judged(PAIR, make_v3_payload(timestamp=FRESH, signature="wrong"))

    assert judgement.verdict == Verdict.VALID
    assert "The one in its body is not looked at" in step_text(judgement.steps[1])


def test_a_legacy_pair_is_no_signature_in_a_header() -> None:
    assert judged(make_v3_headers(FRESH, **{"Response-Signature": "abc|def"})).verdict == Verdict.WRONG


@pytest.mark.parametrize(("age", "verdict"), [(301, Verdict.STALE), (299, Verdict.VALID), (-301, Verdict.FUTURE)])
def test_the_age_of_the_header_counts(age: float, verdict: Verdict) -> None:
    assert judged(make_v3_headers(timestamp_at(NOW - timedelta(seconds=age)))).verdict == verdict


def test_what_is_stored_of_a_signature_is_judged_like_the_signature_and_cannot_be_sent() -> None:
    stored = kept_headers(PAIR.items())

    assert SIGNATURE not in str(stored)
    facts = read_facts(make_v3_payload(), stored)
    assert check_signature(facts, PARTNER_ID, api_keys(API_KEY)).verdict is None
    assert judged(stored).verdict == Verdict.WRONG


def test_ids_are_read_from_the_headers_where_the_body_has_none() -> None:
    headers = kept_headers({**PAIR, "Job-ID": "job_2", "User-ID": "user-9"}.items())

    in_body, in_headers = (
        read_facts(make_v3_payload(job_id=job_id, user_id=None), headers) for job_id in ("job_1", None)
    )

    assert (in_headers.job_id, in_headers.smile_job_id) == ("job_2", "job_2")
    assert "user-9" in in_headers.search_text
    assert in_body.named_ids == {"job_1", "job_2"}


def test_a_body_of_v3_is_read_under_the_names_of_v1() -> None:
    facts = read_facts(make_v3_payload(status="block", reason="high_risk", message="Verification failed"), {})

    assert (facts.country, facts.id_type, facts.id_number) == ("NG", "BVN", "00000000000")
    assert (facts.result_code, facts.result_text) == ("block: high_risk", "Verification failed")
    assert facts.product == "biometric_kyc"
    assert "Joe Doe" not in facts.search_text


def test_a_body_of_both_generations_is_read_as_v1() -> None:
    facts = read_facts({**make_v3_payload(), **make_payload()}, {})

    assert (facts.is_v3, facts.job_id, facts.result_code) == (False, "job-1", "0810")
