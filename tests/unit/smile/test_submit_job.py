"""A job with images on the wire: the prep upload, the zip, and how often which of them is sent."""

from pathlib import Path

import pytest

from dashboard.smile import InvalidRequest, Refused, Transport, TransportFailed, WebApi

from .examples import CALLBACK, JPEG, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile, signed


def test_a_job_is_announced_and_its_zip_is_sent(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    answer = web_api.submit_job(job(4, session="abc"), [{"image_type_id": 0, "image": selfie}])

    assert answer == {"success": True, "smile_job_id": "0000000583"}
    prep, put = smile.requests
    fields = prep.json
    assert len(fields.pop("signature")) == 44
    assert fields.pop("timestamp").endswith("Z")
    assert fields == {
        "smile_client_id": PARTNER_ID,
        "file_name": "selfie.zip",
        "partner_params": {"user_id": "user-1", "job_id": "job-1", "job_type": 4, "session": "abc"},
        "model_parameters": {},
        "callback_url": CALLBACK,
        "use_enrolled_image": False,
        "source_sdk": "rest_api",
        "source_sdk_version": "1.0.0",
    }
    assert put.headers["content-type"] == "application/zip"
    assert int(put.headers["content-length"]) == put.size
    assert "transfer-encoding" not in put.headers


@pytest.mark.parametrize("job_type", [2, 4, 8, 9, "4"])
@pytest.mark.parametrize("nothing", [None, {}])
def test_id_info_and_options_may_be_left_out(
    smile: FakeSmile, web_api: WebApi, selfie: Path, job_type: object, nothing: dict[str, object] | None
) -> None:
    web_api.submit_job(job(job_type), [{"image_type_id": 0, "image": selfie}], nothing, nothing)

    assert smile.requests[0].json["partner_params"]["job_type"] == int(str(job_type))
    assert smile.requests[1].info["id_info"] == {}


def test_every_request_carries_a_signature_of_its_own(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    # A millisecond has to pass between two requests for their timestamps to differ.
    for answer in smile.answers.values():
        assert isinstance(answer, Answer)
        answer.pause = 0.002
    smile.answers["POST /v1/job_status"] = [
        Answer(signed({"job_complete": False}), pause=0.002),
        Answer(signed({"job_complete": True})),
    ]

    web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}], None, {"return_job_status": True})

    prep, put, *polls = smile.requests
    signatures = [prep.json["signature"], put.info["misc_information"]["signature"]]
    signatures += [poll.json["signature"] for poll in polls]
    assert len(set(signatures)) == 4


def test_the_callback_of_the_call_goes_before_the_default(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    own = "https://partner.example/hooks/smile/job-key"

    web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}], None, {"optional_callback": own})

    assert smile.requests[0].json["callback_url"] == own
    assert smile.requests[1].info["misc_information"]["callback_url"] == own


