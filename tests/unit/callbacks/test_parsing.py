"""The strict parser: what is refused, and that nothing else comes out of it than a refusal or an object."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.callbacks.receiving.parsing import Malformed, parse, read_facts

MALFORMED = {
    "empty": b"",
    "not JSON": b"timestamp=1&signature=2",
    "cut off": b'{"a": "b',
    "text after the object": b'{"a": 1} {"b": 2}',
    "byte order mark twice": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "not UTF-8": b'{"a": "\xff"}',
    "overlong UTF-8": b'{"a": "\xc0\x80"}',
    "list on top": b"[]",
    "text on top": b'"a"',
    "number on top": b"1",
    "null": b"null",
    "33 levels": b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}",
    "200,000 lists deep": b"[" * 200_000,
    "200,000 objects deep": b'{"a":' * 200_000,
    "same key twice": b'{"ResultCode": "0810", "ResultCode": "0811"}',
    "same key twice below": b'{"a": [{"b": 1, "b": 1}]}',
    "same key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "number beyond a float": b'{"a": 1e999}',
    "integer of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "fraction of 5,000 digits": b'{"a": 0.' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"a": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udc00": 1}',
    "surrogates in the wrong order": b'{"a": "\\udc00\\ud800"}',
    "surrogate as bytes": b'{"a": "\xed\xa0\x80"}',
    "NUL in a key": b'{"\\u0000": 1}',
    "NUL as a byte": b'{"a": "\x00"}',
    "control character": b'{"a": "\n"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_body_is_refused_in_one_sentence(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        parse(body)

    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 80


ACCEPTED = {
    "empty object": (b"{}", {}),
    "32 levels": (b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}", None),
    "emoji as a pair of surrogates": (b'{"a": "\\ud83d\\ude00"}', {"a": "\N{GRINNING FACE}"}),
    "emoji as bytes": ('{"a": "\N{GRINNING FACE}"}'.encode(), {"a": "\N{GRINNING FACE}"}),
    "right-to-left override": (b'{"a": "\\u202eabc"}', {"a": "\u202eabc"}),
    "escaped backslash before u0000": (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    "twenty digits": (b'{"a": 12345678901234567890}', {"a": 12345678901234567890}),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "NUL in a text": (b'{"a": "x\\u0000y"}', {"a": "x\N{REPLACEMENT CHARACTER}y"}),
    "NUL in a text of a list": (b'{"a": [[{"b": "\\u0000"}]]}', {"a": [[{"b": "\N{REPLACEMENT CHARACTER}"}]]}),
    "space around": (b' \r\n{"a": 1.5}\n', {"a": 1.5}),
}


@pytest.mark.parametrize(("body", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_well_formed_body_is_read_as_it_stands(body: bytes, expected: Any) -> None:
    parsed = parse(body)

    assert parsed == (json.loads(body) if expected is None else expected)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        parsed = parse(body)
    except Malformed:
        return

    assert isinstance(parsed, dict)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["timestamp", "signature", "sec_key", "PartnerParams", "SmileJobID", "ResultCode", "ResultText", "Country"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_fields_of_any_type_are_read_without_a_crash(payload: dict[str, Any]) -> None:
    facts = read_facts(payload)

    assert facts.job_id == facts.job_id[:200]
    assert facts.signed_at is None or facts.signed_at.tzinfo is not None
