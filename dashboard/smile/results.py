"""Reads every answer of Smile in one tolerant way: job_status, callbacks, synchronous answers and history entries.

A result of v3 is read under the names of v1. Its decision is the only thing that v1 does not have.

Nothing here raises, whatever JSON type a field has. It does without pydantic: the client needs little more than
requests, and receiving a callback reads only a few fields, which full validation would slow down.
https://docs.usesmileid.com/results/json-top-level-keys
https://docs.usesmileid.com/further-reading/job-status
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from dashboard.smile.constants import NOT_AVAILABLE
from dashboard.smile.v3_names import decision_in, in_v1_names, is_v3

#: In characters. Smile's own codes and texts are shorter; the payload keeps longer ones whole.
LONGEST_TEXT = 500
LONGEST_NAME = 100
MOST_ACTIONS = 100
MOST_DEEP = 32
MOST_HISTORY = 100
#: How Smile writes that nothing was returned, besides null.
MISSING = frozenset({"", NOT_AVAILABLE, "N/A"})
#: Fields that hold an image as base64, and the objects with links to images.
IMAGE_FIELDS = ("Photo", "Document")
IMAGE_LINKS = ("ImageLinks", "image_links")
NAMELESS_ACTION = "Check"

_FOUR_DIGITS = re.compile(r"[0-9]{1,4}")
_NAMED = re.compile(r"\s*([^:]{1,100}?)\s*:\s+(.+)", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


#: The documented text fields of a result.
_TEXTS = frozenset(
    {"JSONVersion", "SmileJobID", "ResultType", "ResultText", "Source", "ConfidenceValue", "KYCReceipt", "Country"}
    | {"IDType", "IDNumber", "Secondary_ID_Number", "SecondaryIDNumber", "FullName", "FirstName", "LastName"}
    | {"OtherName", "DOB", "Gender", "PhoneNumber", "PhoneNumber2", "Address", "IssuanceDate", "ExpirationDate"}
)
#: The other documented fields; each is read by its own property, or from `entry`.
_NO_TEXTS = frozenset(
    {"PartnerParams", "ResultCode", "IsFinalResult", "IsMachineResult", "Actions", "ImageLinks", "Photo", "Document"}
    | {"FullData", "IDNumberPreviouslyRegistered", "UserIDsOfPreviousRegistrants", "Antifraud", "timestamp"}
    | {"signature", "sec_key", "success", "company_information", "fiduciaries", "beneficial_owners", "directors"}
    | {"proprietors", "documents"}
)
#: Fields about the answer, not about the customer.
_ABOUT_THE_ANSWER = frozenset(
    {"JSONVersion", "SmileJobID", "ResultType", "ResultText", "Source", "ConfidenceValue", "KYCReceipt"}
)


class SmileResult:
    """One answer of Smile in either of its two shapes: flat, or job_status with the result inside `result`.

    payload: the whole body, any JSON object; a field of an unexpected type never raises.
    is_job_status: the answer is known to be one of job_status; otherwise its shape tells.

    https://docs.usesmileid.com/results/json-top-level-keys
    """

    __slots__ = ("_params", "entry", "is_job_status", "is_v3", "payload")

    #: Whether the body has the shape of job_status. A body with a code of its own is flat, whatever else it has.
    is_job_status: bool
    #: The result itself, with Smile's own keys; empty where job_status has none yet, or only a text.
    entry: dict[str, Any]
    #: Whether it has the shape of v3: its decision decides, and its code is the reason for that.
    is_v3: bool

    def __init__(self, payload: dict[str, Any], is_job_status: bool = False) -> None:
        self.payload = payload
        self.is_v3 = not is_job_status and is_v3(payload)
        if self.is_v3:
            self.is_job_status, self.entry = False, in_v1_names(payload)
            self._params = _object(self.entry["PartnerParams"])
            return
        self.is_job_status = is_job_status or ("result" in payload and "ResultCode" not in payload)
        self.entry = _object(payload.get("result")) if self.is_job_status else payload
        self._params = _object(self.entry.get("PartnerParams")) or _object(payload.get("PartnerParams"))

    @property
    def decision(self) -> str:
        """`status` of v3 in lower case, such as "clear"; "" for an answer of v1, whose code decides."""
        return text_of(decision_in(self.payload)) if self.is_v3 else ""

    @property
    def code(self) -> str | None:
        """`ResultCode` as text: four digits where it is a number or digits; None where there is none.

        A list or an object, which may hold anything, is only named: "[list]", "[object]".

        https://docs.usesmileid.com/further-reading/result-codes
        """
        return code_of(self.entry.get("ResultCode"))

    @property
    def text(self) -> str | None:
        """`ResultText`; without a code the error of the answer, or the text that stands for the result."""
        said = _single(self.entry.get("ResultText"))
        if said or self.code:
            return said
        return self.error or _single(self.payload.get("result"))

    @property
    def error(self) -> str | None:
        """The message of an error answer, `{"error": ..., "code": ...}`."""
        return _single(self.payload.get("error")) or _single(self.entry.get("error"))

    @property
    def request_code(self) -> str | None:
        """`code`, which is about the request and not the customer: 2302 found, 2314 no zip, 22xx and 24xx errors.

        https://docs.usesmileid.com/further-reading/result-codes/error-codes
        """
        return code_of(self.payload.get("code"))

    @property
    def is_final(self) -> bool:
        """False only where `IsFinalResult` says so, as the text "false" or as a boolean."""
        return flag_of(self.entry.get("IsFinalResult")) is not False

    @property
    def is_complete(self) -> bool:
        """`job_complete`: Smile has reported a final status."""
        return flag_of(self.payload.get("job_complete")) is True

    @property
    def success(self) -> bool | None:
        """`job_success`: matched and enrolled. It says nothing for job types 5 and 7, which do neither."""
        return flag_of(self.payload.get("job_success"))

    @property
    def actions(self) -> tuple[tuple[str, str], ...]:
        """`Actions` as pairs of name and value, in Smile's order, whatever JSON type it has; at most 100.

        https://docs.usesmileid.com/results/result-and-error-codes
        """
        found = []
        for name, words in _pairs("", self.entry.get("Actions"), 0):
            found.append((name[:LONGEST_NAME], words))
            if len(found) == MOST_ACTIONS:
                break
        return tuple(found)

    @property
    def fields(self) -> dict[str, str]:
        """The documented text fields about the customer, by Smile's names; fields without a value are left out.

        https://docs.usesmileid.com/results/json-top-level-keys
        """
        names = (name for name in self.entry if name in _TEXTS and name not in _ABOUT_THE_ANSWER)
        return {name: value for name in names if (value := self.value(name)).strip() not in MISSING}

    @property
    def other(self) -> dict[str, str]:
        """Fields that are undocumented, or not of their documented type, as text."""
        return {
            text_of(name)[:LONGEST_NAME]: words
            for name, value in self.entry.items()
            if not (name in _TEXTS and _id_of(value)) and name not in _NO_TEXTS and name not in _ENVELOPE
            if (words := words_of(value))
        }

    @property
    def images(self) -> tuple[str, ...]:
        """The names of the images in the answer, inline or as links, such as "Photo" and "ImageLinks.selfie_image"."""
        inline = [name for name in IMAGE_FIELDS if (words_of(self.entry.get(name)) or "") not in MISSING]
        holders = ((name, self.entry.get(name) or self.payload.get(name)) for name in IMAGE_LINKS)
        linked = [f"{holder}.{name}" for holder, links in holders if isinstance(links, dict) for name in links]
        return tuple(text_of(name)[:LONGEST_NAME] for name in (*inline, *linked[:MOST_ACTIONS]))

    @property
    def job_id(self) -> str:
        """The partner's id of the job, from `PartnerParams`; "" where there is none."""
        return _id_of(self._params.get("job_id"))

    @property
    def user_id(self) -> str:
        """The partner's id of the user, from `PartnerParams`; "" where there is none."""
        return _id_of(self._params.get("user_id"))

    @property
    def smile_job_id(self) -> str:
        """Smile's id of the job, usually ten digits; "" where there is none."""
        return _id_of(self.entry.get("SmileJobID")) or _id_of(self.payload.get("smile_job_id"))

    @property
    def job_type(self) -> int | None:
        """The job type, 1 to 12, from a number or its text in `PartnerParams`; None where it is neither."""
        text = _id_of(self._params.get("job_type"))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None

    @property
    def history(self) -> "tuple[SmileResult, ...]":
        """The results that job_status lists, in Smile's order; at most 100. Entries that are not objects are left out.

        https://docs.usesmileid.com/further-reading/job-status
        """
        entries = self.payload.get("history")
        found = entries[:MOST_HISTORY] if isinstance(entries, list) else ()
        return tuple(SmileResult(entry) for entry in found if isinstance(entry, dict))

    def value(self, name: str) -> str:
        """One documented text field, by Smile's name; "" where it is missing or of another type."""
        return _id_of(self.entry.get(name))