def test_nothing_in_id_info_overwrites_the_prep_upload_and_the_person_is_sent_once(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    hostile = {"signature": "x", "timestamp": "x", "callback_url": "https://evil.example", "partner_params": {}}

    web_api.submit_job(
        job(1),
        [{"image_type_id": 0, "image": selfie}],
        lookup(entered=True, first_name="Amina", smile_client_id="999", **hostile),
    )

    prep, put = smile.requests
    assert prep.json["callback_url"] == CALLBACK
    assert prep.json["smile_client_id"] == PARTNER_ID
    assert prep.json["partner_params"]["user_id"] == "user-1"
    assert len(prep.json["signature"]) == 44
    assert "Amina" not in str(prep.json)
    assert "id_number" not in str(prep.json)
    assert put.info["id_info"]["first_name"] == "Amina"
    assert put.info["misc_information"]["smile_client_id"] == PARTNER_ID


@pytest.mark.parametrize("missing", ["no-such-file.jpg", "", "\0", "x" * 5000])
def test_a_missing_file_does_not_burn_the_job_id(smile: FakeSmile, web_api: WebApi, missing: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        web_api.submit_job(job(), [{"image_type_id": 0, "image": missing}])

    assert set(caught.value.fields) == {"images[0]"}
    assert smile.requests == []


def test_an_enrolled_image_stands_in_for_the_selfie_of_a_document(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    web_api.submit_job(job(6), [{"image_type_id": 1, "image": selfie}], {"country": "NG"}, {"use_enrolled_image": True})

    assert smile.requests[0].json["use_enrolled_image"] is True


def test_everything_goes_over_one_connection(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    smile.answers["POST /v1/job_status"] = Answer(signed({"job_complete": True}))

    for number in range(3):
        web_api.submit_job(
            {**job(), "job_id": f"job-{number}"},
            [{"image_type_id": 0, "image": selfie}],
            None,
            {"return_job_status": True},
        )

    assert len(smile.requests) == 9
    assert smile.connections == 1


def test_the_two_steps_can_be_taken_apart_and_the_second_repeated(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    smile.answers["PUT /store/attachments.zip"] = [Answer(b"", drop=True), Answer(b"")]

    prepared = web_api.prepare_upload(job(), callback_url="https://partner.example/other", retry=True)
    with selfie.open("rb") as file:
        images = [{"image_type_id": 0, "image": file}]
        with pytest.raises(TransportFailed) as caught:
            web_api.upload_zip(prepared["upload_url"], job(), images)
        web_api.upload_zip(prepared["upload_url"], job(), images)

    assert caught.value.maybe_sent
    prep, first, second = smile.requests
    assert prep.json["retry"] is True
    assert prep.json["callback_url"] == "https://partner.example/other"
    assert first.zip.read("selfie.jpg") == second.zip.read("selfie.jpg") == JPEG


def test_submissions_are_never_repeated(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    smile.answers["POST /v1/upload"] = Answer({"error": "down"}, 503)

    with pytest.raises(Refused) as caught:
        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    assert len(smile.requests) == 1
    assert (caught.value.may_retry, caught.value.maybe_sent) == (True, True)


def test_a_page_in_place_of_the_stores_empty_answer_is_no_delivery(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    smile.answers["PUT /store/attachments.zip"] = Answer(b"\n<html><title>Sign in to the network</title></html>")

    with pytest.raises(TransportFailed) as caught:
        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    assert (caught.value.may_retry, caught.value.maybe_sent) == (True, True)
    assert caught.value.smile_job_id == "0000000583"


def test_a_zip_that_is_refused_says_which_job_had_been_announced(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    smile.answers["PUT /store/attachments.zip"] = Answer(
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>'
        b"<StringToSign>PUT secret</StringToSign></Error>",
        403,
    )

    with pytest.raises(Refused) as caught:
        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")
    assert caught.value.smile_job_id == "0000000583"
    assert "Request has expired" in str(caught.value)
    assert "StringToSign" not in repr(caught.value)
    assert "presigned" not in repr(caught.value)


@pytest.mark.parametrize("answer", [{}, {"upload_url": None, "smile_job_id": "1"}, {"upload_url": "https://x.example"}])
def test_a_prep_upload_without_an_address_is_not_followed(
    smile: FakeSmile, web_api: WebApi, selfie: Path, answer: dict[str, object]
) -> None:
    smile.answers["POST /v1/upload"] = Answer(answer)

    with pytest.raises(TransportFailed):
        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    assert len(smile.requests) == 1


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", "/relative", "http://"])
def test_images_are_not_sent_to_a_strange_address(
    smile: FakeSmile, web_api: WebApi, selfie: Path, address: str
) -> None:
    smile.answers["POST /v1/upload"] = Answer({"upload_url": address, "smile_job_id": "1"})

    with pytest.raises(TransportFailed):
        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])


def test_the_dashboard_hears_of_every_signature_that_leaves(smile: FakeSmile, selfie: Path) -> None:
    heard: list[str] = []
    with Transport(smile.url, on_signed=heard.append) as transport:
        web_api = WebApi(PARTNER_ID, CALLBACK, API_KEY, smile.url, transport=transport)

        web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}])

    prep, put = smile.requests
    assert heard == [prep.json["signature"], put.info["misc_information"]["signature"]]


def test_job_types_5_and_7_are_handed_to_the_id_api(smile: FakeSmile, web_api: WebApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(signed({"ResultCode": "1012"}))
    smile.answers["POST /v1/async_business_verification"] = Answer({"success": True})
    business = lookup(id_type="TAX_INFORMATION", id_number="00000000-0000")

    person = web_api.submit_job(job(5), None, lookup(), None)
    later = web_api.submit_job(job(7), None, business, {"async": True})

    assert person["ResultCode"] == "1012"
    assert later == {"success": True}
    assert smile.requests[1].json["callback_url"] == CALLBACK
