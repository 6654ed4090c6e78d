"""The HMAC signature and the legacy sec_key, against the published vectors and against malformed input."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import InvalidRequest, Signature

from . import legacy

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.text()), st.datetimes()
)


@pytest.mark.parametrize(
    ("api_key", "timestamp", "partner_id", "expected"),
    [
        (
            "sandbox-api-key-0001",
            "2026-01-15T09:30:00.000Z",
            "002",
            "psK+9Y+mOgjV6iP8V6wKWI+Mt0zQfQGXHhBFFkwps2I=",
        ),
        (
            "0123456789abcdef0123456789abcdef",
            "2026-01-15T09:30:00.123456+00:00",
            "2314",
            "eHIp2fEf2Us5e1ZJzfIzdTI7LAfjdO0K8tdxaAcdD8o=",
        ),
        (
            "sandbox-api-key-0001",
            "2026-01-15T09:30:00.000Z",
            "2",
            "WyL93fQtm0R6QM4++ruJp8e1qesdugVhTNsgEfLWV4s=",
        ),
    ],
)
def test_signature_matches_the_published_vector(api_key: str, timestamp: str, partner_id: str, expected: str) -> None:
    signer = Signature(partner_id, api_key)

    assert signer.generate_signature(timestamp) == {"signature": expected, "timestamp": timestamp}
    assert signer.confirm_signature(timestamp, expected)


@pytest.mark.parametrize("moment", [datetime(2026, 1, 15, 9, 30, tzinfo=UTC), 1768469400000, 1768469400000.0])
def test_what_is_returned_as_timestamp_is_what_was_signed(moment: object, signature: Signature) -> None:
    made = signature.generate_signature(moment)  # type: ignore[arg-type]  # Parametrized over what is allowed.

    assert made == {
        "timestamp": "2026-01-15T09:30:00.000Z",
        "signature": "psK+9Y+mOgjV6iP8V6wKWI+Mt0zQfQGXHhBFFkwps2I=",
    }
    assert signature.confirm_signature(moment, made["signature"])


def test_a_zone_is_converted_and_not_just_renamed(signature: Signature) -> None:
    lagos = datetime(2026, 1, 15, 10, 30, tzinfo=timezone(timedelta(hours=1)))

    assert signature.generate_signature(lagos)["timestamp"] == "2026-01-15T09:30:00.000Z"


@time_machine.travel("2026-01-15T09:30:00Z", tick=False)
@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        True,
        float("nan"),
        float("inf"),
        10**30,
        datetime(2026, 1, 15),  # noqa: DTZ001  # A naive datetime is what has to be refused.
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
        ["2026"],
        "\ud800",
    ],
)
def test_a_timestamp_that_cannot_be_signed_is_named(timestamp: object, signature: Signature) -> None:
    with pytest.raises(InvalidRequest) as caught:
        signature.generate_signature(timestamp)  # type: ignore[arg-type]  # The wrong types are the test.

    assert set(caught.value.fields) == {"timestamp"}


def test_a_changed_letter_is_not_confirmed(signature: Signature) -> None:
    made = signature.generate_signature()

    assert not signature.confirm_signature(made["timestamp"], "A" + made["signature"][1:])
    assert not signature.confirm_signature(made["timestamp"] + "0", made["signature"])
    assert not signature.confirm_signature(made["timestamp"], made["signature"].rstrip("="))


@given(timestamp=ANYTHING, proof=ANYTHING)
def test_confirming_anything_malformed_is_false_and_never_an_exception(timestamp: object, proof: object) -> None:
    signer = Signature("002", legacy.API_KEY)

    assert signer.confirm_signature(timestamp, proof) is False
    assert signer.confirm_sec_key(timestamp, proof) is False


@given(timestamp=st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_text_that_was_signed_is_confirmed(timestamp: str) -> None:
    signer = Signature("002", "key")

    assert signer.confirm_signature(timestamp, signer.generate_signature(timestamp)["signature"])


@pytest.mark.parametrize(("partner_id", "api_key"), [("", "key"), (2, "key"), ("002", ""), ("002", None)])
def test_missing_or_unpadded_credentials_are_refused(partner_id: object, api_key: object) -> None:
    with pytest.raises(InvalidRequest):
        Signature(partner_id, api_key)  # type: ignore[arg-type]  # The wrong types are the test.


def test_a_sec_key_of_smile_is_confirmed_in_either_order() -> None:
    signer = Signature(legacy.PARTNER_ID, legacy.API_KEY)

    assert signer.confirm_sec_key(legacy.TIMESTAMP, legacy.SERVER_SEC_KEY)
    assert signer.confirm_sec_key(legacy.SERVER_SEC_KEY, legacy.TIMESTAMP)
    assert signer.confirm_sec_key(str(legacy.TIMESTAMP), legacy.SERVER_SEC_KEY)


def test_a_sec_key_is_made_of_the_published_hash_and_differs_every_time() -> None:
    signer = Signature(legacy.PARTNER_ID, legacy.API_KEY)

    first, second = signer.generate_sec_key(legacy.TIMESTAMP), signer.generate_sec_key(str(legacy.TIMESTAMP))

    assert first["sec_key"].endswith("|" + legacy.HASH)
    assert len(base64.b64decode(first["sec_key"].split("|")[0])) == 128
    assert first["timestamp"] == second["timestamp"] == legacy.TIMESTAMP
    assert first["sec_key"] != second["sec_key"]


def test_smile_can_decrypt_the_sec_key_that_we_make() -> None:
    pair = legacy.KeyPair()

    made = Signature("002", pair.api_key).generate_sec_key()

    encrypted, _, digest = made["sec_key"].partition("|")
    assert pair.decrypt(base64.b64decode(encrypted)) == digest.encode()


@pytest.mark.parametrize(
    "sec_key",
    [
        legacy.CLIENT_SEC_KEY,
        legacy.SERVER_SEC_KEY.partition("|")[0],
        legacy.SERVER_SEC_KEY.partition("|")[0] + "|" + "0" * 64,
        "A" + legacy.SERVER_SEC_KEY[1:],
        "|" + legacy.HASH,
        "AAAA|" + legacy.HASH,
        "é|" + legacy.HASH,
        "|",
        "",
    ],
)
def test_a_sec_key_that_smile_did_not_make_is_not_confirmed(sec_key: str) -> None:
    signer = Signature(legacy.PARTNER_ID, legacy.API_KEY)

    assert signer.confirm_sec_key(legacy.TIMESTAMP, sec_key) is False
    assert signer.confirm_sec_key(sec_key, legacy.TIMESTAMP) is False


def test_a_sec_key_of_another_moment_or_partner_is_not_confirmed() -> None:
    assert not Signature("002", legacy.API_KEY).confirm_sec_key(legacy.TIMESTAMP + 1, legacy.SERVER_SEC_KEY)
    assert not Signature("003", legacy.API_KEY).confirm_sec_key(legacy.TIMESTAMP, legacy.SERVER_SEC_KEY)
    assert not Signature("002", "an-opaque-key").confirm_sec_key(legacy.TIMESTAMP, legacy.SERVER_SEC_KEY)


@pytest.mark.parametrize(
    ("partner_id", "api_key", "timestamp", "field"),
    [
        ("002", "an-opaque-key", None, "api_key"),
        ("acme", legacy.API_KEY, None, "partner_id"),
        ("002", legacy.API_KEY, "soon", "timestamp"),
        ("002", legacy.API_KEY, -1, "timestamp"),
        ("002", legacy.API_KEY, True, "timestamp"),
    ],
)
def test_what_keeps_a_sec_key_from_being_made_is_named(
    partner_id: str, api_key: str, timestamp: int, field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Signature(partner_id, api_key).generate_sec_key(timestamp)

    assert set(caught.value.fields) == {field}


def test_neither_key_nor_signature_shows_when_printed(signature: Signature) -> None:
    assert "sandbox-api-key-0001" not in f"{signature!r} {json.dumps(str(signature))}"


def test_the_present_is_signed_in_utc_and_finer_than_smile_signs_its_callbacks() -> None:
    """Within one millisecond both would make the same signature, and a genuine callback would look reflected."""
    timestamp = Signature("002", "sandbox-api-key-0001").generate_signature()["timestamp"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", timestamp)
