"""Checks addresses of other hosts that people enter, looks up names, and makes TLS contexts like a browser's.

Connections that the product itself opens are guarded in dashboard/smile/guard.py.
"""

import re
import socket
import ssl
from threading import Thread
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from dashboard.config import Settings
from dashboard.smile.public_addresses import is_public

MAX_LENGTH = 2000
PORTS = (None, 443, 8443)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Names that only mean something inside a private network.
INNER_NAMES = re.compile(r"(^|\.)(localhost|localdomain|local|internal|intranet|lan|corp|home|home\.arpa)$")
#: An IPv4 address in the usual notation. Other notations mostly serve to get past checks.
DOTTED = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.IGNORECASE)
SECONDS_TO_LOOK_UP = 2.0

NOT_AN_ADDRESS = "Type a whole address, such as https://example.com/results."
PRIVATE = "This address leads into a private network. Use one that can be reached from the internet."


def problem_with_address(text: str, settings: Settings) -> str:
    """What is wrong with the address, in a sentence; empty if nothing is."""
    if len(text) > MAX_LENGTH or "\\" in text or any(sign.isspace() or not sign.isprintable() for sign in text):
        return f"Type an address without spaces, of at most {MAX_LENGTH} characters."
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "This is not an address."
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc:
        return NOT_AN_ADDRESS
    is_our_own = f"{parts.scheme}://{parts.netloc}" == settings.public_url
    if is_our_own or (settings.may_name_loopback and host in LOOPBACK):
        return ""
    if parts.scheme == "http":
        return "It must begin with https://, so that nobody can read it on the way."
    if port not in PORTS:
        return "The port must be 443 or 8443."
    return _problem_with_host(parts, host)


def _problem_with_host(parts: SplitResult, host: str) -> str:
    if parts.netloc.startswith("["):
        return "" if is_public(host) else PRIVATE
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        if not DOTTED.fullmatch(host):
            return NOT_AN_ADDRESS
        return "" if is_public(host) else PRIVATE
    if "." not in host or INNER_NAMES.search(host):
        return PRIVATE
    try:
        found = addresses_of(host, 443, SECONDS_TO_LOOK_UP)
    except OSError:
        return ""  # It does not resolve today. A browser or Smile opens it later, not this product.
    return "" if all(map(is_public, found)) else PRIVATE


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """All addresses of a host name. Raises OSError if it is unknown, TimeoutError if nobody answers in time.

    The system's resolver has no timeout, so a thread is left behind when it takes too long.
    """
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError:  # an empty label, or one that is too long
            failed.append(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return list(dict.fromkeys(found))


def browser_tls() -> ssl.SSLContext:
    """A TLS context that trusts the public authorities, as browsers and Smile do, and those of this machine."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
