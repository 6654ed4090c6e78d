"""Which of the two kinds of proof a request carries, and that answers are checked by the same kind."""

from pathlib import Path

import pytest

from dashboard.smile import BadSignature, IDApi, WebApi

from . import legacy
from .examples import CALLBACK, job, lookup
from .fake_smile import PARTNER_ID, Answer, FakeSmile, signed


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


def test_the_option_chooses_the_signature_with_a_v1_key_too(smile: FakeSmile, pair: legacy.KeyPair) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(signed({}, pair.api_key))

    IDApi(PARTNER_ID, pair.api_key, smile.url).submit_job(job(5), lookup(), {"signature": True})

    assert len(smile.requests[0].json["signature"]) == 44
    assert "sec_key" not in smile.requests[0].json


def test_the_zip_carries_the_same_kind_of_proof(smile: FakeSmile, pair: legacy.KeyPair, selfie: Path) -> None:
    web_api = WebApi(PARTNER_ID, CALLBACK, pair.api_key, smile.url)

    web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    prep, put = smile.requests
    assert "|" in prep.json["sec_key"]
    assert "|" in put.info["misc_information"]["sec_key"]
    assert "signature" not in put.info["misc_information"]
