"""Requests that no honest sender makes, by hypothesis: bodies, types and framing, each wrong in many ways."""

import io
import json
from typing import Any

from hypothesis import strategies as st

from tests.factories.callbacks import encode, make_payload

Request = dict[str, Any]

FIELDS = ["timestamp", "signature", "sec_key", "PartnerParams", "SmileJobID", "ResultCode", "ResultText", "Actions"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
BODIES: st.SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=80),
    st.dictionaries(st.sampled_from(FIELDS), VALUES).map(encode),  # NaN, infinities and half surrogates among them
    st.builds(
        lambda depth, opening: opening * depth,
        st.sampled_from([31, 33, 999, 100_000]),
        st.sampled_from([b"[", b'{"a":']),
    ),
    st.builds(lambda digits: b'{"timestamp": ' + b"9" * digits + b"}", st.sampled_from([99, 101, 4301, 200_000])),
    st.builds(lambda power: f'{{"timestamp": 1e{power}}}'.encode(), st.integers(-400, 400)),
    st.sampled_from(
        [b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}']
    ),
    st.builds(lambda cut: encode(make_payload())[:cut], st.integers(0, 500)),
    st.builds(
        lambda text, encoding: json.dumps({"FullName": text}, ensure_ascii=False).encode(encoding, "surrogatepass"),
        st.text(st.characters(), max_size=20),
        st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "utf-7"]),
    ),
    st.builds(lambda text: encode(make_payload(FullName=text, signature="d3Jvbmc=")), st.text(max_size=30)),
)
CONTENT_TYPES = st.sampled_from(
    ["application/json"] * 6
    + ["", "text/plain", "application/json; charset=utf-16", "multipart/form-data", "application/x-www-form-urlencoded"]
    + ["application/problem+json", "\u0130/json".encode().decode("latin-1"), "application/json" * 9]
)
PATHS = st.sampled_from(["/hooks/smile"] * 5 + ["/hooks/smile/nobody", "/hooks/smile/%00", "/hooks/smile/" + "k" * 300])
ENCODINGS = st.sampled_from([None] * 6 + ["gzip", "br", "identity", "IDENTITY", "nonsense"])


@st.composite
def malformed_requests(draw: st.DrawFn) -> Request:
    """Arguments for a test client's `open`."""
    body = draw(BODIES)
    encoding = draw(ENCODINGS)
    request: Request = {
        "path": draw(PATHS),
        "content_type": draw(CONTENT_TYPES),
        "headers": {"Content-Encoding": encoding} if encoding else {},
    }
    if draw(st.booleans()):
        return request | {"data": body}
    # Chunked: no length is told, and it may end at once.
    return request | {"input_stream": io.BytesIO(body), "environ_base": {"wsgi.input_terminated": True}}
