"""The RSA key pair of legacy sec_keys: read from a PEM file, or made once and stored for the owner only."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BITS = 2048


def load_or_make_key(key_file: Path) -> rsa.RSAPrivateKey:
    """The RSA private key in `key_file`; a missing file is made, with a new key.

    Raises ValueError if the file holds another kind of key.
    """
    try:
        pem = key_file.read_bytes()
    except FileNotFoundError:
        pem = _make_key(key_file)
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{key_file.name} does not hold an RSA private key")
    return key


def legacy_api_key(key: rsa.RSAPrivateKey) -> str:
    """The partner's v1 API key: base64 of the PEM text of the public key."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(pem).decode("ascii")


def _make_key(key_file: Path) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.parent.mkdir(parents=True, exist_ok=True)
    # Written to a draft and linked into place, so that two starting processes agree on one complete key.
    draft = key_file.with_name(f".{key_file.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, key_file)
    except FileExistsError:
        return key_file.read_bytes()
    finally:
        draft.unlink()
    return pem
