"""Claims the address that a server will listen on, or says in a sentence why it cannot."""

import errno
import socket
import sys
import time

from dashboard.errors import Conflict

#: The previous server may still be ending.
SECONDS_TO_END = 3.0
#: Held as long as this process lives.
_claims: list[socket.socket] = []


def claim_address(host: str, port: int) -> str:
    """The numeric address of `host`, once it is certain that nothing else listens on `port` there.

    The system does not check that: the server's processes share one port, and so could another server.
    """
    deadline = time.monotonic() + SECONDS_TO_END
    while True:
        try:
            return _claim(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise Conflict(_in_words(error, host, port)) from None
            time.sleep(0.1)


def _claim(host: str, port: int) -> str:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    number = str(address[0])
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
        if sys.platform == "linux":
            _hold(f"\0partner-desk {number} {port}")
    return number


def _hold(name: str) -> None:
    """Claims a name that only one process can have: two that start at once both find the port free."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(name)
    except OSError:
        claim.close()
        raise
    _claims.append(claim)


def _in_words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program listens on port {port} of {host}; stop it, or choose another --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not listen on port {port}; choose a --port of 1024 or more"
    return f"{host} is not an address of this machine; choose another --host"
