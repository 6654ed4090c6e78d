"""Every public method of Smile's own Python client 3.0.1, unchanged, against the simulator over HTTP."""

import importlib
import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import smile_id_core
from smile_id_core import BusinessVerification, IdApi, Signature, Utilities, WebApi

from dashboard.sandbox.server import SandboxServer
from tests.unit.sandbox import calls

OPTIONS = {"return_job_status": True, "return_history": True, "return_images": True, "use_enrolled_image": False}
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000", "entered": True}
CAC = {"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"}
#: The products of the oldest page.
PRODUCTS = (
    "authentication",
    "identity_verification",
    "smartselfie",
    "ekyc_smartselfie",
    "enhanced_kyc",
    "document_verification",
)
#: Steps that its own methods are made of, each of which these tests go through.
PARTS = {
    *("WebApi.execute_http", "WebApi.poll_job_status", "WebApi.upload", "Utilities.configure_job_query"),
    *("Utilities.configure_json", "Utilities.execute_get", "Utilities.execute_http", "Utilities.execute_post"),
    *("Utilities.query_job_status", "Utilities.validate_id_params", "Utilities.validate_partner_params"),
}


@pytest.fixture(autouse=True)
def quick_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sleeps two seconds before each question; here a twentieth of one will do."""
    pause = time.sleep

    class Clock:
        @staticmethod
        def sleep(_seconds: float) -> None:
            pause(0.05)

    monkeypatch.setattr(importlib.import_module("smile_id_core.WebApi"), "time", Clock)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


class Witness:
    """The client at one simulator, with the images that its jobs need."""

    def __init__(self, v1: str, folder: Path) -> None:
        for name in ("selfie.jpg", "card.jpg"):
            (folder / name).write_bytes(calls.JPEG)
        self.images = [
            {"image_type_id": kind, "file_name": str(folder / name)}
            for kind, name in ((0, "selfie.jpg"), (1, "card.jpg"))
        ]
        who = ("002", calls.API_KEY)
        self.web_api = WebApi("002", "http://127.0.0.1:9/hook", calls.API_KEY, v1)
        self.id_api, self.utilities = IdApi(*who, v1), Utilities(*who, v1)
        self.business, self.signature = BusinessVerification(*who, v1), Signature(*who)


@pytest.fixture
def witness(server: SandboxServer, tmp_path: Path) -> Witness:
    return Witness(f"{server.url}/v1", tmp_path)


def web_api_submit_job(witness: Witness) -> None:
    jobs = {1: BVN, 4: {}, 6: {"country": "NG"}, 8: {}, 2: {}, 9: {}, 11: {"country": "NG", "id_type": "PASSPORT"}}
    codes = {}
    for job_type, id_info in sorted(jobs.items(), key=lambda job: job[0] in (2, 8)):
        user = "enrolled" if job_type in (2, 4, 8) else f"user-{job_type}"
        job = calls.params(f"job-{job_type}", job_type, user)
        status = witness.web_api.submit_job(job, witness.images, id_info, OPTIONS)
        codes[job_type] = (
            status["result"]["ResultCode"],
            status["job_success"],
            "selfie_image" in status["image_links"],
        )
    assert codes == {
        **dict.fromkeys((1, 4, 6, 9, 11), ("0810", True, True)),
        **dict.fromkeys((2, 8), ("0820", True, True)),
    }
    assert witness.web_api.submit_job(calls.params("kyc", 5), None, BVN, None)["ResultCode"] == "1012"
    assert witness.web_api.submit_job(calls.params("kyb", 7), None, CAC, None)["ResultCode"] == "1012"


def web_api_get_web_token(witness: Witness) -> None:
    tokens = [witness.web_api.get_web_token("user-1", "job-1", product) for product in PRODUCTS]

    assert [answer.get("token", "").count(".") for answer in tokens] == [2] * len(PRODUCTS)


def id_api_submit_job(witness: Witness) -> None:
    answer = witness.id_api.submit_job(calls.params(job_type=5), BVN, {"return_job_status": True})

    assert (answer["ResultCode"], answer["FullName"]) == ("1012", "Amina Bello")
    assert witness.signature.confirm_signature(answer["timestamp"], answer["signature"])


def business_submit_job(witness: Witness) -> None:
    answer = witness.business.submit_job(calls.params(job_type=7), CAC)

    assert (answer["ResultCode"], answer["company_information"]["country"]) == ("1012", "NG")


def utilities_get_job_status(witness: Witness) -> None:
    witness.id_api.submit_job(calls.params(job_type=5), BVN)

    answer = witness.utilities.get_job_status(calls.params(job_type=5), OPTIONS)

    assert (answer["job_complete"], answer["code"]) == (True, "2302")
    assert [entry["ResultCode"] for entry in answer["history"]] == ["1012"]
    with pytest.raises(smile_id_core.ServerError, match=r"2304"):
        witness.utilities.get_job_status(calls.params("nothing", 5), OPTIONS)


def signature_generate(witness: Witness) -> None:
    made = witness.signature.generate_signature()

    assert made["signature"] == calls.hmac_signature(made["timestamp"])


def signature_confirm(witness: Witness) -> None:
    body = calls.signed()

    assert witness.signature.confirm_signature(body["timestamp"], body["signature"])
    assert not witness.signature.confirm_signature(body["timestamp"], calls.hmac_signature(body["timestamp"], "x"))


METHODS: dict[str, Callable[[Witness], None]] = {
    "WebApi.submit_job": web_api_submit_job,
    "WebApi.get_web_token": web_api_get_web_token,
    "IdApi.submit_job": id_api_submit_job,
    "BusinessVerification.submit_job": business_submit_job,
    "Utilities.get_job_status": utilities_get_job_status,
    "Signature.generate_signature": signature_generate,
    "Signature.confirm_signature": signature_confirm,
}


@pytest.mark.parametrize("name", METHODS)
def test_method_works_unchanged(witness: Witness, name: str) -> None:
    METHODS[name](witness)


def test_no_public_method_is_left_out() -> None:
    public: set[str] = set()
    for kind in (value for value in vars(smile_id_core).values() if inspect.isclass(value)):
        public |= {f"{kind.__name__}.{name}" for name, _ in methods_of(kind)}

    assert public - PARTS == set(METHODS)


def methods_of(kind: type) -> list[tuple[str, Any]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return [] if issubclass(kind, Exception) else [(name, each) for name, each in found if not name.startswith("_")]
