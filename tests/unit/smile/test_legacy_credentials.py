"""Which of the two kinds of proof a request carries, and that answers are checked by the same kind."""

from pathlib import Path

import pytest

from dashboard.smile import BadSignature, IDApi, InvalidRequest, WebApi

from . import legacy
from .examples import CALLBACK, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile


@pytest.fixture(scope="module")
def pair() -> legacy.KeyPair:
    return legacy.KeyPair()


def answer_with(pair: legacy.KeyPair, digest: str) -> Answer:
    return Answer({"ResultCode": "1012", "timestamp": legacy.TIMESTAMP, "signature": pair.sec_key(digest)})


def test_a_v1_key_signs_with_a_sec_key_and_checks_the_sec_key_of_the_answer(
    smile: FakeSmile, pair: legacy.KeyPair
) -> None:
    smile.answers["POST /v1/id_verification"] = answer_with(pair, legacy.HASH)

    answer = IDApi(PARTNER_ID, pair.api_key, smile.url).submit_job(job(5), lookup())

    fields = smile.requests[0].json
    assert answer["ResultCode"] == "1012"
    assert isinstance(fields["timestamp"], int)
    assert "|" in fields["sec_key"]
    assert "signature" not in fields


@pytest.mark.parametrize("proof", ["0" * 64, "AAAA|" + legacy.HASH, 7])
def test_an_answer_with_another_sec_key_is_not_believed(smile: FakeSmile, pair: legacy.KeyPair, proof: object) -> None:
    smile.answers["POST /v1/id_verification"] = Answer({"timestamp": legacy.TIMESTAMP, "signature": proof})

    with pytest.raises(BadSignature):
        IDApi(PARTNER_ID, pair.api_key, smile.url).submit_job(job(5), lookup())


@pytest.mark.parametrize("options", [{"signature": True}, {"signature": False}])
def test_the_option_cannot_ask_for_what_the_key_does_not_make(
    smile: FakeSmile, pair: legacy.KeyPair, options: dict[str, bool]
) -> None:
    wrong_key = pair.api_key if options["signature"] else API_KEY
    id_api = IDApi(PARTNER_ID, wrong_key, smile.url)

    with pytest.raises(InvalidRequest, match=r"signature: cannot be (true|false): .* v1 key"):
        id_api.submit_job(job(5), lookup(), options)

    assert smile.requests == []


@pytest.mark.parametrize("options", [None, {}, {"signature": None}, {"signature": False}])
def test_a_v1_key_needs_no_option(smile: FakeSmile, pair: legacy.KeyPair, options: dict[str, bool] | None) -> None:
    smile.answers["POST /v1/id_verification"] = answer_with(pair, legacy.HASH)

    IDApi(PARTNER_ID, pair.api_key, smile.url).submit_job(job(5), lookup(), options)

    assert "|" in smile.requests[0].json["sec_key"]


def test_the_zip_carries_the_same_kind_of_proof(smile: FakeSmile, pair: legacy.KeyPair, selfie: Path) -> None:
    web_api = WebApi(PARTNER_ID, CALLBACK, pair.api_key, smile.url)

    web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    prep, put = smile.requests
    assert "|" in prep.json["sec_key"]
    assert "|" in put.info["misc_information"]["sec_key"]
    assert "signature" not in put.info["misc_information"]
