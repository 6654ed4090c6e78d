"""Judges a callback's signature, and says in steps why. Pure: keys, time and earlier uses are passed in.

The signature covers the timestamp, the partner id and a constant, but not the body, so even `valid` is only a hint. Two
genuine callbacks of the same millisecond carry equal signatures, and so does a replay: `compare_uses` tells them apart.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from dashboard.callbacks.models import Step, Verdict
from dashboard.callbacks.receiving.parsing import Facts, Pair
from dashboard.callbacks.steps import ALARMS, StepKind, make_step
from dashboard.jobs.erasing import ERASED
from dashboard.jobs.smile_api.sent_signatures import bytes_of_signature, digest_of_signature
from dashboard.smile import InvalidRequest, Signature
from dashboard.smile.v3.account import forms_of
from dashboard.smile_keys import ApiKey, ApiKeys
from dashboard.web.pages.answers import json_time

TOLERANCE = timedelta(minutes=5)
#: Callbacks signed in the same millisecond arrive together. One that comes later was copied from one of them.
TOGETHER = timedelta(seconds=5)
#: Smile would have to send 8,000 callbacks a second to reach this; at 200 a second three in one millisecond are rare. A
#: signature is a bearer secret: without a limit, a copy of it could name every job here within those seconds.
MOST_TOGETHER = 8


class SignatureCheck(NamedTuple):
    """What a signature proves before any lookup in the database. `digest` is set only if it matches a key."""

    verdict: Verdict | None  # None: it matches a key, and the history decides
    step: Step
    digest: str | None = None


class Judgement(NamedTuple):
    verdict: Verdict
    steps: list[Step]


class SignatureUse(NamedTuple):
    """A stored callback that carries the signature and raised no alarm. `number`: how many carried it before."""

    callback_id: UUID
    received_at: datetime
    was_fresh: bool
    names: frozenset[str]
    number: int


class Sharing(NamedTuple):
    """What earlier uses of a signature mean for a callback: the kind and facts of its step."""

    kind: StepKind
    number: int = 0  # how many carried it before
    facts: Mapping[str, Any] = {}

    @property
    def is_alarm(self) -> bool:
        return self.kind in ALARMS


FIRST_USE = Sharing(StepKind.NEVER_BEFORE)
USED_BEFORE = Sharing(StepKind.USED_BEFORE)


def check_signature(facts: Facts, partner_id: str, keys: ApiKeys) -> SignatureCheck:
    """Checks the pair in the headers if they hold a signature, and never the one in the body then."""
    pair = facts.pair
    if not pair.has_signature:
        kind = StepKind.EMPTY_HEADER if pair.is_in_header else StepKind.NO_SIGNATURE
        return SignatureCheck(Verdict.MISSING, make_step(False, kind))
    if pair.timestamp is None:
        kind = StepKind.NO_TIMESTAMP_HEADER if pair.is_in_header else StepKind.NO_TIMESTAMP
        return SignatureCheck(Verdict.MISSING, make_step(False, kind))
    if pair.is_several:
        return SignatureCheck(Verdict.WRONG, make_step(False, StepKind.SEVERAL_SIGNATURES))
    signature = pair.digest if pair.is_in_header else _canonical(pair.signature)
    if signature is None:
        return SignatureCheck(Verdict.WRONG, make_step(False, StepKind.NOT_A_SIGNATURE))
    signed = _Signed(pair.timestamp, signature, pair.is_in_header)
    match = _matching(signed, _forms(partner_id, pair), keys.active)
    if match:
        digest = signature if pair.is_in_header else _digest(signature)
        return SignatureCheck(
            None, make_step(True, StepKind.KEY_MATCHES, **_facts_of(*match, pair.is_in_header)), digest
        )
    return SignatureCheck(Verdict.WRONG, _why_wrong(signed, partner_id, pair, keys))


def signed_forms(partner_id: str) -> tuple[str, ...]:
    """The forms of the partner id that v3 may sign: its documents disagree on leading zeros."""
    try:
        return forms_of(partner_id)
    except InvalidRequest:  # It is no number, so it has only one form.
        return (partner_id,)


class _Signed(NamedTuple):
    timestamp: str | int | float
    signature: str
    is_digest: bool


class _Match(NamedTuple):
    key: ApiKey
    partner_id: str


def _forms(partner_id: str, pair: Pair) -> tuple[str, ...]:
    return _v3_forms(partner_id) if pair.is_in_header else (partner_id,)


def _why_wrong(signed: _Signed, partner_id: str, pair: Pair, keys: ApiKeys) -> Step:
    """Looks for a cause that somebody can fix. The verdict stays wrong all the same."""
    forms, unpadded = _forms(partner_id, pair), partner_id.lstrip("0")
    if unpadded and unpadded not in forms and _matching(signed, (unpadded,), keys.active):
        return make_step(False, StepKind.OTHER_PARTNER, made_for=unpadded, partner_id=partner_id)
    other = _matching(signed, forms, keys.others)
    if other and other.key.environment != keys.signing.environment:
        return make_step(False, StepKind.OTHER_ENVIRONMENT, environment=other.key.environment)
    if other and other.key.retired_at:
        return make_step(False, StepKind.RETIRED_KEY, key=other.key.number, retired_at=json_time(other.key.retired_at))
    return make_step(False, StepKind.NO_KEY_MATCHES, keys=len(keys.active), partner_id=" or ".join(forms))


@lru_cache(maxsize=64)
def _facts_of(key: ApiKey, partner_id: str, is_in_header: bool) -> Mapping[str, Any]:
    facts = {"key": key.number} | ({"added_at": json_time(key.added_at)} if key.added_at else {})
    return facts | ({"partner_id": partner_id} if is_in_header else {})


def judge(
    facts: Facts,
    check: SignatureCheck,
    *,
    now: datetime,
    was_sent_by_us: bool,
    sharing: Sharing = FIRST_USE,
    any_age: bool = False,
) -> Judgement:
    """Decides on the verdict. `sharing`: what the same signature with other bodies means; duplicates never get here.

    `any_age` ignores the age of the signature, to verify an old callback again.
    """
    signed_at = facts.signed_at
    age_verdict = _judge_age(signed_at, now)
    is_ignored = any_age and age_verdict is not None
    if is_ignored:
        age_verdict = None
    steps: list[Step] = [
        make_step(True, StepKind.WELL_FORMED),
        *_steps_of_place(facts.pair),
        _step_of_age(signed_at, now, age_verdict, is_ignored),
        check.step,
    ]
    if check.verdict:
        return Judgement(check.verdict, steps)
    steps += [
        make_step(not was_sent_by_us, StepKind.OURS if was_sent_by_us else StepKind.NOT_OURS),
        make_step(not sharing.is_alarm, sharing.kind, **sharing.facts),
    ]
    if was_sent_by_us:
        return Judgement(Verdict.REFLECTED, steps)
    if sharing.is_alarm:
        return Judgement(Verdict.REUSED, steps)
    return Judgement(age_verdict or Verdict.VALID, steps)


def _steps_of_place(pair: Pair) -> list[Step]:
    """Where the judged pair is, if not in the body as with v1."""
    if not pair.is_in_header:
        return []
    return [make_step(True, StepKind.SIGNED_IN_BOTH if pair.is_in_body_too else StepKind.SIGNED_IN_HEADERS)]


def names_of_job(job_id: UUID | None, claimed_job_id: str) -> frozenset[str]:
    """All that identifies a callback's job: our id, and the id that it names. Empty if it names no job."""
    names = {str(job_id or ""), claimed_job_id} - {"", ERASED}
    return frozenset(names)