#: Fields of the body around a result.
_ENVELOPE = frozenset({"result", "history", "code", "error", "job_complete", "job_success", "image_links"})


def parse_result(payload: Any, is_job_status: bool = False) -> SmileResult:
    """Read one answer. Anything but a JSON object counts as an empty one.

    is_job_status: the answer is known to be one of job_status; otherwise its shape tells.
    """
    return SmileResult(_object(payload), is_job_status)


def code_of(value: Any) -> str | None:
    """A code as Smile's tables write it: `810`, `"810"` and `"0810"` all become "0810".

    Other values keep their text; a list or an object is only named.
    """
    if isinstance(value, dict | list):
        return ("[object]" if isinstance(value, dict) else "[list]") if value else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = words_of(value)
    return words.zfill(4) if words and _FOUR_DIGITS.fullmatch(words) else words


def words_of(value: Any) -> str | None:
    """A value of any JSON type as text that every database accepts, at most 500 characters; None where it is empty."""
    if value is None or value in ("", [], {}):
        return None
    text = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
    return text_of(text[: 2 * LONGEST_TEXT])[:LONGEST_TEXT] or None


def flag_of(value: Any) -> bool | None:
    """A boolean, which may come as its text; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def text_of(text: str) -> str:
    """`text` without what databases and pages reject: NUL, and lone surrogates."""
    return text if text.isascii() and "\0" not in text else _SURROGATE.sub("?", text.replace("\0", ""))


def plain(value: Any, depth: int = 0) -> Any:
    r"""A copy of a JSON value that every encoder accepts: no NaN, no lone surrogate, at most 32 levels.

    depth: the level of `value`. Lone surrogates are written as JSON escapes, such as `\ud800`.
    """
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, dict | list) and depth >= MOST_DEEP:
        return "[nested too deeply]"
    if isinstance(value, dict):
        return {plain(str(name)): plain(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part, depth + 1) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _pairs(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Names and values of Actions: nested names are joined, and lists are read item by item."""
    if isinstance(value, dict) and depth < MOST_DEEP:
        for part_name, part in value.items():
            part_name = text_of(str(part_name))
            yield from _pairs(f"{name}: {part_name}" if name else part_name, part, depth + 1)
    elif isinstance(value, list) and depth < MOST_DEEP:
        for part in value:
            yield from _pairs(name, part, depth + 1)
    elif words := words_of(value):
        named = _NAMED.fullmatch(words) if not name and isinstance(value, str) else None
        yield (named[1], named[2]) if named else (name or NAMELESS_ACTION, words)


def _single(value: Any) -> str | None:
    """As `words_of`, but None for a list or an object, which may hold anything about the customer."""
    return None if isinstance(value, dict | list) else words_of(value)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id_of(value: Any) -> str:
    """An id, which arrives as text or a number; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return text_of(str(value))[:LONGEST_TEXT]
