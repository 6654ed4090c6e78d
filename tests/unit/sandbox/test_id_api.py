"""Lookups without images: fields, numbers, consent, and the answers at once and later."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from tests.unit.sandbox import calls

KYC = calls.params(job_type=5)
BUSINESS = {
    "partner_params": calls.params(job_type=7),
    "id_type": "BUSINESS_REGISTRATION",
    "id_number": "0000000",
    "business_type": "co",
}


def post(client: FlaskClient, path: str, **changes: Any) -> Any:
    return client.post(path, json=calls.lookup_body(KYC, **changes))


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_enhanced_kyc_answers_in_the_published_shape(client: FlaskClient) -> None:
    answer = post(client, "/v1/id_verification").json

    assert answer["ResultCode"] == "1012"
    assert answer["ResultText"] == "ID Number Validated"
    assert answer["ResultType"] == "ID Verification"
    assert answer["Actions"] == {"Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned"}
    assert answer["PartnerParams"] == KYC
    assert answer["Source"] == "ID API"
    assert answer["FullName"] == "Amina Bello"
    assert answer["PhoneNumber2"] == "Not Available"
    assert answer["Photo"].startswith("/9j/")
    assert answer["signature"] == calls.hmac_signature(answer["timestamp"])


@pytest.mark.parametrize(("digit", "code"), [("0", "1012"), ("1", "1013"), ("2", "1014"), ("3", "1015"), ("4", "1012")])
@pytest.mark.parametrize("path", ["/v1/id_verification", "/v2/verify"])
def test_last_digit_of_a_test_number_selects_the_outcome(client: FlaskClient, path: str, digit: str, code: str) -> None:
    answer = post(client, path, id_number="0000000000" + digit, first_name="Amina", last_name="Bello")

    expected = "1020" if path == "/v2/verify" and code == "1012" else code
    assert (answer.status_code, answer.json["ResultCode"]) == (200, expected)


def test_number_with_nothing_found_returns_no_personal_data(client: FlaskClient) -> None:
    answer = post(client, "/v1/id_verification", id_number="00000000001").json

    assert answer["FullName"] == answer["Photo"] == "Not Available"
    assert answer["Actions"]["Return_Personal_Info"] == "Not Returned"


@pytest.mark.parametrize("number", ["123", "0000000000A", "000000000000"])
def test_number_that_breaks_its_pattern_is_1014_whatever_is_wished(client: FlaskClient, number: str) -> None:
    answer = post(
        client,
        "/v1/id_verification",
        id_number=number,
        partner_params={**KYC, "sandbox_result": "0"},
    )

    assert (answer.status_code, answer.json["ResultCode"]) == (200, "1014")


def test_number_that_is_no_test_number_is_not_found(client: FlaskClient) -> None:
    assert post(client, "/v1/id_verification", id_number="22345678910").json["ResultCode"] == "1013"


@pytest.mark.parametrize(
    ("country", "id_type", "number"),
    [("GH", "SSNIT", "C000000000000"), ("KE", "PASSPORT", "A00000000"), ("GH", "NATIONAL_ID", "GHA-000000000-0")],
)
def test_test_numbers_keep_letters_and_dashes(client: FlaskClient, country: str, id_type: str, number: str) -> None:
    answer = post(client, "/v1/id_verification", country=country, id_type=id_type, id_number=number)

    assert answer.json["ResultCode"] == "1012"


def test_custom_data_come_back_at_the_top_and_split(client: FlaskClient) -> None:
    wished = {**KYC, "FullName": "Joe Leo Doe", "DOB": "2000-01-02", "colour": "green"}

    answer = post(client, "/v1/id_verification", id_number="00000000004", partner_params=wished).json

    assert (answer["FullName"], answer["DOB"]) == ("Joe Leo Doe", "2000-01-02")
    assert "colour" not in answer
    names = {"FirstName": "Joe", "MiddleName": "Leo", "LastName": "Doe"}
    assert answer["PartnerParams"] == {**wished, **names}


def test_wish_beats_the_digit(client: FlaskClient) -> None:
    wished = {**KYC, "sandbox_result": "1"}

    answer = post(client, "/v1/id_verification", partner_params=wished).json

    assert answer["ResultCode"] == "1013"


def test_id_type_of_another_product_is_not_activated(client: FlaskClient) -> None:
    answer = post(client, "/v1/id_verification", id_type="PHONE_NUMBER")

    assert (answer.status_code, answer.json["ResultCode"]) == (200, "1016")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"country": ""}, "2213"),
        ({"id_type": None}, "2213"),
        ({"id_number": ""}, "2213"),
        ({"id_number": 12}, "2204"),
        ({"id_type": "LIBRARY_CARD"}, "2213"),
        ({"country": "XX"}, "2213"),
        ({"id_type": "BANK_ACCOUNT", "id_number": "0000000000"}, "2213"),
        ({"country": "KE", "id_type": "KRA_PIN"}, "2213"),
        ({"partner_params": calls.params(job_type=7)}, "2212"),
        ({"partner_params": calls.params(job_type=1)}, "2212"),
        ({"id_type": "NIN_V2"}, "2213"),
        ({"id_type": "BVN_MFA", "session_id": "made up"}, "2213"),
    ],
)
def test_broken_lookup_is_refused(client: FlaskClient, changes: dict[str, Any], code: str) -> None:
    assert code_of(post(client, "/v1/id_verification", **changes)) == (400, code)


def test_names_are_required_for_basic_but_not_for_enhanced_bvn(client: FlaskClient) -> None:
    assert code_of(post(client, "/v2/verify")) == (400, "2213")
    assert post(client, "/v1/id_verification").status_code == 200


def test_basic_kyc_tells_of_each_detail_whether_it_matches(client: FlaskClient) -> None:
    given = {"first_name": "Amina", "last_name": "Bello", "dob": "1992-03-14"}

    answer = post(client, "/v2/verify", **given).json

    actions = answer["Actions"]
    assert (actions["Names"], actions["DOB"], actions["Gender"]) == ("Exact Match", "Exact Match", "Not Provided")
    assert answer["FullName"] == "Not Available"


def test_consent_opens_an_id_type_that_needs_it(client: FlaskClient) -> None:
    refused = {"consented": {**calls.CONSENT["consented"], "personal_details": False}}

    without = post(client, "/v1/id_verification", id_type="NIN_V2", consent_information=refused)
    granted = post(client, "/v1/id_verification", id_type="NIN_V2", consent_information=calls.CONSENT)

    assert (without.status_code, granted.json["ResultCode"]) == (400, "1012")


def test_used_job_id_is_refused_and_not_charged(client: FlaskClient, sandbox: Sandbox) -> None:
    post(client, "/v1/id_verification")

    again = post(client, "/v1/id_verification")

    assert code_of(again) == (400, "2215")
    assert sandbox.store.jobs["job-1"].charged == 1


def test_job_status_knows_a_synchronous_job(client: FlaskClient) -> None:
    post(client, "/v1/id_verification")

    status = client.post("/v1/job_status", json=calls.status_body()).json

    assert (status["job_complete"], status["job_success"], status["code"]) == (True, True, "2302")
    assert status["result"]["ResultCode"] == "1012"


@pytest.mark.parametrize("path", ["/v1/async_id_verification", "/v2/verify_async"])
def test_asynchronous_lookup_settles_later(
    client: FlaskClient, sandbox: Sandbox, pass_time: Callable[[], None], path: str
) -> None:
    names = {"first_name": "Amina", "last_name": "Bello"}

    accepted = post(client, path, callback_url="http://127.0.0.1:9/hook", **names)
    before = client.post("/v1/job_status", json=calls.status_body()).json
    pass_time()
    after = client.post("/v1/job_status", json=calls.status_body()).json

    assert accepted.json == {"success": True}
    assert (before["job_complete"], before["result"], before["code"]) == (False, {}, "2302")
    assert after["job_success"] is True


def test_asynchronous_lookup_needs_somewhere_to_call_back(client: FlaskClient) -> None:
    assert code_of(post(client, "/v1/async_id_verification")) == (400, "2213")


def test_business_answer_has_company_and_people(client: FlaskClient) -> None:
    answer = post(client, "/v1/business_verification", **BUSINESS).json

    assert (answer["ResultCode"], answer["ResultText"]) == ("1012", "Business Verified")
    assert answer["Actions"] == {"Verify_Business": "Verified", "Return_Business_Info": "Returned"}
    assert answer["company_information"]["registration_number"] == "0000000"
    assert {"fiduciaries", "beneficial_owners", "directors", "proprietors", "documents"} <= set(answer)
    assert answer["success"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"business_type": "xx"},
        {"business_type": None},
        {"id_type": "BVN"},
        {"country": "KE", "id_number": "C123"},
        {"id_number": ""},
    ],
)
def test_broken_business_lookup_is_2413(client: FlaskClient, changes: dict[str, Any]) -> None:
    answer = post(client, "/v1/business_verification", **(BUSINESS | changes))

    assert code_of(answer) == (400, "2413")
    assert answer.json["success"] is False


def test_kenyan_business_needs_its_postal_address(client: FlaskClient) -> None:
    kenyan = {**BUSINESS, "country": "KE", "postal_address": "12", "postal_code": "00100"}

    assert post(client, "/v1/business_verification", **kenyan).json["ResultCode"] == "1012"


def test_bvn_consent_by_one_time_password_opens_a_session(client: FlaskClient) -> None:
    trio = calls.signed()
    begun = client.post(
        "/v1/totp_consent",
        json={**trio, "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000"},
    ).json
    session = {**trio, "session_id": begun["session_id"]}
    client.post("/v1/totp_consent/mode", json={**session, "mode": "sms"})
    wrong = client.post("/v1/totp_consent/otp", json={**session, "otp": "999999"})
    right = client.post("/v1/totp_consent/otp", json={**session, "otp": "000000"})

    answer = post(
        client,
        "/v1/id_verification",
        id_type="BVN_MFA",
        id_number=None,
        session_id=begun["session_id"],
        consent_information=calls.CONSENT,
    )

    assert (wrong.status_code, right.json["success"]) == (400, True)
    assert [list(mode) for mode in begun["modes"]] == [["sms"], ["email"]]
    assert (answer.json["ResultCode"], answer.json["IDNumber"]) == ("1012", "00000000000")


def test_consent_rule_can_be_switched_off(build: Callable[..., Flask]) -> None:
    client = build(require_consent=False).test_client()

    assert post(client, "/v1/id_verification", id_type="NIN_V2").status_code == 200