def compare_uses(names: frozenset[str], received_at: datetime, is_fresh: bool, uses: Sequence[SignatureUse]) -> Sharing:
    """Decides whether a callback may share its signature with `uses`, those with other bodies."""
    if not uses:
        return FIRST_USE
    number = max(use.number for use in uses) + 1
    if any(names & use.names for use in uses):
        return Sharing(StepKind.USED_FOR_SAME_JOB, number)
    if not names or not all(use.names for use in uses):
        return Sharing(StepKind.USED_FOR_NO_JOB, number)
    if not is_fresh or not all(use.was_fresh for use in uses):
        return Sharing(StepKind.USED_NOT_FRESH, number)
    apart = _furthest(received_at, uses)
    if apart > TOGETHER:
        return Sharing(StepKind.USED_FAR_APART, number, {"apart_seconds": round(apart.total_seconds(), 3)})
    if len(uses) >= MOST_TOGETHER:
        return Sharing(StepKind.USED_TOO_OFTEN, number, {"callbacks": len(uses)})
    return Sharing(StepKind.SAME_MILLISECOND, number, {"others": number})


def _furthest(received_at: datetime, uses: Iterable[SignatureUse]) -> timedelta:
    return max(abs(received_at - use.received_at) for use in uses)


def is_fresh(facts: Facts, now: datetime) -> bool:
    return _judge_age(facts.signed_at, now) is None


