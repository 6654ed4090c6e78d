"""Tries TLS with the public address, as current browsers do and as outdated ones did. network.py judges it."""

import socket
import ssl
import warnings
from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboard.outbound import browser_tls

CONNECT_SECONDS = 3.0
#: Cipher suites whose recorded traffic can be read later with the certificate's key.
WITHOUT_FORWARD_SECRECY = "kRSA:!aNULL:@SECLEVEL=0"
EVERYTHING = "ALL:@SECLEVEL=0"


@dataclass(frozen=True)
class TlsState:
    """The result. `version` is the TLS version that was agreed on; empty if none was."""

    version: str = ""
    is_reached: bool = True
    certificate_problem: int | None = None  # a code of OpenSSL
    takes_old_versions: bool = False
    takes_weak_suites: bool = False


def inspect_tls(url: str) -> TlsState | None:
    """Tries TLS with the address; None if it is not https. Don't call it inside a transaction."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    place = parts.hostname, parts.port or 443
    try:
        with socket.create_connection(place, CONNECT_SECONDS) as plain:
            try:
                version = _shake_hands(plain, place[0], browser_tls())
            except ssl.SSLCertVerificationError as error:
                return TlsState(certificate_problem=error.verify_code)
            except OSError:
                return TlsState()
    except (OSError, UnicodeError):
        return TlsState(is_reached=False)
    return TlsState(
        version,
        takes_old_versions=_takes(place, _as_old_browsers_did()),
        takes_weak_suites=_takes(place, _with_weak_suites()),
    )


def _takes(place: tuple[str, int], context: ssl.SSLContext) -> bool:
    try:
        with socket.create_connection(place, CONNECT_SECONDS) as plain:
            _shake_hands(plain, place[0], context)
    except OSError:
        return False
    return True


def _shake_hands(plain: socket.socket, host: str, context: ssl.SSLContext) -> str:
    plain.settimeout(CONNECT_SECONDS)
    with context.wrap_socket(plain, server_hostname=host) as secured:
        return secured.version() or ""


def _as_old_browsers_did() -> ssl.SSLContext:
    context = browser_tls()
    context.set_ciphers(EVERYTHING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns about the versions that this tries.
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _with_weak_suites() -> ssl.SSLContext:
    context = browser_tls()
    context.set_ciphers(WITHOUT_FORWARD_SECRECY)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 has none of them
    return context
