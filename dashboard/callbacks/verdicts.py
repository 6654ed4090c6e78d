"""What a callback's signature proves, and why, in words. Pure: the keys, the time and what was seen are passed in.

The signature covers the timestamp, the partner id and a constant, not the body. So even `valid` is only a hint.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from dashboard.callbacks.facts import Facts
from dashboard.callbacks.models import Step, Verdict
from dashboard.callbacks.signature_uses import FIRST_USE, Sharing
from dashboard.jobs.sent_signatures import bytes_of_signature, digest_of_signature
from dashboard.smile import Signature
from dashboard.smile_keys import ApiKey, ApiKeys
from dashboard.web.filters import duration_in_words

TOLERANCE = timedelta(minutes=5)


class SignatureCheck(NamedTuple):
    """What can be said before anything stored is looked at. `digest` is set only for a signature that matches."""

    verdict: Verdict | None  # None: it matches, and the rest decides
    sentence: str
    digest: str | None = None


class Judgement(NamedTuple):
    verdict: Verdict
    reason: str
    steps: list[Step]


def check_signature(facts: Facts, partner_id: str, keys: ApiKeys) -> SignatureCheck:
    if not facts.has_signature:
        return SignatureCheck(Verdict.MISSING, "There is no signature.")
    if facts.timestamp is None:
        return SignatureCheck(Verdict.MISSING, "There is no timestamp, and without it the signature proves nothing.")
    signature = _canonical(facts.signature)
    if signature is None:
        return SignatureCheck(Verdict.WRONG, "The signature is not 32 bytes of base64, so it is none of Smile's.")
    key = _matching_key(facts, signature, partner_id, keys.active)
    if key:
        return SignatureCheck(None, f"The signature matches {_name_of(key)}", _digest(signature))
    return SignatureCheck(Verdict.WRONG, _why_wrong(facts, signature, partner_id, keys))


def _why_wrong(facts: Facts, signature: str, partner_id: str, keys: ApiKeys) -> str:
    """None of these makes it right; each is something that somebody can mend."""
    unpadded = partner_id.lstrip("0")
    if unpadded != partner_id and unpadded and _matching_key(facts, signature, unpadded, keys.active):
        return f"The signature was made for partner id {unpadded} instead of {partner_id}: its leading zeros were lost."
    other = _matching_key(facts, signature, partner_id, keys.others)
    if other and other.environment != keys.signing.environment:
        return f"The signature was made with a key of the {other.environment}, and this is the other environment."
    if other and other.retired_at:
        return f"The signature was made with key {other.number}, which was retired on {_day(other.retired_at)}."
    which = "the key" if len(keys.active) == 1 else f"any of the {len(keys.active)} keys"
    return f"The signature does not match {which} of partner {partner_id}."


@lru_cache(maxsize=64)
def _name_of(key: ApiKey) -> str:
    return f"key {key.number}" + (f" (added {_day(key.added_at)})" if key.added_at else "")


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def judge(
    facts: Facts,
    check: SignatureCheck,
    *,
    now: datetime,
    was_sent_by_us: bool,
    sharing: Sharing = FIRST_USE,
    any_age: bool = False,
) -> Judgement:
    """`sharing`: what it means that the same signature bytes came with other bodies. An equal body never gets here.

    `any_age` switches the rule of the age off, for looking at an old callback once more.
    """
    age_verdict, age_sentence = _judge_age(facts.signed_at, now)
    if any_age and age_verdict:
        age_verdict, age_sentence = None, f"{age_sentence}, which does not count now"
    steps: list[Step] = [
        {"passed": True, "text": "The JSON is well formed."},
        {"passed": age_verdict is None, "text": f"The timestamp {age_sentence}."},
        {"passed": check.verdict is None, "text": check.sentence.rstrip(".") + "."},
    ]
    if check.verdict:
        return Judgement(check.verdict, check.sentence, steps)
    steps += [
        {"passed": not was_sent_by_us, "text": f"It is {'' if was_sent_by_us else 'not '}a signature of our own."},
        _step_of_sharing(sharing),
    ]
    if was_sent_by_us:
        reason = "The signature is one that we sent with a request of our own: somebody sent it back to us."
        return Judgement(Verdict.REFLECTED, reason, steps)
    if sharing.is_alarm:
        reason = f"{check.sentence}, but {sharing.alarm}. Somebody may be using it again."
        return Judgement(Verdict.REUSED, reason, steps)
    if age_verdict:
        return Judgement(age_verdict, f"{check.sentence}, but the timestamp {age_sentence}.", steps)
    return Judgement(Verdict.VALID, f"{check.sentence}, and the timestamp {age_sentence}.", steps)


def is_fresh(facts: Facts, now: datetime) -> bool:
    return _judge_age(facts.signed_at, now)[0] is None


def _step_of_sharing(sharing: Sharing) -> Step:
    if sharing.is_alarm:
        return {"passed": False, "text": f"{sharing.alarm[0].upper()}{sharing.alarm[1:]}."}
    if sharing.number:
        others = "Another callback" if sharing.number == 1 else f"{sharing.number} other callbacks"
        verb = "carries" if sharing.number == 1 else "carry"
        words = f"{others} of the same millisecond {verb} this signature, for another job, and came within seconds."
        return {"passed": True, "text": f"{words} So this one's result is not taken as a claim."}
    return {"passed": True, "text": "It never came before with another body."}


def _judge_age(signed_at: datetime | None, now: datetime) -> tuple[Verdict | None, str]:
    if signed_at is None:
        # A receiver that cannot tell the age must not take it for fresh.
        return Verdict.STALE, "is missing or cannot be read, so its age is unknown"
    if signed_at > now:
        ahead = signed_at - now
        return (Verdict.FUTURE if ahead > TOLERANCE else None), f"is {duration_in_words(ahead)} ahead of our clock"
    age = now - signed_at
    return (Verdict.STALE if age > TOLERANCE else None), f"is {duration_in_words(age)} old"


def _matching_key(facts: Facts, signature: str, partner_id: str, keys: Sequence[ApiKey]) -> ApiKey | None:
    """The key that made it. Every key is tried, so that the time taken does not tell which."""
    matching = [key for key in keys if _is_made_by(_signer(partner_id, key), facts.timestamp, signature)]
    return matching[0] if matching else None


@lru_cache(maxsize=64)
def _signer(partner_id: str, key: ApiKey) -> Signature:
    return Signature(partner_id, key.value)


def _is_made_by(key: Signature, timestamp: str | float | None, signature: str) -> bool:
    if timestamp is None:
        return False
    if "|" in signature:
        return not isinstance(timestamp, float) and key.confirm_sec_key(timestamp, signature)
    # Smile's own JavaScript sends a number but signs its ISO form, as `confirm_signature` does; others sign the digits.
    forms = [timestamp] if isinstance(timestamp, str) else [timestamp, str(timestamp)]
    return any(key.confirm_signature(form, signature) for form in forms)


def _canonical(signature: str | None) -> str | None:
    """The one standard text of the 32 bytes."""
    if signature is None or "|" in signature:
        return signature
    raw = bytes_of_signature(signature)
    return None if raw is None else base64.b64encode(raw).decode()


def _digest(signature: str) -> str | None:
    # The half behind the "|" says which partner and second a sec_key was made for; it was checked against the other.
    legacy_half = signature.partition("|")[2]
    return hashlib.sha256(legacy_half.encode()).hexdigest() if legacy_half else digest_of_signature(signature)