def _judge_age(signed_at: datetime | None, now: datetime) -> Verdict | None:
    if signed_at is None:
        return Verdict.STALE  # An unknown age must not count as fresh.
    if signed_at - now > TOLERANCE:
        return Verdict.FUTURE
    return Verdict.STALE if now - signed_at > TOLERANCE else None


def _step_of_age(signed_at: datetime | None, now: datetime, verdict: Verdict | None, is_ignored: bool) -> Step:
    """The step about the age, with the moment itself where it is too far off."""
    more: dict[str, Any] = {"is_ignored": True} if is_ignored else {}
    if signed_at is None:
        return make_step(verdict is None, StepKind.AGE_UNKNOWN, **more)
    age_seconds = round((now - signed_at).total_seconds(), 3)
    if verdict or is_ignored:
        more |= {"signed_at": json_time(signed_at)}
    return make_step(verdict is None, StepKind.AGE, age_seconds=age_seconds, **more)


def _matching(signed: _Signed, forms: Sequence[str], keys: Sequence[ApiKey]) -> _Match | None:
    """What made the signature. All keys and forms are tried, so that the time taken does not reveal which."""
    tried = [_Match(key, form) for key in keys for form in forms]
    matching = [each for each in tried if _is_made_by(_signer(each.partner_id, each.key), signed)]
    return matching[0] if matching else None


_v3_forms = lru_cache(maxsize=8)(signed_forms)


@lru_cache(maxsize=64)
def _signer(partner_id: str, key: ApiKey) -> Signature:
    return Signature(partner_id, key.value)


def _is_made_by(signer: Signature, signed: _Signed) -> bool:
    timestamp, signature, is_digest = signed
    if is_digest:
        return hmac.compare_digest(hashlib.sha256(signer.digest(str(timestamp))).hexdigest(), signature)
    if "|" in signature:
        return not isinstance(timestamp, float) and signer.confirm_sec_key(timestamp, signature)
    # Smile's JavaScript sends a number but signs its ISO form, as `confirm_signature` does. Others sign the digits.
    spelled = [timestamp] if isinstance(timestamp, str) else [timestamp, str(timestamp)]
    return any(signer.confirm_signature(form, signature) for form in spelled)


def _canonical(signature: str | None) -> str | None:
    """The standard base64 text of the 32 bytes; None if it is not one."""
    if signature is None or "|" in signature:
        return signature
    raw = bytes_of_signature(signature)
    return None if raw is None else base64.b64encode(raw).decode()


def _digest(signature: str) -> str | None:
    # The half after the "|" identifies the partner and second of a sec_key. It was checked against the first half.
    legacy_half = signature.partition("|")[2]
    return hashlib.sha256(legacy_half.encode()).hexdigest() if legacy_half else digest_of_signature(signature)
