"""One tolerant reading of whatever Smile answers: both shapes, every field, any JSON type."""

import json
from typing import Any

import pytest
from hypothesis import given

from dashboard.smile.results import SmileResult, code_of, parse_result, plain
from tests.factories.answers import BODIES, ENTRIES, JSON, STATUSES

FLAT = {
    "ResultCode": "0810",
    "ResultText": "Enroll User",
    "IsFinalResult": "true",
    "SmileJobID": "0000000046",
    "PartnerParams": {"job_id": "job-1", "user_id": "user-1", "job_type": "1"},
    "Actions": {"Liveness_Check": "Passed", "Register_Selfie": "Approved"},
    "FullName": "Joe Doe",
    "PhoneNumber": "Not Available",
    "Photo": "/9j/4AAQ",
    "ImageLinks": {"selfie_image": "https://example.com/1"},
}
STATUS = {"job_complete": "true", "job_success": True, "code": 2302, "result": FLAT, "history": [FLAT, "odd", None]}


@pytest.mark.parametrize("body", [FLAT, STATUS])
def test_both_shapes_give_the_same_facts(body: dict[str, Any]):
    found = parse_result(body)

    assert (found.code, found.text, found.is_final) == ("0810", "Enroll User", True)
    assert (found.job_id, found.user_id, found.job_type, found.smile_job_id) == ("job-1", "user-1", 1, "0000000046")
    assert found.actions == (("Liveness_Check", "Passed"), ("Register_Selfie", "Approved"))
    assert found.fields == {"FullName": "Joe Doe"}
    assert found.images == ("Photo", "ImageLinks.selfie_image")
    assert found.other == {}


def test_job_status_says_more_than_a_callback():
    found = parse_result(STATUS)

    assert (found.is_complete, found.success, found.request_code) == (True, True, "2302")
    assert [entry.code for entry in found.history] == ["0810"]


def test_known_job_status_is_read_through_its_result_whatever_stands_around_it():
    assert parse_result({"ResultCode": "0810", "result": {"ResultCode": "0811"}}, is_job_status=True).code == "0811"


@pytest.mark.parametrize(
    ("actions", "read"),
    [
        (["Liveness_Check: Passed"], [("Liveness_Check", "Passed")]),
        ("Passed", [("Check", "Passed")]),
        ({"Selfie_Check": {"ResultText": "x"}}, [("Selfie_Check: ResultText", "x")]),
        ({"Selfie_Check": ["Failed"]}, [("Selfie_Check", "Failed")]),
        ({"Selfie_Check": True, "Liveness_Check": 3}, [("Selfie_Check", "true"), ("Liveness_Check", "3")]),
        ([{"Selfie_Check": "Failed"}, ["Passed"]], [("Selfie_Check", "Failed"), ("Check", "Passed")]),
        ({"Selfie_Check": None}, []),
        (None, []),
        (7, [("Check", "7")]),
    ],
)
def test_actions_of_any_type_are_names_and_words(actions: Any, read: list[tuple[str, str]]):
    assert list(parse_result({"Actions": actions}).actions) == read


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0810", "0810"), ("810", "0810"), (810, "0810"), (810.0, "0810"), (1, "0001"), ("1012", "1012"),
        ("08\x0010", "0810"), ("", None), (None, None), ([], None), ("12345", "12345"), (" 0810", " 0810"),
        (True, "true"), (["0810"], "[list]"), ({"a": "Joe"}, "[object]"), ("\u0660810", "\u0660810"),
    ],
)  # fmt: skip
def test_code_is_four_digits_or_what_it_says(value: Any, code: str | None):
    assert parse_result({"ResultCode": value}).code == code


def test_field_of_an_undocumented_type_is_kept_as_text_under_other():
    found = parse_result(
        {"FullName": {"first": "Joe"}, "DOB": ["1992"], "IDNumber": 222, "brand_new": 1.5, "Gender": None}
    )

    assert found.other == {"FullName": '{"first": "Joe"}', "DOB": '["1992"]', "brand_new": "1.5"}
    assert found.fields == {"IDNumber": "222"}


def test_error_answer_has_no_code_and_its_words():
    found = parse_result({"error": "Unsupported business type", "code": 2413, "success": False})

    assert (found.code, found.text, found.request_code) == (None, "Unsupported business type", "2413")


@pytest.mark.parametrize("body", [None, [], "text", 7, {"result": "No zip file received"}, {"result": None}])
def test_what_is_no_result_has_no_code(body: Any):
    assert parse_result(body).code is None


@given(body=BODIES | ENTRIES | STATUSES | JSON)
def test_nothing_raises_and_every_text_can_be_stored_and_sent(body: Any):
    found = parse_result(body)

    for each in (found, *found.history):
        texts = [*_texts(each), *each.fields.values(), *each.other, *each.other.values(), *sum(each.actions, ())]
        assert all("\0" not in text and text.encode() is not None and len(text) <= 500 for text in texts)
        assert each.job_type is None or each.job_type >= 0
    assert json.dumps(plain(body), allow_nan=False, ensure_ascii=False).encode() is not None


@given(value=JSON)
def test_code_never_becomes_four_digits_unless_it_is_digits(value: Any):
    code = code_of(value)

    if code and len(code) == 4 and code.isdigit() and code.isascii():
        assert isinstance(value, str | int | float)


def _texts(found: SmileResult) -> list[str]:
    named = (found.code, found.text, found.error, found.request_code, found.job_id, found.user_id, found.smile_job_id)
    return [text for text in (*named, *found.images) if text]
