"""Every verdict with its reason, the texts of timestamps and signatures, and what age means."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import TextClause

from dashboard.callbacks.models import ALARMING_VERDICTS, IS_ALARMING, IS_NOT_ALARMING, Verdict
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving.parsing import read_facts, read_timestamp
from dashboard.callbacks.receiving.verdicts import FIRST_USE, USED_BEFORE, Judgement, check_signature, judge
from dashboard.smile_keys import ApiKey, ApiKeys
from dashboard.web.pages.filters import duration_in_words
from tests.factories.callbacks import API_KEY, PARTNER_ID, make_payload, sign, timestamp_at

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
FRESH = timestamp_at(NOW - timedelta(seconds=1.2))


def api_keys(*values: str, others: tuple[ApiKey, ...] = ()) -> ApiKeys:
    active = tuple(ApiKey(number, value, "sandbox") for number, value in enumerate(values, start=1))
    return ApiKeys(active[0], active, others)


def judged(
    payload: dict[str, Any],
    keys: tuple[str, ...] = (API_KEY,),
    was_seen: bool = False,
    was_sent_by_us: bool = False,
) -> Judgement:
    facts = read_facts(payload)
    check = check_signature(facts, PARTNER_ID, api_keys(*keys))
    sharing = USED_BEFORE if was_seen else FIRST_USE
    return judge(facts, check, now=NOW, sharing=sharing, was_sent_by_us=was_sent_by_us)


def test_fresh_signature_of_the_second_key_is_valid() -> None:
    payload = make_payload(timestamp=FRESH)

    judgement = judged(payload, keys=("another-key-0002", API_KEY))

    assert judgement.verdict == Verdict.VALID
    assert reason_text(judgement) == "The signature matches key 2, and the timestamp is 1.2 seconds old."
    assert all(step["passed"] for step in judgement.steps)


def test_the_published_vector_is_valid() -> None:
    signature = "psK+9Y+mOgjV6iP8V6wKWI+Mt0zQfQGXHhBFFkwps2I="
    payload = {"timestamp": "2026-01-15T09:30:00.000Z", "signature": signature}

    judgement = judged(payload, keys=("sandbox-api-key-0001",))

    assert judgement.verdict == Verdict.VALID


@pytest.mark.parametrize("signature", [None, "", False, 0, [], {}])
def test_absent_signature_is_missing(signature: Any) -> None:
    payload = make_payload(timestamp=FRESH) | {"signature": signature}

    judgement = judged(payload)

    assert judgement.verdict == Verdict.MISSING
    assert reason_text(judgement) == "There is no signature."


@pytest.mark.parametrize("timestamp", [None, "", True, ["x"], {"a": 1}])
def test_signature_without_a_timestamp_is_missing(timestamp: Any) -> None:
    payload = make_payload() | {"timestamp": timestamp}

    judgement = judged(payload)

    assert judgement.verdict == Verdict.MISSING
    assert "no timestamp" in reason_text(judgement)


@pytest.mark.parametrize(
    "signature", ["x", "ünï", "A" * 43 + "!", 7, True, ["x"], {"a": "b"}, "|", "a|b", "A" * 100_000]
)
def test_signature_that_is_none_is_wrong(signature: Any) -> None:
    payload = make_payload(timestamp=FRESH) | {"signature": signature}

    judgement = judged(payload)

    assert judgement.verdict == Verdict.WRONG


def test_signature_of_another_key_is_wrong_and_says_how_many_were_tried() -> None:
    payload = make_payload(timestamp=FRESH, signature=sign(FRESH, "a-rotated-key"))

    judgement = judged(payload, keys=(API_KEY, "another-key-0002"))

    assert judgement.verdict == Verdict.WRONG
    assert reason_text(judgement) == "The signature does not match any of the 2 keys of partner 002."
    assert [step["passed"] for step in judgement.steps] == [True, True, False]


def test_lost_zeros_of_the_partner_id_are_named_as_the_cause() -> None:
    payload = make_payload(timestamp=FRESH, signature=sign(FRESH, partner_id="2"))

    judgement = judged(payload)

    assert judgement.verdict == Verdict.WRONG
    assert "partner id 2 instead of 002" in reason_text(judgement)


@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (timedelta(seconds=-299), Verdict.VALID),
        (timedelta(seconds=-301), Verdict.STALE),
        (timedelta(seconds=299), Verdict.VALID),
        (timedelta(seconds=301), Verdict.FUTURE),
        (timedelta(days=-3650), Verdict.STALE),
        (timedelta(days=3650), Verdict.FUTURE),
    ],
)
def test_five_minutes_decide_about_age(offset: timedelta, verdict: Verdict) -> None:
    payload = make_payload(timestamp=timestamp_at(NOW + offset))

    judgement = judged(payload)

    assert judgement.verdict == verdict


def test_stale_and_future_say_how_far_off_they_are() -> None:
    old = judged(make_payload(timestamp=timestamp_at(NOW - timedelta(minutes=12))))
    early = judged(make_payload(timestamp=timestamp_at(NOW + timedelta(hours=2))))

    assert reason_text(old) == (
        "The signature matches key 1, but the timestamp, 15 Jan 2026, 09:18:00 UTC, is 12 minutes old."
    )
    assert reason_text(early) == (
        "The signature matches key 1, but the timestamp, 15 Jan 2026, 11:30:00 UTC, is 2 hours ahead of our clock."
    )


def test_unreadable_timestamp_with_a_matching_signature_is_stale() -> None:
    payload = make_payload(timestamp="yesterday")

    judgement = judged(payload)

    assert judgement.verdict == Verdict.STALE
    assert "cannot be read" in reason_text(judgement)


def test_seen_signature_is_reused_however_old_it_is() -> None:
    fresh = judged(make_payload(timestamp=FRESH), was_seen=True)
    old = judged(make_payload(timestamp=timestamp_at(NOW - timedelta(days=9))), was_seen=True)

    assert (fresh.verdict, old.verdict) == (Verdict.REUSED, Verdict.REUSED)
    assert "another body" in reason_text(fresh)


def test_signature_of_our_own_is_reflected() -> None:
    judgement = judged(make_payload(timestamp=FRESH), was_sent_by_us=True)

    assert judgement.verdict == Verdict.REFLECTED
    assert "our own" in reason_text(judgement)


def variants_of(signature: str) -> list[str]:
    """Seven texts that lenient decoders read as the same 32 bytes."""
    last = signature[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    neighbour = alphabet[alphabet.index(last) ^ 1]
    return [
        signature.rstrip("="),
        signature + "=",
        signature + "\n",
        " " + signature,
        signature[:20] + "\r\n" + signature[20:],
        signature.replace("+", "-").replace("/", "_"),
        signature[:-2] + neighbour + "=",
    ]


@pytest.mark.parametrize("number", range(7))
def test_every_base64_text_of_a_signature_has_the_same_digest(number: int) -> None:
    signature = sign(FRESH)
    variant = variants_of(signature)[number]
    standard = check_signature(read_facts({"timestamp": FRESH, "signature": signature}), PARTNER_ID, api_keys(API_KEY))

    check = check_signature(read_facts({"timestamp": FRESH, "signature": variant}), PARTNER_ID, api_keys(API_KEY))

    assert base64.b64decode(signature)
    assert check.digest == standard.digest is not None


def test_number_signed_as_digits_or_as_its_iso_form_is_valid() -> None:
    milliseconds = int(NOW.timestamp() * 1000)
    as_digits = {"timestamp": milliseconds, "signature": sign(str(milliseconds))}
    as_iso = {"timestamp": milliseconds, "signature": sign(timestamp_at(NOW))}

    verdicts = [judged(as_digits).verdict, judged(as_iso).verdict]

    assert verdicts == [Verdict.VALID, Verdict.VALID]


def test_sec_key_made_with_the_private_half_of_a_legacy_key_is_valid() -> None:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    seconds = int(NOW.timestamp())
    legacy_hash = hashlib.sha256(f"2:{seconds}".encode()).hexdigest()
    signed = base64.b64encode(private.sign(legacy_hash.encode(), PKCS1v15(), NoDigestInfo())).decode()
    payload = {"timestamp": seconds, "signature": f"{signed}|{legacy_hash}"}

    judgement = judged(payload, keys=(API_KEY, base64.b64encode(pem).decode()))
    forged = judged(payload | {"signature": f"{signed[:-4]}AAA=|{legacy_hash}"}, keys=(base64.b64encode(pem).decode(),))

    assert judgement.verdict == Verdict.VALID
    assert reason_text(judgement).startswith("The signature matches key 2")
    assert forged.verdict == Verdict.WRONG


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15T09:30:00Z",
        "2026-01-15T09:30:00.000Z",
        "2026-01-15T09:30:00.000000000Z",
        "2026-01-15T10:30:00+01:00",
        "2026-01-15T10:30:00.000+0100",
        "2026-01-15T09:30:00",
        "1768469400",
        "1768469400000",
        1768469400,
        1768469400000,
        1768469400.0,
    ],
)
def test_timestamp_is_read_in_every_form_that_is_used(text: str | float) -> None:
    assert read_timestamp(text) == NOW


@pytest.mark.parametrize("text", ["", "soon", "9" * 400, 10**99, -(10**99), "²", "2026-13-01T00:00:00Z", 1e300])
def test_timestamp_that_is_none_is_not_read(text: str | float) -> None:
    assert read_timestamp(text) is None


@given(st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_timestamp_that_is_signed_gets_a_verdict(timestamp: Any) -> None:
    judgement = judged({"timestamp": timestamp, "signature": sign(FRESH)})

    assert judgement.verdict in (Verdict.WRONG, Verdict.MISSING, Verdict.VALID)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=1.24), "1.2 seconds"),
        (timedelta(seconds=59.99), "60.0 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=25), "1 day"),
        (timedelta(days=800), "2 years"),
    ],
)
def test_span_is_told_in_its_largest_unit(span: timedelta, words: str) -> None:
    assert duration_in_words(span) == words


@pytest.mark.parametrize("condition", [IS_ALARMING, IS_NOT_ALARMING])
def test_alarming_verdicts_are_those_of_the_indexes(condition: TextClause):
    assert set(re.findall(r"'(\w+)'", condition.text)) == {verdict.value for verdict in ALARMING_VERDICTS}
