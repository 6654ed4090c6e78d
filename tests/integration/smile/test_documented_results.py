"""Every job type, asked by Smile's own client, unchanged, and by ours: both get what the documentation promises."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import smile_id_core

from tests.integration.smile.clients import (
    BUSINESS,
    BVN,
    POLLED,
    Client,
    card,
    enrolled,
    file_image,
    official_client,
    our_client,
    params,
    selfie,
)
from tests.integration.smile.simulator import API_KEY, PARTNER_ID, Simulator

COUNTRY = {"country": "GH"}
PASSPORT = {"country": "GH", "id_type": "PASSPORT"}

APPROVED = {"Register_Selfie": "Approved"}
REJECTED = {"Register_Selfie": "Rejected"}
UNDER_REVIEW = {"Register_Selfie": "Provisionally Approved"}
COMPARED = {"Selfie_To_Registered_Selfie_Compare": "Completed"}
NOT_COMPARED = {"Selfie_To_Registered_Selfie_Compare": "Failed"}
FOUND = {"Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned"}
NOT_FOUND = {"Verify_ID_Number": "Not Verified", "Return_Personal_Info": "Not Returned"}

#: job type, id_info, the wished sandbox_result -> ResultCode, the Actions that say it.
IMAGE_JOBS: list[tuple[int, dict[str, Any], str, str, dict[str, str]]] = [
    (1, BVN, "0", "0810", {**APPROVED, **FOUND, "Selfie_To_ID_Authority_Compare": "Completed"}),
    (1, BVN, "1", "0811", {**REJECTED, "Selfie_To_ID_Authority_Compare": "Failed"}),
    (1, BVN, "2", "0814", UNDER_REVIEW),
    (1, {}, "0", "0810", {**APPROVED, "Selfie_To_ID_Card_Compare": "Completed"}),
    (2, {}, "0", "0820", COMPARED),
    (2, {}, "1", "0821", NOT_COMPARED),
    (2, {}, "2", "0814", {"Human_Review_Compare": "Under Review"}),
    (4, {}, "0", "0810", APPROVED),
    (4, {}, "1", "0841", REJECTED),
    (4, {}, "2", "0814", UNDER_REVIEW),
    (6, COUNTRY, "0", "0810", {**APPROVED, "Verify_Document": "Passed"}),
    (6, COUNTRY, "1", "0812", {**REJECTED, "Verify_Document": "Failed"}),
    (6, COUNTRY, "2", "0814", {**UNDER_REVIEW, "Verify_Document": "Under Review"}),
    (8, {}, "0", "0820", {**COMPARED, "Update_Registered_Selfie_On_File": "Approved"}),
    (8, {}, "1", "0821", {**NOT_COMPARED, "Update_Registered_Selfie_On_File": "Rejected"}),
    (8, {}, "2", "0814", {"Update_Registered_Selfie_On_File": "Provisionally Approved"}),
    (9, {}, "0", "0810", {"Verify_Document": "Passed"}),
    (9, {}, "1", "0811", {"Verify_Document": "Failed"}),
    (9, {}, "2", "0814", {"Verify_Document": "Under Review"}),
    (11, PASSPORT, "0", "0810", {**APPROVED, "Verify_Document": "Passed"}),
    (11, PASSPORT, "1", "0811", {**REJECTED, "Verify_Document": "Failed"}),
    (11, PASSPORT, "2", "0814", {**UNDER_REVIEW, "Verify_Document": "Under Review"}),
]
BUSINESS_FOUND = {"Verify_Business": "Verified", "Return_Business_Info": "Returned"}
BUSINESS_NOT_FOUND = {"Verify_Business": "Not Verified", "Return_Business_Info": "Not Returned"}
LOOKUPS: list[tuple[int, dict[str, Any], str, str, dict[str, str]]] = [
    (5, BVN, "0", "1012", FOUND),
    (5, BVN, "1", "1013", NOT_FOUND),
    (5, BVN, "2", "0814", {"Verify_ID_Number": "Under Review"}),
    (7, BUSINESS, "0", "1012", BUSINESS_FOUND),
    (7, BUSINESS, "1", "1013", BUSINESS_NOT_FOUND),
    (7, BUSINESS, "2", "0814", {"Verify_Business": "Under Review"}),
]
#: The last digit of a test number -> what an identity authority answers, and what a business register does.
DIGITS = {
    "0": ("1012", FOUND, BUSINESS_FOUND),
    "1": ("1013", NOT_FOUND, BUSINESS_NOT_FOUND),
    "2": ("1014", {"Verify_ID_Number": "Not Done"}, {"Verify_Business": "Not Done"}),
    "3": ("1015", {"Verify_ID_Number": "Issuer Unavailable"}, {"Verify_Business": "Issuer Unavailable"}),
    "4": ("1012", FOUND, BUSINESS_FOUND),
}


@pytest.fixture(params=["official", "ours"])
def client(request: pytest.FixtureRequest, simulator: Simulator) -> Iterator[Client]:
    if request.param == "official":
        yield official_client(simulator.v1)
    else:
        with our_client(simulator.v1) as ours:
            yield ours


@pytest.fixture
def images(image_folder: Path) -> list[dict[str, Any]]:
    return [selfie(image_folder), card(image_folder), file_image(image_folder, 4, "live.jpg")]


@pytest.mark.parametrize(("job_type", "id_info", "wished", "code", "actions"), IMAGE_JOBS)
def test_job_with_images_gets_the_wished_result(
    client: Client,
    images: list[dict[str, Any]],
    image_folder: Path,
    job_type: int,
    id_info: dict[str, Any],
    wished: str,
    code: str,
    actions: dict[str, str],
) -> None:
    job = params(job_type, sandbox_result=wished, branch="Ikeja")
    if job_type in (2, 8):
        job["user_id"] = enrolled(client, image_folder)

    status = client.web_api.submit_job(job, images, dict(id_info), POLLED)

    result = status["result"]
    assert (status["code"], status["job_complete"], status["job_success"]) == ("2302", True, wished == "0")
    assert (result["ResultCode"], result["IsFinalResult"]) == (code, "false" if wished == "2" else "true")
    assert {name: result["Actions"].get(name) for name in actions} == actions
    assert result["PartnerParams"] == job
    assert status["history"][-1] == result
    assert status["image_links"]["selfie_image"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(("job_type", "id_info", "wished", "code", "actions"), LOOKUPS)
@pytest.mark.parametrize("api", ["web_api", "id_api"])
def test_lookup_gets_the_wished_result(
    client: Client,
    api: str,
    job_type: int,
    id_info: dict[str, Any],
    wished: str,
    code: str,
    actions: dict[str, str],
) -> None:
    job = params(job_type, sandbox_result=wished)

    if api == "web_api":
        answer = client.web_api.submit_job(job, None, id_info, None)
    else:
        answer = client.id_api.submit_job(job, id_info)

    assert (answer["ResultCode"], answer["IsFinalResult"]) == (code, "false" if wished == "2" else "true")
    assert {name: answer["Actions"].get(name) for name in actions} == actions
    assert answer["PartnerParams"] == job
    assert smile_id_core.Signature(PARTNER_ID, API_KEY).confirm_signature(answer["timestamp"], answer["signature"])


@pytest.mark.parametrize("digit", DIGITS)
def test_last_digit_of_a_test_number_selects_the_answer(
    client: Client, images: list[dict[str, Any]], digit: str
) -> None:
    code, person, business = DIGITS[digit]
    number = {**BVN, "id_number": f"0000000000{digit}"}
    own_data = {"FullName": "Amina Bello", "Address": "7 Sample Street"} if digit == "4" else {}

    looked_up = client.id_api.submit_job(params(5, **own_data), number)
    registered = client.id_api.submit_job(params(7), {**BUSINESS, "id_number": f"000000{digit}"})
    with_selfie = client.web_api.submit_job(params(1), images, number, POLLED)

    assert looked_up["ResultCode"] == registered["ResultCode"] == code
    assert {name: looked_up["Actions"].get(name) for name in person} == person
    assert {name: registered["Actions"].get(name) for name in business} == business
    # Only a number that the authority knows lets the comparison of faces begin.
    expected = "0810" if code == "1012" else code
    assert (with_selfie["result"]["ResultCode"], with_selfie["history"][0]["ResultCode"]) == (expected, code)
    assert {name: looked_up[name] for name in own_data} == own_data


def test_provisional_result_turns_final(client: Client, images: list[dict[str, Any]]) -> None:
    job = params(1, sandbox_result="2")

    first = client.web_api.submit_job(job, images, BVN, POLLED)
    last = first
    deadline = time.monotonic() + 30
    while last["result"]["IsFinalResult"] != "true" and time.monotonic() < deadline:
        time.sleep(0.05)
        last = client.job_status(job, POLLED)

    assert first["result"]["ResultCode"] == "0814"
    assert (last["result"]["ResultCode"], last["job_success"]) == ("1210", True)
    assert [entry["ResultCode"] for entry in last["history"]] == ["1012", "0814", "1210"]


def test_web_token_is_made_for_each_product(client: Client) -> None:
    for product in ("authentication", "smartselfie", "biometric_kyc", "doc_verification", "enhanced_kyc"):
        answer = client.web_token("user-1", f"job-{product}", product)

        assert answer["token"].count(".") == 2


@pytest.mark.parametrize("job_type", [1, 2, 4, 5, 6, 7, 8, 9, 11])
@pytest.mark.parametrize("whose", ["official", "ours"])
def test_every_job_type_over_tls(
    tls_simulator: Simulator,
    images: list[dict[str, Any]],
    image_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    whose: str,
    job_type: int,
) -> None:
    id_info = {5: BVN, 6: COUNTRY, 7: BUSINESS, 11: PASSPORT}.get(job_type, {})
    job = params(job_type)

    with our_client(tls_simulator.v1, ca_file=tls_simulator.ca_file) as client:
        if whose == "official":
            # The only way to tell it whom to trust; ours does not read the environment.
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls_simulator.ca_file))
            client = official_client(tls_simulator.v1)
        if job_type in (2, 8):
            job["user_id"] = enrolled(client, image_folder)
        answer = client.web_api.submit_job(job, images, id_info, POLLED)

    result = answer if job_type in (5, 7) else answer["result"]
    assert result["ResultCode"] == {2: "0820", 5: "1012", 7: "1012", 8: "0820"}.get(job_type, "0810")
    links = answer.get("image_links", {})
    assert all(address.startswith(f"{tls_simulator.url}/") for address in links.values())
