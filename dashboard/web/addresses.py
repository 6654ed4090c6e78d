"""What people may enter as the address of another host."""

from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_LENGTH = 2000


def problem_with_address(text: str) -> str:
    """What is wrong with it, in a sentence; empty when nothing is. Plain http only reaches this very machine."""
    if len(text) > MAX_LENGTH or any(sign.isspace() or not sign.isprintable() for sign in text):
        return f"An address without spaces, of at most {MAX_LENGTH} characters."
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is not an address."
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        return "A whole address, such as https://example.com/results."
    if parts.scheme == "http" and host not in LOOPBACK:
        return "It must begin with https://, so that nobody on the way reads along."
    return ""
