"""Multipart bodies of every kind: nearly right ones, broken ones, and noise."""

import json
from typing import Any

from hypothesis import strategies as st

JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
JOB_ID = "job_01j9q2v5m8f3k7r1t4w6x0y2za"
PATHS = (
    "token", "enhanced_kyc", "enhanced_kyc/sync", "biometric_kyc", "document_verification",
    "enhanced_document_verification", "residency_document_verification", "registration", "authentication", "compare",
    "aml", "aml/sync", "aml/monitoring", "address", "smile_links", "users/enrolled/report_fraud",
    f"replay/{JOB_ID}",
)  # fmt: skip
GOOD: dict[str, Any] = {
    "consent": {
        "granted": True,
        "granted_at": "2026-10-01T09:30:00.000Z",
        "notice_language": "EN",
        "notice_privacy_policy_url": "https://partner.example/privacy",
    },
    "user_details": {"given_names": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"},
    "callback_url": "https://partner.example/hooks/smile",
    "country": "NG",
    "id_type": "BVN",
    "id_number": "00000000000",
    "selfie_image": JPEG,
    "liveness_images": [JPEG] * 6,
    "document": JPEG,
    "visa": JPEG,
    "comparison_image": JPEG,
    "comparison_image_type": "PORTRAIT",
    "user_id": "enrolled",
    "countries": ["NG"],
    "full_name": "Amina Fatou Clearwater",
    "address": "1 Broad Street",
    "is_fraud": "true",
    "reported_by": "ben@partner.example",
    "reason": "OTHER",
    "notes": "Why.",
}
OTHERS = (
    "document_back", "partner_params", "metadata", "sandbox_result", "birth_year", "strict_match", "aliases",
    "search_existing_user", "allow_new_enroll", "use_enrolled_image", "utility_number", "utility_provider",
    "utility_type", "bank_code", "operator", "product", "payload", "id_types", "name", "is_single_use", "expires_at",
    "notice_privacy_policy_url", "consent[granted]", "user_details[last_name]", "", "x",
)  # fmt: skip
NAMES = st.sampled_from([*GOOD, *OTHERS])
TEXTS = st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())
ODD = st.sampled_from(
    [b"true", b"false", b"1e999", b"-1", b"NaN", b'"\\ud800"', b'{"given_names": "\\ud800", "last_name": "x"}',
     b"[" * 3000, b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"https://[", b"\x00", b"\r\n", b""]
)  # fmt: skip
CONTENTS = st.one_of(TEXTS, JSON, ODD, st.binary(max_size=40), st.just(JPEG))
HEADERS = st.dictionaries(
    st.sampled_from(["User-ID", "SmileID-Idempotency-Key"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    max_size=2,
)


@st.composite
def multipart_bodies(draw: st.DrawFn) -> tuple[str, str, bytes, dict[str, str]]:
    """A path below /v3, the content type, the body, and further headers."""
    parts: list[tuple[str, bytes, bool]] = []
    left_out = draw(st.sets(st.sampled_from(list(GOOD)), max_size=3))
    for name, value in GOOD.items():
        for each in value if isinstance(value, list) and isinstance(value[0], bytes) else [value]:
            if name not in left_out:
                is_file = isinstance(each, bytes)
                content = each if is_file else each.encode() if isinstance(each, str) else json.dumps(each).encode()
                parts.append((name, content, is_file))
    for name, content, is_file in draw(st.lists(st.tuples(NAMES, CONTENTS, st.booleans()), max_size=4)):
        kept = [part for part in parts if part[0] != name] if draw(st.booleans()) else parts
        parts = [*kept, (name, content, is_file)]
    boundary = draw(st.sampled_from(["b", "----WebKitFormBoundary", "x" * 70]))
    body = b"".join(_part(boundary, *part) for part in parts) + f"--{boundary}--\r\n".encode()
    if draw(st.integers(0, 9)) == 0:
        cut = draw(st.integers(0, len(body)))
        body = draw(
            st.sampled_from([body[:cut], body[cut:], body.replace(b"\r\n", b"\n"), body[:cut] + b"\xff" + body[cut:]])
        )
    kinds = [f"multipart/form-data; boundary={boundary}"] * 8
    content_type = draw(
        st.sampled_from([*kinds, "multipart/form-data", "multipart/form-data; boundary=other", "text/plain"])
    )
    return draw(st.sampled_from(PATHS)), content_type, body, draw(HEADERS)


def _part(boundary: str, name: str, content: bytes, is_file: bool) -> bytes:
    file_name = f'; filename="{name}.jpg"' if is_file else ""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'
    return head.encode() + content + b"\r\n"
