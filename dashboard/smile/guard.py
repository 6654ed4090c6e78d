"""Connections to hosts that an answer names: each is resolved once and must be on the public internet.

Smile's answer to a prep upload says where the images go. Without this check, anyone who can change that answer could
send the images, or other requests, into the private network of this machine.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from dashboard.smile.public_addresses import is_public

MOST_ADDRESSES = 3


class LeadsInside(NewConnectionError):
    """The address is not public, so no connection was made."""


class Guard:
    """Decides which hosts may be connected to.

    chosen_urls: the addresses that the caller configured; their hosts may be anywhere. Every other host must be on the
        public internet, unless a configured host is on a private network itself, such as a simulator.
    """

    def __init__(self, *chosen_urls: str) -> None:
        self._chosen = {(urlsplit(url).hostname or "").lower() for url in chosen_urls}

    def lets_through(self, host: str) -> bool:
        """Whether `host` was configured by the caller, so that its addresses need no check."""
        return host.lower() in self._chosen

    def allows(self, addresses: list[str]) -> bool:
        """Whether a connection to these IP addresses may be made."""
        return all(map(is_public, addresses)) or self.is_inside

    @property
    def is_inside(self) -> bool:
        """Whether a configured host is on a private network; False if it cannot be resolved."""
        return any(not is_public(address) for host in self._chosen for address in look_up(host))


def look_up(host: str, port: int = 443) -> list[str]:
    """The IP addresses of `host`, as text; an empty list if it cannot be resolved."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class GuardedAdapter(HTTPAdapter):
    """An adapter for requests sessions that checks each address before it connects.

    options: as for `requests.adapters.HTTPAdapter`.
    A forbidden address becomes a requests `ConnectionError` whose reason is `LeadsInside`.
    """

    def __init__(self, guard: Guard, **options: Any) -> None:
        self._guard = guard
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Set up connection pools that use the guard; requests calls this."""
        super().init_poolmanager(*arguments, **options)
        let_through, allows = self._guard.lets_through, self._guard.allows

        class Plain(_Guarded, HTTPConnection):
            guards = (let_through, allows)

        class Secure(_Guarded, HTTPSConnection):
            guards = (let_through, allows)

        plain = type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}


class _Guarded(HTTPConnection):
    guards: ClassVar[tuple[Callable[[str], bool], Callable[[list[str]], bool]]]

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        lets_through, allows = self.guards
        if lets_through(name):
            return super()._new_conn()
        addresses = look_up(name, self.port)
        if not addresses:
            raise NewConnectionError(self, "the name is not known")
        if not allows(addresses):
            raise LeadsInside(self, "the address is private")
        try:
            return self._first_that_answers(addresses)
        finally:
            self._dns_host = name

    def _first_that_answers(self, addresses: list[str]) -> socket.socket:
        """Connect to the checked addresses; a second look-up of the name could return others."""
        for address in addresses[:-1][:MOST_ADDRESSES]:
            self._dns_host = address
            with suppress(NewConnectionError, ConnectTimeoutError):
                return super()._new_conn()
        self._dns_host = addresses[-1]
        return super()._new_conn()
