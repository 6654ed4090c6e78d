"""What only our client can do, over real HTTP: later answers, single steps, the legacy key, the smaller services."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.smile import PartnerAccount, Refused, Services, Signature, SmileLinks, Transport, Utilities
from tests.integration.smile.clients import (
    BUSINESS,
    BVN,
    POLLED,
    Client,
    our_client,
    params,
    selfie,
)
from tests.integration.smile.recorder import Recorder
from tests.integration.smile.simulator import API_KEY, CALLBACK, PARTNER_ID, Simulator

PERSON = {**BVN, "first_name": "Amina", "last_name": "Bello", "dob": "1992-03-14", "gender": "F"}


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    with our_client(simulator.v1) as client:
        yield client


@pytest.fixture
def transport(simulator: Simulator) -> Iterator[Transport]:
    with Transport(simulator.v1, timeout=(5.0, 10.0)) as transport:
        yield transport


@pytest.mark.parametrize(
    ("method", "job_type", "id_info", "code"),
    [
        ("submit_job", 5, BVN, "1012"),
        ("submit_job", 7, BUSINESS, "1012"),
        ("submit_basic_kyc", 5, PERSON, "1020"),
    ],
)
def test_asynchronous_lookup_is_acknowledged_and_answered_later(
    client: Client, transport: Transport, method: str, job_type: int, id_info: dict[str, Any], code: str
) -> None:
    job = params(job_type)

    acknowledged = getattr(client.id_api, method)(job, id_info, {"async": True, "optional_callback": CALLBACK})
    status = Utilities(PARTNER_ID, API_KEY, transport.server.v1, transport=transport).wait_for_result(
        job["user_id"], job["job_id"], poll_wait=0.05
    )

    assert acknowledged["success"] is True
    assert (status["result"]["ResultCode"], status["job_success"]) == (code, True)


def test_basic_kyc_tells_which_details_match(client: Client) -> None:
    answer = client.id_api.submit_basic_kyc(params(5), PERSON)

    assert (answer["ResultCode"], answer["Actions"]["Names"]) == ("1020", "Exact Match")
    assert answer["Actions"]["Phone_Number"] == "Not Provided"


def test_images_may_be_bytes_and_open_files(client: Client, image_folder: Path) -> None:
    path = selfie(image_folder)["file_name"]

    with open(path, "rb") as file:
        images = [{"image_type_id": 0, "image": file}, {"image_type_id": 4, "image": Path(path).read_bytes()}]
        status = client.web_api.submit_job(params(4), images, None, {"return_job_status": True})

    assert status["result"]["ResultCode"] == "0810"


def test_lost_first_step_is_repeated_without_a_second_charge(
    simulator: Simulator, client: Client, image_folder: Path
) -> None:
    job = params(4)
    client.web_api.prepare_upload(job)

    with pytest.raises(Refused) as refused:
        client.web_api.prepare_upload(job)
    prepared = client.web_api.prepare_upload(job, retry=True)
    for _ in range(2):
        client.web_api.upload_zip(prepared["upload_url"], job, [selfie(image_folder)])

    assert (refused.value.code, refused.value.may_retry, refused.value.maybe_sent) == ("2215", False, False)
    counts = simulator.job(job["job_id"])
    assert (counts["prepared"], counts["zips"], counts["charged"]) == (2, 2, 1)


def test_wrong_key_is_refused_by_every_call(simulator: Simulator, image_folder: Path) -> None:
    with our_client(simulator.v1, api_key="another-key") as client:
        calls = [
            lambda: client.web_api.submit_job(params(4), [selfie(image_folder)]),
            lambda: client.id_api.submit_job(params(5), BVN),
            lambda: client.job_status(params(5)),
            lambda: client.web_token("user-1", "job-1", "biometric_kyc"),
        ]
        for call in calls:
            with pytest.raises(Refused) as refused:
                call()

            assert (refused.value.status, refused.value.code) == (400, "2205")
            assert (refused.value.may_retry, refused.value.maybe_sent) == (False, False)


def test_legacy_key_is_used_end_to_end(simulator: Simulator, recorder: Recorder, image_folder: Path) -> None:
    key = simulator.control("GET", "credentials.json")["legacy_api_key"]
    witness = Signature(PARTNER_ID, key)

    with our_client(recorder.v1, api_key=key) as client:
        uploaded = client.web_api.submit_job(params(1), [selfie(image_folder)], BVN, POLLED)
        looked_up = client.id_api.submit_job(params(5), BVN)
        registered = client.id_api.submit_job(params(7), BUSINESS)
        token = client.web_token("user-1", "job-1", "biometric_kyc")

    assert [uploaded["result"]["ResultCode"], looked_up["ResultCode"], registered["ResultCode"]] == [
        "0810",
        "1012",
        "1012",
    ]
    assert token["token"].count(".") == 2
    [zip_sent] = recorder.to("/uploads/")
    info = json.loads(zipfile.ZipFile(io.BytesIO(zip_sent.body)).read("info.json"))
    for sent in [info["misc_information"], *(json.loads(exchange.body) for exchange in recorder.to("/v1/"))]:
        assert "signature" not in sent
        assert sent["sec_key"].count("|") == 1
        assert isinstance(sent["timestamp"], int)
    signed = [json.loads(exchange.answer) for exchange in recorder.to("/v1/") if b'"signature"' in exchange.answer]
    assert len(signed) >= 3
    assert all(witness.confirm_sec_key(answer["timestamp"], answer["signature"]) for answer in signed)


def test_smaller_services_answer(transport: Transport) -> None:
    who = (PARTNER_ID, API_KEY, transport.server.v1)
    services = Services(*who, transport=transport)
    account = PartnerAccount(*who, transport=transport)
    links = SmileLinks(*who, transport=transport)

    offered = services.services("en")["hosted_web"]["biometric_kyc"]["NG"]["id_types"]
    consent = services.products_config()["consentRequired"]
    documents = services.valid_documents()["valid_documents"]
    balance = account.wallet_balance("USD")
    authority = account.id_status("NG", "BVN")
    made = links.create(
        {
            "name": "Onboarding",
            "company_name": "Sample Company",
            "callback_url": CALLBACK,
            "data_privacy_policy_url": "https://partner.example/privacy",
            "logo_url": "https://partner.example/logo.png",
            "is_single_use": False,
            "id_types": [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}],
        }
    )
    links.disable(made["ref_id"])
    disabled = links.get(made["ref_id"])

    assert "id_number" in offered["BVN"]["required_fields"]
    assert "NIN_V2" in consent["NG"]
    assert len(documents) > 200
    assert balance["wallet_balance"] > 0
    assert authority["last_check_status"]
    assert disabled["disabled_at"]
