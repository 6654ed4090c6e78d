"""Error answers of every shape become errors with status, code, a sentence, and no secret or personal data."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import IDApi, InvalidRequest, JobStillRunning, Refused, SmileError, TransportFailed, WebApi
from dashboard.smile.refusals import refusal

from .examples import job, lookup
from .fake_smile import Answer, FakeSmile


def refused(smile: FakeSmile, id_api: IDApi, answer: Answer, **id_info: Any) -> Refused:
    smile.answers["POST /v1/id_verification"] = answer
    with pytest.raises(Refused) as caught:
        id_api.submit_job(job(5), lookup(**id_info))
    return caught.value


def test_a_refusal_carries_status_code_and_a_sentence(smile: FakeSmile, id_api: IDApi) -> None:
    error = refused(smile, id_api, Answer({"code": "2205", "error": "unauthorized"}, 400))

    assert (error.status, error.code, error.reason) == (400, "2205", "unauthorized")
    assert error.body == {"code": "2205", "error": "unauthorized"}
    assert "API key" in str(error)
    assert (error.may_retry, error.maybe_sent) == (False, False)


def test_a_code_may_be_a_number(smile: FakeSmile, id_api: IDApi) -> None:
    error = refused(smile, id_api, Answer({"code": 2215, "error": "Job already exists"}, 400))

    assert error.code == "2215"


def test_an_unknown_code_is_explained_in_the_servers_words(smile: FakeSmile, id_api: IDApi) -> None:
    error = refused(smile, id_api, Answer({"code": "2413", "error": "Unsupported business type"}, 400))

    assert "Unsupported business type" in str(error)


def test_a_refusal_under_http_200_is_one(smile: FakeSmile, id_api: IDApi) -> None:
    error = refused(smile, id_api, Answer({"error": "Unsupported business type", "code": "2413", "success": False}))

    assert (error.status, error.code) == (200, "2413")


@pytest.mark.parametrize("content", [b"<html><h1>Bad Gateway</h1></html>", b"", b"\xff\xfe", b"[1, 2]", b"[" * 100_000])
def test_an_error_body_that_is_not_ours_does_not_hide_the_status(
    smile: FakeSmile, id_api: IDApi, content: bytes
) -> None:
    error = refused(smile, id_api, Answer(content, 502))

    assert (error.status, error.code, error.may_retry, error.maybe_sent) == (502, None, True, True)


def test_a_web_page_is_kept_as_short_text(smile: FakeSmile, id_api: IDApi) -> None:
    error = refused(smile, id_api, Answer(b"<html><style>p{}</style><h1>Bad Gateway</h1> nginx" + b"x " * 9000, 502))

    assert error.body.startswith("Bad Gateway nginx")
    assert len(error.body) <= 500


@pytest.mark.parametrize(("after", "seconds"), [("7", 7), ("soon", None), ("", None), ("-1", None)])
def test_retry_after_is_told_in_seconds(smile: FakeSmile, id_api: IDApi, after: str, seconds: float | None) -> None:
    error = refused(smile, id_api, Answer({}, 429, headers={"Retry-After": after}))

    assert error.retry_after == seconds
    assert error.may_retry
    assert not error.maybe_sent


def test_retry_after_may_be_a_date(smile: FakeSmile, id_api: IDApi) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    error = refused(smile, id_api, Answer({}, 503, headers={"Retry-After": moment}))

    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60


def test_nothing_secret_or_personal_is_in_an_error(smile: FakeSmile, id_api: IDApi) -> None:
    def repeat(request: Any) -> Answer:
        sent = request.json
        text = f"{sent['signature']} {sent['timestamp']} for {sent['first_name']} {sent['id_number']} is wrong"
        return Answer(
            {"error": text, "code": "9999", "request": sent, "token": "eyJhbGciOi.eyJwYXJ0", "errors": [text, sent]},
            400,
        )

    smile.answers["POST /v1/id_verification"] = repeat
    with pytest.raises(Refused) as caught:
        id_api.submit_job(job(5), lookup(first_name="Amina", id_number="22200000001"))

    printed = f"{caught.value} {caught.value!r} {caught.value.body} {caught.value.__cause__} {caught.value.__context__}"
    for secret in (
        "Amina",
        "22200000001",
        smile.requests[0].json["signature"],
        smile.requests[0].json["timestamp"],
        "eyJ",
    ):
        assert secret not in printed
    assert "is wrong" in printed


def test_a_failed_connection_takes_no_address_or_body_along(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(drop=True)

    with pytest.raises(TransportFailed) as caught:
        id_api.submit_job(job(5), lookup())

    assert caught.value.__context__ is None
    assert "127.0.0.1" not in str(caught.value)


def test_a_token_that_was_refused_is_not_taken_for_one(smile: FakeSmile, web_api: WebApi) -> None:
    smile.answers["POST /v1/token"] = Answer({"error": "Invalid product.", "code": "2217"}, 400)

    with pytest.raises(Refused) as caught:
        web_api.get_web_token({"user_id": "user-1", "job_id": "job-1", "product": "magic"})

    assert caught.value.code == "2217"


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest({"job_id": "is missing"}),
        TransportFailed("no answer", maybe_sent=False),
        Refused(400, "2215", "exists", {"code": "2215"}, 3.0),
        JobStillRunning("wait", {"job_complete": False}),
    ],
)
def test_errors_survive_copying_and_pickling(error: SmileError) -> None:
    error.smile_job_id = "0000000583"

    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  # Our own bytes.
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


@given(
    status=st.integers(300, 599),
    content=st.binary(max_size=200),
    answer=st.none()
    | st.dictionaries(st.text(max_size=8), st.none() | st.text() | st.integers() | st.lists(st.text())),
    after=st.text(max_size=30),
    sent=st.dictionaries(st.text(max_size=8), st.text()),
)
def test_any_error_answer_becomes_a_refusal(
    status: int, content: bytes, answer: dict[str, Any] | None, after: str, sent: dict[str, str]
) -> None:
    error = refusal(status, {"Retry-After": after}, content, answer, sent)

    assert error.status == status
    assert str(error)
