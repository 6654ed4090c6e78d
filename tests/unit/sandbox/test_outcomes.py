"""The shipped table and the magic numbers: what a wish or a digit leads to."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.outcomes import PRODUCT_OF_JOB_TYPE, table
from dashboard.sandbox.world.store import User
from tests.unit.sandbox import calls
from tests.unit.sandbox.calls import inline, make_zip

ID_INFO = {"entered": True, "country": "NG", "id_type": "BVN", "id_number": "00000000000"}
SELFIE_AND_CARD = [inline(2), inline(3)]


def codes(status: dict[str, Any]) -> list[str]:
    return [entry["ResultCode"] for entry in status["history"]]


def test_every_product_has_all_three_wishes() -> None:
    wishes = {product: set() for product in {row.product for row in table()}}
    for row in table():
        wishes[row.product].add(row.sandbox_result)

    assert set(PRODUCT_OF_JOB_TYPE.values()) <= set(wishes)
    assert all(found == {"0", "1", "2"} for found in wishes.values())


def test_provisional_rows_are_never_final_and_are_followed_by_a_final_one() -> None:
    for row in table():
        if row.outcome == "provisional":
            after = [other for other in table() if other.product == row.product and other.after_review]
            assert not row.final
            assert [(other.sandbox_result, other.final) for other in after] == [("2", True)]


@pytest.mark.parametrize(
    ("job_type", "wish", "expected"),
    [
        (1, "0", ["1012", "0810"]),
        (1, "1", ["1012", "0811"]),
        (1, "2", ["1012", "0814"]),
        (2, "0", ["0820"]),
        (2, "1", ["0821"]),
        (4, "0", ["0810"]),
        (4, "1", ["0841"]),
        (6, "0", ["0810"]),
        (6, "1", ["0812"]),
        (8, "0", ["0820"]),
        (9, "0", ["0810"]),
        (11, "0", ["1012", "0810"]),
    ],
)
def test_wish_leads_to_its_codes(
    submit: Callable[..., dict[str, Any]], sandbox: Sandbox, job_type: int, wish: str, expected: list[str]
) -> None:
    if job_type in (2, 8):
        sandbox.store.save_user(User("user-1", enrolled=True))
    id_info = dict(ID_INFO)
    if job_type == 11:
        id_info |= {"country": "GH", "id_type": "PASSPORT", "id_number": "G0000000"}

    status = submit(calls.params(job_type=job_type, sandbox_result=wish), make_zip(SELFIE_AND_CARD, {}, id_info))

    assert codes(status) == expected
    assert status["job_success"] is (wish == "0")
    assert status["result"] == status["history"][-1]


def test_without_a_wish_a_job_is_approved(submit: Callable[..., dict[str, Any]]) -> None:
    assert submit(calls.params())["job_success"] is True


def test_biometric_kyc_without_a_number_compares_with_the_card(submit: Callable[..., dict[str, Any]]) -> None:
    status = submit(calls.params(job_type=1), make_zip(SELFIE_AND_CARD, {}))

    assert codes(status) == ["0810"]
    assert status["result"]["Actions"]["Selfie_To_ID_Card_Compare"] == "Completed"
    assert "Verify_ID_Number" not in status["result"]["Actions"]


def test_provisional_result_is_followed_by_the_final_one(
    submit: Callable[..., dict[str, Any]], client: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submit(calls.params(job_type=1, sandbox_result="2"), make_zip(SELFIE_AND_CARD, {}, ID_INFO))
    later = time.time() + sandbox.settings.review_delay_seconds + 1
    monkeypatch.setattr(time, "time", lambda: later)
    sandbox.scheduler.run_due(later)
    second = client.post("/v1/job_status", json=calls.status_body(history=True)).json

    assert (first["result"]["ResultCode"], first["result"]["IsFinalResult"]) == ("0814", "false")
    assert (first["job_complete"], first["job_success"]) == (True, False)
    assert codes(second) == ["1012", "0814", "1210"]
    assert (second["result"]["IsFinalResult"], second["job_success"]) == ("true", True)


@pytest.mark.parametrize(
    ("number", "code"), [("00000000001", "1013"), ("00000000002", "1014"), ("00000000003", "1015"), ("12", "1014")]
)
def test_number_decides_over_the_face(submit: Callable[..., dict[str, Any]], number: str, code: str) -> None:
    status = submit(calls.params(job_type=1), make_zip(SELFIE_AND_CARD, {}, {**ID_INFO, "id_number": number}))

    assert codes(status) == [code]
    assert status["job_success"] is False


def test_approved_registration_enrols_and_a_rejected_one_does_not(
    submit: Callable[..., dict[str, Any]], sandbox: Sandbox
) -> None:
    submit(calls.params("job-1", user_id="good", sandbox_result="0"))
    submit(calls.params("job-2", user_id="bad", sandbox_result="1"))

    assert sandbox.store.users["good"].enrolled
    assert "bad" not in sandbox.store.users


def test_document_result_carries_the_sent_card_inline_and_links(
    submit: Callable[..., dict[str, Any]], client: FlaskClient
) -> None:
    status = submit(calls.params(job_type=6), make_zip(SELFIE_AND_CARD, {}, {"country": "NG"}))

    result = status["result"]
    assert result["Document"] == inline(3)["image"]
    assert set(result["ImageLinks"]) == {"selfie_image", "id_card_image"}
    assert client.get(result["ImageLinks"]["id_card_image"]).data == calls.JPEG
    assert result["FullName"] == "Joe Doe"


def test_number_that_is_not_entered_is_not_looked_up(submit: Callable[..., dict[str, Any]]) -> None:
    id_info = {**ID_INFO, "entered": "false", "id_number": "00000000001"}

    assert codes(submit(calls.params(job_type=1), make_zip(SELFIE_AND_CARD, {}, id_info))) == ["0810"]
