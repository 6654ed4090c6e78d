"""Answers and callbacks in which any documented field has any JSON type, by hypothesis."""

import json
import math
from typing import Any

from hypothesis import strategies as st

from dashboard.smile.constants import result_codes

#: Written down here once more, as Smile's own table has them: a witness beside the product.
APPROVING = frozenset({"0810", "0820", "0840", "1012", "1020", "1021", "1210", "1220"})
DOCUMENTED = (
    *("JSONVersion", "SmileJobID", "PartnerParams", "ResultType", "ResultText", "ResultCode", "IsFinalResult"),
    *("IsMachineResult", "Actions", "Source", "ConfidenceValue", "Country", "IDType", "IDNumber", "FullName", "DOB"),
    *("Gender", "PhoneNumber", "PhoneNumber2", "Address", "Photo", "Document", "FullData", "ExpirationDate"),
    *("Secondary_ID_Number", "SecondaryIDNumber", "KYCReceipt", "ImageLinks", "Antifraud", "success", "error"),
    *("IDNumberPreviouslyRegistered", "UserIDsOfPreviousRegistrants", "company_information", "directors", "documents"),
)
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    (
        *("", "Not Available", "Passed", "Liveness_Check: Passed", "true", "false", "N'Golo Adébáyọ̀ محمد"),
        *("<img src=x>", "{{7*7}}", "a\0b", "\ud800", "1992-03-14", "x" * 700),
        *("/9j/" + "A" * 400, "data:image/jpeg;base64,/9j/" + "B" * 400),
    )
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
CODES = st.sampled_from(sorted({row.code for row in result_codes()}))
SPELLED_CODES = st.one_of(
    CODES, CODES.map(int), CODES.map(lambda code: code.lstrip("0")), CODES.map(lambda code: [code])
)
FINAL = st.sampled_from(["true", "false"])
DEEP = st.builds(lambda depth: json.loads("[" * depth + "]" * depth), st.sampled_from([30, 34, 300]))
#: Fields that pages show or compare by name; each is there half of the time.
SHOWN = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("Actions", "ResultText", "PartnerParams", "FullName", "DOB", "IDNumber", "Photo"), JSON),
)
ENTRIES: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda fields, shown, code: fields | shown | code,
    st.dictionaries(st.sampled_from(DOCUMENTED) | TEXTS, JSON | DEEP, min_size=2, max_size=6),
    SHOWN,
    st.fixed_dictionaries({"ResultCode": SPELLED_CODES}, optional={"IsFinalResult": FINAL})
    | st.fixed_dictionaries({"ResultCode": CODES})
    | st.fixed_dictionaries({}, optional={"IsFinalResult": FINAL}),
)
#: The body of job_status; now and then its result is no object, or its own fields are of any type.
STATUSES: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda result, status: {"job_complete": True, "job_success": True, "code": "2302", "result": result} | status,
    ENTRIES | ENTRIES | ENTRIES | JSON,
    st.dictionaries(
        st.sampled_from(["job_complete", "job_success", "code", "history", "image_links", "success", "smile_job_id"]),
        JSON | st.booleans(),
        max_size=2,
    ),
)
#: Of callbacks. Most of them in JSON that the receiver takes, since the others are refused and shown nowhere.
BODIES: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda body, is_tame: tame(body) if is_tame else body, ENTRIES | STATUSES, st.sampled_from([True] * 9 + [False])
)


def code_in(body: dict[str, Any]) -> str:
    """The result code of a body as a person would read it: four digits, or nothing."""
    entry = body
    if "result" in body and "ResultCode" not in body:
        entry = body["result"] if isinstance(body["result"], dict) else {}
    code = entry.get("ResultCode")
    if isinstance(code, float) and code == int(code or 0):
        code = int(code)
    text = str(code).replace("\0", "") if isinstance(code, str | int) and not isinstance(code, bool) else ""
    return text.zfill(4) if text.isascii() and text.isdigit() else text


def tame(value: Any, depth: int = 0) -> Any:
    """Without what strict JSON has not: NaN, NUL, halves of surrogate pairs, and nesting without end."""
    if isinstance(value, dict):
        return {tame(name): tame(part, depth + 1) for name, part in value.items()} if depth < 20 else None
    if isinstance(value, list):
        return [tame(part, depth + 1) for part in value] if depth < 20 else None
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value
