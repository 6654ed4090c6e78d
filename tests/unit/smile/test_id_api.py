"""Lookups without images: which address, which fields, and that nothing can stand in for our own."""

import threading

import pytest

from dashboard.smile import BadSignature, IDApi, TransportFailed

from .examples import CALLBACK, job, lookup
from .fake_smile import PARTNER_ID, Answer, FakeSmile, signed

BUSINESS = lookup(id_type="BUSINESS_REGISTRATION", business_type="co")


def test_a_lookup_sends_flat_fields_and_returns_the_result(smile: FakeSmile, id_api: IDApi) -> None:
    result = signed({"ResultCode": "1013", "Actions": {"Verify_ID_Number": "Not Verified"}})
    smile.answers["POST /v1/id_verification"] = Answer(result)

    answer = id_api.submit_job(job(5), lookup(first_name="Joe", last_name=None), {})

    assert answer == result
    fields = smile.requests[0].json
    assert len(fields.pop("signature")) == 44
    assert fields.pop("timestamp").endswith("Z")
    assert fields == {
        **lookup(first_name="Joe"),
        "partner_id": PARTNER_ID,
        "partner_params": job(5),
        "source_sdk": "rest_api",
        "source_sdk_version": "1.0.0",
    }


@pytest.mark.parametrize(
    ("job_type", "id_info", "is_async", "path"),
    [
        (5, lookup(), False, "/v1/id_verification"),
        (5, lookup(), True, "/v1/async_id_verification"),
        (7, BUSINESS, False, "/v1/business_verification"),
        (7, BUSINESS, True, "/v1/async_business_verification"),
    ],
)
def test_each_product_has_its_address_and_its_asynchronous_one(
    smile: FakeSmile, id_api: IDApi, job_type: int, id_info: dict[str, str], is_async: bool, path: str
) -> None:
    smile.answers[f"POST {path}"] = Answer({"success": True})

    id_api.submit_job(job(job_type), id_info, {"async": is_async, "optional_callback": CALLBACK})

    assert smile.requests[0].path == path
    assert smile.requests[0].json.get("callback_url") == (CALLBACK if is_async else None)


@pytest.mark.parametrize(("is_async", "path"), [(False, "/v2/verify"), (True, "/v2/verify_async")])
def test_basic_kyc_goes_to_the_second_version(smile: FakeSmile, id_api: IDApi, is_async: bool, path: str) -> None:
    smile.answers[f"POST {path}"] = Answer(signed({"ResultCode": "1020"}))

    answer = id_api.submit_basic_kyc(job(5), lookup(), {"async": is_async, "optional_callback": CALLBACK})

    assert answer["ResultCode"] == "1020"
    assert smile.requests[0].path == path


def test_nothing_in_id_info_overwrites_signature_or_partner_fields(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer({"ResultCode": "1012"})
    names = ("signature", "sec_key", "timestamp", "partner_id", "partner_params", "callback_url", "source_sdk", "token")

    id_api.submit_job(job(5), {**lookup(), **dict.fromkeys(names, "hostile"), "source_sdk_version": "hostile"})

    assert "hostile" not in str(smile.requests[0].json)
    assert smile.requests[0].json["partner_id"] == PARTNER_ID
    assert smile.requests[0].json["partner_params"] == job(5)


def test_the_answer_of_a_lookup_is_checked(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(signed({"ResultCode": "1012"}, "somebody-else"))

    with pytest.raises(BadSignature) as caught:
        id_api.submit_job(job(5), lookup())

    assert caught.value.maybe_sent


def test_a_lookup_is_never_repeated(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(drop=True)

    with pytest.raises(TransportFailed) as caught:
        id_api.submit_job(job(5), lookup())

    assert caught.value.maybe_sent
    assert len(smile.requests) == 1


def test_one_client_serves_several_threads(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = lambda request: Answer(
        signed({"PartnerParams": request.json["partner_params"]})
    )
    seen: dict[str, str] = {}

    def look_up(number: int) -> None:
        for turn in range(5):
            job_id = f"job-{number}-{turn}"
            answer = id_api.submit_job({**job(5), "job_id": job_id}, lookup())
            seen[job_id] = answer["PartnerParams"]["job_id"]

    threads = [threading.Thread(target=look_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 20
    assert all(asked == answered for asked, answered in seen.items())
