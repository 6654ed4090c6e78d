"""Both kinds of signature, held to fixed vectors that were not made by this code."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from dashboard.sandbox.keys import legacy_api_key, load_or_make_key
from dashboard.sandbox.signatures import Signer, read_timestamp


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> rsa.RSAPrivateKey:
    return load_or_make_key(tmp_path_factory.mktemp("keys") / "legacy.pem")


def signer(partner_id: str, api_key: str, key: rsa.RSAPrivateKey) -> Signer:
    return Signer(partner_id, api_key, lambda: key)


@pytest.mark.parametrize(
    ("api_key", "timestamp", "partner_id", "signature"),
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
def test_signature_equals_the_published_vectors(
    api_key: str, timestamp: str, partner_id: str, signature: str, key: rsa.RSAPrivateKey
) -> None:
    witness = signer(partner_id, api_key, key)

    assert witness.sign(timestamp) == signature
    assert witness.confirms(timestamp, signature)


def test_another_partner_id_gives_another_signature(key: rsa.RSAPrivateKey) -> None:
    padded, bare = signer("002", "k", key), signer("2", "k", key)

    assert not padded.confirms("2026-01-15T09:30:00.000Z", bare.sign("2026-01-15T09:30:00.000Z"))


def test_sec_key_of_the_server_opens_with_the_public_key_to_the_vector_hash(key: rsa.RSAPrivateKey) -> None:
    sealed, _, clear = signer("002", "k", key).sec_key(1563283420).partition("|")

    opened = key.public_key().recover_data_from_signature(base64.b64decode(sealed), padding.PKCS1v15(), None)

    assert clear == "fdcd25e295197a1a778d1d12d09529ba7ea66770744feb3f078db93937bd5ca9"
    assert opened.decode() == clear


@pytest.mark.parametrize("sec_key", ["", "|", "nonsense", "é|é", "AAAA|" + "0" * 64])
def test_malformed_sec_key_is_only_wrong(sec_key: str, key: rsa.RSAPrivateKey) -> None:
    assert not signer("002", "k", key).confirms_sec_key(1563283420, sec_key)


def test_made_key_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "legacy.pem"

    made, again = load_or_make_key(file), load_or_make_key(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.key_size == 2048
    assert legacy_api_key(made) == legacy_api_key(again)
    assert [entry.name for entry in file.parent.iterdir()] == ["legacy.pem"]


def test_legacy_api_key_is_base64_of_a_public_pem(key: rsa.RSAPrivateKey) -> None:
    pem = base64.b64decode(legacy_api_key(key))

    assert serialization.load_pem_public_key(pem) == key.public_key()


@pytest.mark.parametrize("text", ["2026-01-15 09:30:00 +0000", "2026-01-15T09:30:00", "1563283420", "", "x" * 30])
def test_timestamps_without_iso_form_or_zone_are_not_read(text: str) -> None:
    assert read_timestamp(text, iso_only=True) is None


def test_lenient_reading_takes_the_ruby_form_too() -> None:
    moment = read_timestamp("2026-01-15 09:30:00 +0000", iso_only=False)

    assert moment is not None
    assert moment.isoformat() == "2026-01-15T09:30:00+00:00"
