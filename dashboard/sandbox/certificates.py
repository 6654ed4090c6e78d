"""The simulator's own TLS certificate: made once for this machine's names, and stored for the owner only."""

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")), x509.IPAddress(ip_address("::1")))
LIFETIME = timedelta(days=825)


def load_or_make_certificate(folder: Path) -> tuple[Path, Path]:
    """The PEM files of certificate and key. New ones are made if one is missing or the certificate has expired.

    A client that is to trust it is given the file of the certificate. Browsers refuse scripts from such an address.
    """
    cert_file, key_file = folder / "sandbox-tls-cert.pem", folder / "sandbox-tls-key.pem"
    if not (cert_file.exists() and key_file.exists() and _is_current(cert_file)):
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        private = serialization.PrivateFormat.PKCS8
        _write(key_file, key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
        _write(cert_file, _certificate(key).public_bytes(serialization.Encoding.PEM))
    return cert_file, key_file


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Smile ID simulator")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(NAMES), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _is_current(cert_file: Path) -> bool:
    try:
        found = x509.load_pem_x509_certificate(cert_file.read_bytes())
    except ValueError:
        return False
    return found.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1)


def _write(path: Path, pem: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    draft.replace(path)
