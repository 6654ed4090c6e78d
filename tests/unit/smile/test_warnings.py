"""Warnings are read from whatever an answer holds; what cannot be read warns of nothing and breaks nothing."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile.warnings import WarningKind, warnings_in

TODAY = date(2026, 11, 27)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    *(
        "IDNumberPreviouslyRegistered",
        "UserIDsOfPreviousRegistrants",
        "Antifraud",
        "antifraud",
        "IsAlive",
        "DateOfDeath",
    ),
    *("IDStatus", "ExpirationDate", "FullData", "Actions", "ResultText", "ResultCode", "reason", "people"),
    *("no_of_persons_found", "SuspectUsers"),
)
SUSPECTS = {"SuspectUsers": [{"user_id": "user-a", "reason": "same-person"}, {"user_id": "user-b", "reason": "device"}]}


def kinds(payload: dict[str, Any]) -> list[str]:
    return [warning.kind.value for warning in warnings_in(payload, TODAY)]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"IDNumberPreviouslyRegistered": "true"}, ["number_seen_before"]),
        ({"IDNumberPreviouslyRegistered": True}, ["number_seen_before"]),
        ({"IDNumberPreviouslyRegistered": False, "UserIDsOfPreviousRegistrants": []}, []),
        ({"UserIDsOfPreviousRegistrants": "user-a"}, ["number_seen_before"]),
        ({"Antifraud": SUSPECTS, "ResultCode": "5211"}, ["face_seen_before", "suspects"]),
        ({"Antifraud": {"smile_secure": SUSPECTS}}, ["face_seen_before", "suspects"]),
        ({"antifraud": {"summary": {"fraud_detected": "true"}}}, ["suspects"]),
        ({"ResultCode": 5211}, ["suspects"]),
        ({"ResultCode": "5210", "Antifraud": {"SuspectUsers": []}}, []),
        ({"ResultCode": "5212"}, ["search_failed"]),
        ({"DateOfDeath": "2020-02-01"}, ["deceased"]),
        ({"DateOfDeath": "Not Available"}, []),
        ({"IDStatus": "Deceased"}, ["deceased"]),
        ({"FullData": {"IDStatus": "DECEASED"}}, ["deceased"]),
        ({"IDStatus": "Not deceased"}, []),
        ({"IDStatus": "Suspended"}, ["id_not_active"]),
        ({"IDStatus": "Active"}, []),
        ({"IsAlive": "false"}, ["not_alive"]),
        ({"IsAlive": "maybe"}, []),
        ({"ExpirationDate": "2026-11-26"}, ["document_expired"]),
        ({"ExpirationDate": "2026-11-27"}, []),
        ({"ExpirationDate": "26/11/2026"}, ["document_expired"]),
        ({"ExpirationDate": "05/12/2026"}, []),  # 5 December or 12 May: it may still be valid.
        ({"ExpirationDate": "20-January-2020"}, ["document_expired"]),
        ({"ExpirationDate": "20200120"}, ["document_expired"]),
        ({"ExpirationDate": "Not Available"}, []),
        ({"ExpirationDate": "2026-99-99"}, []),
        ({"Actions": {"Document_Copy_Check": "Failed"}}, ["document_copied"]),
        ({"Actions": {"Document_Copy_Check": "Passed", "Fingerprint_Check": "Failed"}}, []),
        ({"Actions": {"Photocopy_Check": "Not Detected"}}, []),
        ({"Actions": {"Tamper_Check": "Failed"}}, ["document_tampered"]),
        ({"ResultText": "Document is a photocopy"}, ["document_copied"]),
        ({"ResultText": "Document Verified After Human Review"}, []),
        ({"reason": "document_copy_detected"}, ["document_copied"]),
        ({"reason": "document_expired"}, ["document_expired"]),
        ({"Actions": {"Names": "Partial Match", "DOB": "No Match"}}, ["name_differs", "details_differ"]),
        ({"Actions": {"Names": "Exact Match", "DOB": "Not Provided"}}, []),
        ({"ResultCode": "1030"}, ["on_watch_list"]),
        ({"people": [{"pep": {"count": 1}}]}, ["on_watch_list"]),
    ],
)
def test_a_documented_field_warns(payload: dict[str, Any], expected: list[str]):
    assert kinds(payload) == expected


def test_warnings_hold_facts_for_everybody_apart_from_what_is_personal():
    payload = {
        "UserIDsOfPreviousRegistrants": ["user-1", "user-2", "user-1", None, {"a": 1}],
        "DateOfDeath": "2020-02-01",
        "people": [{"sanctions": [{"source": "UN list"}, 7], "pep": {"count": "2"}, "adverse_media": "x"}],
        "Antifraud": SUSPECTS,
    }

    found = {warning.kind: warning for warning in warnings_in(payload, TODAY)}

    assert found[WarningKind.NUMBER_SEEN_BEFORE].facts == {"user_ids": ["user-1", "user-2"], "count": 2}
    assert found[WarningKind.DECEASED].personal == {"date_of_death": "2020-02-01"}
    assert found[WarningKind.DECEASED].facts == {}
    assert found[WarningKind.ON_WATCH_LIST].facts["lists"] == [
        "sanctions",
        "UN list",
        "7",
        "politically exposed persons",
    ]
    assert found[WarningKind.FACE_SEEN_BEFORE].facts == {"user_ids": ["user-a"], "count": 1}
    assert found[WarningKind.FACE_SEEN_BEFORE].personal == {"reasons": ["same-person", "device"]}


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_any_json_in_any_field_breaks_nothing(payload: dict[str, Any]):
    found = warnings_in(payload, TODAY)

    assert len({warning.kind for warning in found}) == len(found)
    for warning in found:
        "".join(warning.facts.get("user_ids", [])).encode()


@given(st.lists(JSON, max_size=3))
def test_lists_of_anything_and_nested_trouble_break_nothing(junk: list[Any]):
    nested = {name: {name: junk, "SuspectUsers": junk, "summary": junk, "smile_secure": junk} for name in FIELDS}

    warnings_in(nested, TODAY)
    warnings_in({"people": [{"sanctions": junk, "pep": {"count": junk}, "adverse_media": junk}, *junk]}, TODAY)
