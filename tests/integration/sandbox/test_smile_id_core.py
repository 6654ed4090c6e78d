"""Smile's own Python client, unchanged, against the simulator: a witness that neither side was written for."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from smile_id_core import IdApi, ServerError, Signature, Utilities, WebApi

from dashboard.sandbox.server import SandboxServer
from tests.integration.sandbox.conftest import Receiver
from tests.unit.sandbox import calls

OPTIONS = {
    "return_job_status": True,
    "return_history": True,
    "return_images": True,
    "use_enrolled_image": False,
}
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000", "entered": True}


@pytest.fixture(autouse=True)
def quick_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sleeps two seconds before each question; here a twentieth of one will do."""
    pause = time.sleep

    class Clock:
        @staticmethod
        def sleep(_seconds: float) -> None:
            pause(0.05)

    monkeypatch.setattr(sys.modules["smile_id_core.WebApi"], "time", Clock)


@pytest.fixture
def images(tmp_path: Path) -> list[dict[str, Any]]:
    for name in ("selfie.jpg", "card.jpg", "live.jpg", "back.png"):
        (tmp_path / name).write_bytes(calls.PNG if name.endswith("png") else calls.JPEG)
    files = [(0, "selfie.jpg"), (1, "card.jpg"), (4, "live.jpg"), (5, "back.png")]
    return [{"image_type_id": kind, "file_name": str(tmp_path / name)} for kind, name in files]


@pytest.fixture
def web_api(server: SandboxServer, receiver: Receiver) -> WebApi:
    return WebApi("002", receiver.url, calls.API_KEY, f"{server.url}/v1")


@pytest.mark.parametrize(
    ("job_type", "id_info", "codes"),
    [
        (1, BVN, ["1012", "0810"]),
        (1, {}, ["0810"]),
        (4, {}, ["0810"]),
        (6, {"country": "NG"}, ["0810"]),
        (9, {}, ["0810"]),
        (11, {"country": "NG", "id_type": "PASSPORT"}, ["0810"]),
    ],
)
def test_image_jobs_settle_and_call_back(
    web_api: WebApi,
    receiver: Receiver,
    images: list[dict[str, Any]],
    job_type: int,
    id_info: dict[str, Any],
    codes: list[str],
) -> None:
    status = web_api.submit_job(calls.params(job_type=job_type), images, id_info, OPTIONS)
    [callback] = receiver.wait_for(1)

    assert (status["job_complete"], status["job_success"]) == (True, True)
    assert [entry["ResultCode"] for entry in status["history"]] == codes
    selfie = requests.get(status["image_links"]["selfie_image"], timeout=30)
    assert selfie.content == calls.JPEG
    assert callback["ResultCode"] == codes[-1]
    assert callback["PartnerParams"] == calls.params(job_type=job_type)
    witness = Signature("002", calls.API_KEY)
    assert witness.confirm_signature(callback["timestamp"], callback["signature"])


# The client writes an entry of the same name for each inline image, of which zipfile warns.
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_inline_images_are_taken_with_the_clients_junk_entries(web_api: WebApi) -> None:
    images = [
        {"image_type_id": item["image_type_id"], "image": item["image"]}
        for item in (calls.inline(2), calls.inline(3), calls.inline(6), calls.inline(7))
    ]

    status = web_api.submit_job(calls.params(job_type=6), images, {"country": "GH"}, OPTIONS)

    assert status["result"]["ResultCode"] == "0810"


@pytest.mark.parametrize(("job_type", "code"), [(2, "0820"), (8, "0820")])
def test_enrolled_user_can_be_compared(web_api: WebApi, images: list[dict[str, Any]], job_type: int, code: str) -> None:
    with pytest.raises(ServerError, match="2210"):
        web_api.submit_job(calls.params("early", job_type), images, {}, OPTIONS)
    web_api.submit_job(calls.params("enrol", 4), images, {}, OPTIONS)

    status = web_api.submit_job(calls.params("compare", job_type), images, {}, OPTIONS)

    assert (status["result"]["ResultCode"], status["job_success"]) == (code, True)


def test_wished_rejection_arrives(web_api: WebApi, images: list[dict[str, Any]]) -> None:
    wished = calls.params(job_type=6, sandbox_result="1")

    status = web_api.submit_job(wished, images, {"country": "NG"}, OPTIONS)

    assert (status["result"]["ResultCode"], status["job_success"]) == ("0812", False)


def test_provisional_becomes_final(
    server: SandboxServer, web_api: WebApi, receiver: Receiver, images: list[dict[str, Any]]
) -> None:
    wished = calls.params(job_type=1, sandbox_result="2")
    first = web_api.submit_job(wished, images, BVN, OPTIONS)
    callbacks = receiver.wait_for(2)

    utilities = Utilities("002", calls.API_KEY, f"{server.url}/v1")
    last = utilities.get_job_status(wished, OPTIONS)

    assert first["result"]["ResultCode"] == "0814"
    assert [entry["ResultCode"] for entry in callbacks] == ["0814", "1210"]
    assert [entry["ResultCode"] for entry in last["history"]] == ["1012", "0814", "1210"]


def test_id_api_answers_at_once(server: SandboxServer) -> None:
    api = IdApi("002", calls.API_KEY, f"{server.url}/v1")

    answer = api.submit_job(calls.params(job_type=5), BVN)

    assert (answer["ResultCode"], answer["FullName"]) == ("1012", "Amina Bello")
    with pytest.raises(ServerError, match="2215"):
        api.submit_job(calls.params(job_type=5), BVN)


def test_business_verification_through_web_api(web_api: WebApi) -> None:
    business = {
        "country": "NG",
        "id_type": "BUSINESS_REGISTRATION",
        "id_number": "0000000",
        "business_type": "co",
    }

    answer = web_api.submit_job(calls.params(job_type=7), None, business, None)

    assert (answer["ResultCode"], answer["company_information"]["country"]) == ("1012", "NG")


def test_web_token_and_its_refusal(web_api: WebApi) -> None:
    assert web_api.get_web_token("user-1", "job-1", "smartselfie")["token"].count(".") == 2
    assert web_api.get_web_token("user-1", "job-1", "nothing")["code"] == "2217"


def test_wrong_key_is_told(server: SandboxServer, images: list[dict[str, Any]]) -> None:
    api = WebApi("002", "", "another-key", f"{server.url}/v1")

    with pytest.raises(ServerError, match="2205"):
        api.submit_job(calls.params(), images, {}, OPTIONS)


def test_client_breaks_on_the_xml_of_the_object_store(
    serve: Callable[..., SandboxServer], images: list[dict[str, Any]]
) -> None:
    expired = serve(upload_url_lifetime_seconds=-2.0)
    api = WebApi("002", "", calls.API_KEY, f"{expired.url}/v1")

    # Smile's client reads every refusal as JSON and hides this one behind a decode error.
    with pytest.raises(requests.exceptions.JSONDecodeError):
        api.submit_job(calls.params(), images, {}, OPTIONS)
