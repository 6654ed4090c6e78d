"""Reads the warnings that an answer of Smile contains besides its outcome, whatever shape the answer has."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from dashboard.smile.constants import NOT_AVAILABLE

#: Smile Secure, the search for duplicates, sends these in a separate callback.
#: https://docs.usesmileid.com/products/for-individuals-kyc/smile-secure
NO_SUSPECTS, SUSPECTS_FOUND, SEARCH_FAILED = "5210", "5211", "5212"
SMILE_SECURE_CODES = frozenset({NO_SUSPECTS, SUSPECTS_FOUND, SEARCH_FAILED})
#: An AML check found the person. https://docs.usesmileid.com/products/for-individuals-kyc/aml-check
FOUND_ON_LIST = "1030"

#: People read no more; an unverified callback may hold thousands.
MOST_NAMED = 50
LONGEST_TEXT = 200
NOTHING = frozenset({"", NOT_AVAILABLE.casefold(), "n/a", "na", "none", "null", "nil", "unknown", "false", "0", "-"})
MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)  # noqa: SIM905
}
#: Digits only, with the day or the month first.
SHORT_DATE = re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})", re.ASCII)
#: Spellings of dates that authorities use.
DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ].*)?", re.ASCII),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})[- /](?P<name>[A-Za-z]{3})[a-z]*[-, /]+(?P<year>\d{4})", re.ASCII),
    SHORT_DATE,
)


class WarningKind(StrEnum):
    """The kinds of warnings, the most serious first: a page that shows only some shows these."""

    ON_WATCH_LIST = "on_watch_list"
    DECEASED = "deceased"
    NOT_ALIVE = "not_alive"
    DOCUMENT_TAMPERED = "document_tampered"
    DOCUMENT_COPIED = "document_copied"
    FACE_SEEN_BEFORE = "face_seen_before"
    SUSPECTS = "suspects"
    NUMBER_SEEN_BEFORE = "number_seen_before"
    DOCUMENT_EXPIRED = "document_expired"
    ID_NOT_ACTIVE = "id_not_active"
    NAME_DIFFERS = "name_differs"
    DETAILS_DIFFER = "details_differ"
    SEARCH_FAILED = "search_failed"


@dataclass(frozen=True)
class SmileWarning:
    """One warning.

    `facts` may be shown to everyone: `user_ids` (of other customers), `count`, `lists`, `checks`, `status`, `fields`.
    `personal` describes this customer: `date_of_death`, `expired_on`, `reasons`.
    """

    kind: WarningKind
    facts: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)


def warnings_in(payload: Mapping[str, Any], today: date) -> tuple[SmileWarning, ...]:
    """The warnings of one result: a callback's body, a synchronous answer, or `result` of job_status.

    today: decides whether a document has expired. Booleans may be text, and fields may have any JSON type: one that
    cannot be read gives no warning. Each kind comes once, the most serious first.

    https://docs.usesmileid.com/results/json-top-level-keys
    """
    found = [warning for read in READERS for warning in read(payload, today)]
    by_kind = {warning.kind: warning for warning in reversed(found)}
    return tuple(by_kind[kind] for kind in WarningKind if kind in by_kind)


def _number_seen_before(payload: Mapping[str, Any], _: date) -> Iterator[SmileWarning]:
    """Other users have registered with the same ID number.

    https://docs.usesmileid.com/products/for-individuals-kyc/biometric-kyc
    """
    users = _texts(payload.get("UserIDsOfPreviousRegistrants"))
    if users or _is_true(payload.get("IDNumberPreviouslyRegistered")):
        yield SmileWarning(WarningKind.NUMBER_SEEN_BEFORE, _users(users))


def _suspects(payload: Mapping[str, Any], _: date) -> Iterator[SmileWarning]:
    """Other users with the same face, or suspected for another reason.

    The list has three shapes: a separate callback of Smile Secure, `Antifraud.smile_secure` in another answer, and
    `antifraud` in v3.
    https://docs.usesmileid.com/products/for-individuals-kyc/smile-secure
    """
    antifraud = _mapping(payload.get("Antifraud")) or _mapping(payload.get("antifraud"))
    secure = _mapping(antifraud.get("smile_secure"))
    codes = {_code(payload.get("ResultCode")), _code(secure.get("ResultCode"))}
    same_face: list[str] = []
    others: list[str] = []
    reasons: list[str] = []
    for suspect in [*_items(antifraud.get("SuspectUsers")), *_items(secure.get("SuspectUsers"))]:
        user = _text(suspect.get("user_id")) if isinstance(suspect, Mapping) else _text(suspect)
        why = [*_texts(suspect.get("reasons")), *_texts(suspect.get("reason"))] if isinstance(suspect, Mapping) else []
        if user:
            is_same_face = any(re.search(r"same.?person|duplicate|face", reason.casefold()) for reason in why)
            (same_face if is_same_face else others).append(user)
            reasons += why
    personal = {"reasons": _unique(reasons)} if reasons else {}
    if same_face:
        yield SmileWarning(WarningKind.FACE_SEEN_BEFORE, _users(_unique(same_face)), personal)
    is_detected = _is_true(_mapping(antifraud.get("summary")).get("fraud_detected"))
    if others or (not same_face and (is_detected or SUSPECTS_FOUND in codes)):
        yield SmileWarning(WarningKind.SUSPECTS, _users(_unique(others)), personal)
    if SEARCH_FAILED in codes:
        yield SmileWarning(WarningKind.SEARCH_FAILED)


def _status_of_person(payload: Mapping[str, Any], today: date) -> Iterator[SmileWarning]:
    """What the authority's register says about the person and the ID, at top level or in FullData.

    https://docs.usesmileid.com/products/for-individuals-kyc/enhanced-kyc
    """
    for place in (payload, _mapping(payload.get("FullData"))):
        died, status = _text(_first(place, "DateOfDeath", "date_of_death")), _text(_first(place, "IDStatus"))
        died = "" if died.casefold() in NOTHING else died
        is_negated = NEGATED.search(status.casefold()) is not None
        says_dead = not is_negated and re.search(r"\b(deceased|dead|died)\b", status.casefold()) is not None
        if died or says_dead:
            yield SmileWarning(WarningKind.DECEASED, personal={"date_of_death": died} if died else {})
        if _as_bool(_first(place, "IsAlive", "is_alive")) is False:
            yield SmileWarning(WarningKind.NOT_ALIVE)
        if not says_dead and re.search(
            r"\b(inactive|not active|suspended|blocked|revoked|cancel\w*|lost|stolen|invalid|withdrawn|expired)\b",
            status.casefold(),
        ):
            yield SmileWarning(WarningKind.ID_NOT_ACTIVE, {"status": status})
        expires = _as_date(_text(_first(place, "ExpirationDate", "expiration_date")))
        if expires and expires < today:
            yield SmileWarning(WarningKind.DOCUMENT_EXPIRED, personal={"expired_on": expires.isoformat()})


#: Words in the name of a failed check, or in Smile's text or reason, that say what is wrong with the document.
#: https://docs.usesmileid.com/products/for-individuals-kyc/document-verification
DOCUMENT_TROUBLES = (
    (
        WarningKind.DOCUMENT_COPIED,
        re.compile(r"photo.?cop|\bcop(y|ied)\b|\bprint(ed|out)?\b|\bscreen(shot)?\b|recapture|black.and.white"),
    ),
    (
        WarningKind.DOCUMENT_TAMPERED,
        re.compile(r"\btamper|\bforge|\baltered|\balteration|manipulat|counterfeit|\bfake\b|\bedited|security.feature"),
    ),
    (WarningKind.DOCUMENT_EXPIRED, re.compile(r"\bexpir")),
)
DETECTED = re.compile(r"fail|reject|detected|^yes$|^true$")
NEGATED = re.compile(r"\b(no|not|none|non|without|undetected|valid until)\b")


def _document_checks(payload: Mapping[str, Any], _: date) -> Iterator[SmileWarning]:
    """Failed checks of the document; v3 puts the code into `reason`."""
    actions = _mapping(payload.get("Actions"))
    failed = [name for name, value in actions.items() if _is_detected(value)]
    reasons = [*_texts(payload.get("reason")), *_texts(payload.get("reasons"))]
    text = _text(payload.get("ResultText"))
    # Texts such as "Document Verified" contain none of these words.
    for kind, words in DOCUMENT_TROUBLES:
        checks = [_text(name) for name in failed if words.search(_plain(_text(name)))]
        said = [_plain(each) for each in [*reasons, text]]
        if checks or any(words.search(each) and not NEGATED.search(each) for each in said):
            yield SmileWarning(kind, {"checks": checks} if checks else {})


#: Basic KYC compares these details. https://docs.usesmileid.com/products/for-individuals-kyc/basic-kyc
NAMES = frozenset({"names", "name", "full_name", "first_name", "last_name", "other_names", "middle_name"})
DETAILS = frozenset({"dob", "date_of_birth", "gender", "phone_number", "id_verification"})
DIFFERENT = frozenset({"no match", "partial match"})


def _compared_details(payload: Mapping[str, Any], _: date) -> Iterator[SmileWarning]:
    differing = [
        _text(name) for name, value in _mapping(payload.get("Actions")).items() if _text(value).casefold() in DIFFERENT
    ]
    names = [name for name in differing if name.casefold() in NAMES]
    details = [name for name in differing if name.casefold() in DETAILS]
    if names:
        yield SmileWarning(WarningKind.NAME_DIFFERS, {"fields": names})
    if details:
        yield SmileWarning(WarningKind.DETAILS_DIFFER, {"fields": details})


def _watch_list(payload: Mapping[str, Any], _: date) -> Iterator[SmileWarning]:
    """The person is on a list of sanctions, politically exposed persons or adverse media.

    https://docs.usesmileid.com/products/for-individuals-kyc/aml-check
    """
    people = [person for person in _items(payload.get("people")) if isinstance(person, Mapping)]
    count = _as_count(payload.get("no_of_persons_found")) or len(people)
    if not count and _code(payload.get("ResultCode")) != FOUND_ON_LIST:
        return
    lists: list[str] = []
    for person in people:
        if _items(person.get("sanctions")):
            lists.append("sanctions")
            lists += [_text(_first(each, "source", "list", "name")) for each in _items(person["sanctions"]) if each]
        lists += [
            words
            for name, words in (("pep", "politically exposed persons"), ("adverse_media", "adverse media"))
            if _as_count(_mapping(person.get(name)).get("count"))
        ]
    named = _unique([name for name in lists if name])
    yield SmileWarning(WarningKind.ON_WATCH_LIST, {"count": count or 1} | ({"lists": named} if named else {}))


READERS: tuple[Callable[[Mapping[str, Any], date], Iterator[SmileWarning]], ...] = (
    _watch_list,
    _status_of_person,
    _document_checks,
    _suspects,
    _number_seen_before,
    _compared_details,
)


def _is_detected(value: Any) -> bool:
    text = str(value).casefold() if isinstance(value, bool) else _text(value).casefold()
    return bool(DETECTED.search(text)) and not NEGATED.search(text)


def _users(users: list[str]) -> dict[str, Any]:
    return {"user_ids": users, "count": len(users)} if users else {}


def _unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))[:MOST_NAMED]


def _plain(text: str) -> str:
    return text.replace("_", " ").replace("-", " ").casefold()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Any]:
    """A list; a single value becomes a list of one."""
    if isinstance(value, list):
        return value[: MOST_NAMED * 4]
    return [] if value is None or isinstance(value, bool) else [value]


def _first(place: Any, *names: str) -> Any:
    if not isinstance(place, Mapping):
        return place
    return next((place[name] for name in names if place.get(name) is not None), None)


def _text(value: Any) -> str:
    """A short text that every database accepts; "" for what is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        text = str(value)
    except ValueError:  # Python refuses to print a number of thousands of digits.
        return ""
    return text[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "replace").decode().strip()


def _texts(value: Any) -> list[str]:
    return _unique([text for text in map(_text, _items(value)) if text.casefold() not in NOTHING - {"0"}])


def _code(value: Any) -> str:
    return _text(value).zfill(4)


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(_text(value).casefold())


def _is_true(value: Any) -> bool:
    return _as_bool(value) is True


def _as_count(value: Any) -> int:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _as_date(text: str) -> date | None:
    """A date in a spelling that authorities use; the later one where day and month may be swapped."""
    for pattern in DATES:
        match = pattern.fullmatch(text)
        if match:
            part = match.groupdict()
            month = int(part["month"]) if part.get("month") else MONTHS.get(part["name"].casefold(), 0)
            return _date(int(part["year"]), month, int(part["day"]), may_be_swapped=pattern is SHORT_DATE)
    return None


def _date(year: int, month: int, day: int, *, may_be_swapped: bool) -> date | None:
    dates = []
    for of_month, of_day in ((month, day), (day, month)) if may_be_swapped else ((month, day),):
        try:
            dates.append(date(year, of_month, of_day))
        except ValueError:
            continue
    return max(dates, default=None)
