"""The reason of a refusal is read, whatever form the server gives it, and nothing that was sent is read with it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import IDApi, Refused
from dashboard.smile.refusals import LONGEST_TEXT, refusal

from .examples import job, lookup
from .fake_smile import Answer, FakeSmile


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        ({"error": ["dob is invalid", "country is not known"]}, None, "dob is invalid; country is not known"),
        ({"error": {"message": "Not allowed", "code": "2205"}}, "2205", "Not allowed"),
        ({"error": {"code": 2204, "details": ["dob is invalid"]}}, "2204", "dob is invalid"),
        ({"errors": [{"field": "dob", "message": "is invalid"}], "code": "2204"}, "2204", "dob: is invalid"),
        ({"errors": {"dob": ["is invalid", "is missing"]}}, None, "dob: is invalid; dob: is missing"),
        ({"message": "Forbidden"}, None, "Forbidden"),
        ({"detail": "Not found"}, None, "Not found"),
        ({"error": "", "message": "Forbidden"}, None, "Forbidden"),
        ({"error": True, "message": "Forbidden"}, None, "Forbidden"),
        ([{"code": "2204", "error": "wrong type"}], "2204", "wrong type"),
        (["wrong type", "wrong length"], None, "wrong type; wrong length"),
        ("You are not authorized", None, "You are not authorized"),
        (b"You are not authorized\n", None, "You are not authorized"),
        (b"<html><title>403 Forbidden</title><h1>Nope</h1></html>", None, "403 Forbidden"),
        (b"<!doctype html><body><h1>Access  denied &amp; logged</h1></body>", None, "Access denied & logged"),
        (b"<p>Blocked</p>", None, "Blocked"),
        (b"<html><p>" + b"words " * 100, None, ""),
        ({"error": "<b>Bad</b> request"}, None, "Bad request"),
        ({}, None, ""),
        ([], None, ""),
        (7, None, "7"),
    ],
)
def test_a_reason_is_read_in_every_form(
    smile: FakeSmile, id_api: IDApi, content: Any, code: str | None, reason: str
) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(content, 400)

    with pytest.raises(Refused) as caught:
        id_api.submit_job(job(5), lookup())

    assert (caught.value.status, caught.value.code) == (400, code)
    assert caught.value.reason == reason
    # Some codes have words of ours, which say what to do.
    assert code or (reason or "no reason was given") in str(caught.value)


@pytest.mark.parametrize("wrap", [lambda text: [text], lambda text: {"errors": {"name": [text]}}, str, str.encode])
def test_what_was_sent_is_not_read_with_it(smile: FakeSmile, id_api: IDApi, wrap: Any) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(wrap("AMINA O'NEIL (22200000001) is not N&#39;Golo"), 400)

    with pytest.raises(Refused) as caught:
        id_api.submit_job(
            job(5, names=["N'Golo"]), lookup(first_name="Amina", last_name="O'Neil", id_number="22200000001")
        )

    said = f"{caught.value.reason} {caught.value} {caught.value.body}"
    assert "is not" in said
    for personal in ("amina", "o'neil", "22200000001", "n'golo"):
        assert personal not in said.lower()


ANSWER = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["error", "errors", "message", "code", "dob", "detail"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(ANSWER)
def test_any_json_answer_gives_a_short_reason(answer: Any) -> None:
    error = refusal(400, {}, json.dumps(answer).encode(), answer, {})

    assert len(error.reason) <= LONGEST_TEXT
    assert str(error)
