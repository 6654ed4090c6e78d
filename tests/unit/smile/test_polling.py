"""Waiting for a result: bounded, ended by errors, and honest about what it does not know."""

from pathlib import Path
from typing import Any

import pytest

from dashboard.smile import BadSignature, JobStillRunning, Refused, TransportFailed, Utilities, WebApi

from .examples import job
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile, signed

WAITING = signed({"job_complete": False, "job_success": False, "code": "2314", "result": "No zip file received"})
DONE = signed({"job_complete": True, "job_success": True, "code": "2302", "result": {"ResultCode": "0810"}})
POLL = {"return_job_status": True}


def submit(web_api: WebApi, selfie: Path, options: dict[str, Any] | None = None) -> dict[str, Any]:
    return web_api.submit_job(job(), [{"image_type_id": 0, "image": selfie}], None, options or POLL)


def test_the_result_is_returned_as_soon_as_it_is_there(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    smile.answers["POST /v1/job_status"] = [Answer(WAITING), Answer(WAITING), Answer(DONE)]

    assert submit(web_api, selfie) == DONE
    assert len(smile.to("/v1/job_status")) == 3


def test_a_result_may_be_plain_text_and_a_boolean_its_text(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    smile.answers["POST /v1/job_status"] = [
        Answer(signed({"job_complete": "false", "result": "No zip uploaded yet"})),
        Answer(signed({"job_complete": "true", "result": "No result"})),
    ]

    assert submit(web_api, selfie)["result"] == "No result"


def test_a_provisional_result_is_handed_over_as_it_is(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    provisional = signed({"job_complete": True, "result": {"ResultCode": "0814", "IsFinalResult": "false"}})
    smile.answers["POST /v1/job_status"] = Answer(provisional)

    assert submit(web_api, selfie) == provisional


def test_waiting_ends_after_the_allowed_tries_and_says_so(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    smile.answers["POST /v1/job_status"] = Answer(WAITING)

    with pytest.raises(JobStillRunning) as caught:
        submit(web_api, selfie)

    assert len(smile.to("/v1/job_status")) == 5
    assert caught.value.status == WAITING
    assert caught.value.smile_job_id == "0000000583"
    assert caught.value.may_retry


def test_the_pauses_grow_after_the_first_four(smile: FakeSmile, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("dashboard.smile.utilities.time.sleep", pauses.append)
    smile.answers["POST /v1/job_status"] = Answer(WAITING)

    with pytest.raises(JobStillRunning):
        Utilities(PARTNER_ID, API_KEY, smile.url).wait_for_result("user-1", "job-1")

    assert pauses == [2.0] * 4 + [4.0] * 18


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"error": "unauthorized", "code": "2205"}, 400), Refused),
        (Answer({**DONE, "signature": "A" * 43 + "="}), BadSignature),
        (Answer({**DONE, "timestamp": "2026-01-15T09:30:00.001Z"}), BadSignature),
        (Answer({**DONE, "signature": ""}), BadSignature),
        (Answer(signed({"job_complete": True}, "another-key")), BadSignature),
        (Answer([1]), TransportFailed),
        (Answer(b"<html>hello</html>"), TransportFailed),
    ],
)
def test_waiting_ends_at_the_first_error(
    smile: FakeSmile,
    web_api: WebApi,
    selfie: Path,
    answer: Answer,
    error: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    smile.answers["POST /v1/job_status"] = answer

    with pytest.raises(error) as caught:
        submit(web_api, selfie)

    assert len(smile.to("/v1/job_status")) == (3 if error is TransportFailed else 1)
    assert caught.value.smile_job_id == "0000000583"  # type: ignore[attr-defined]  # All are SmileErrors.


@pytest.mark.parametrize("name", ["return_image_links", "return_images"])
def test_image_links_are_asked_for_by_either_name(smile: FakeSmile, web_api: WebApi, selfie: Path, name: str) -> None:
    smile.answers["POST /v1/job_status"] = Answer(DONE)

    submit(web_api, selfie, {**POLL, name: True, "return_history": True})
    web_api.get_job_status(job(), None)

    asked, plain = (request.json for request in smile.to("/v1/job_status"))
    assert (asked["image_links"], asked["history"]) == (True, True)
    assert (plain["image_links"], plain["history"]) == (False, False)
    assert set(plain) == {"partner_id", "user_id", "job_id", "image_links", "history", "timestamp", "signature"}


def test_an_older_key_still_verifies_answers_while_keys_are_rotated(smile: FakeSmile) -> None:
    smile.answers["POST /v1/job_status"] = Answer(DONE)
    utilities = Utilities(PARTNER_ID, "the-new-key", smile.url, verify_keys=[API_KEY])

    assert utilities.get_job_status("user-1", "job-1") == DONE
