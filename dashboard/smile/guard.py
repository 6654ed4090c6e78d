"""Connections to addresses that somebody else named: looked up once, refused when private, made to what was looked at.

Smile's answer to an upload says where the pictures go. Without this, whoever can change that answer could send them, or
a request of ours, into the network of the machine that this runs on.
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
    """Nothing was connected to, since the address is not one of the internet."""


class Guard:
    """Knows the hosts that were chosen, which may be anywhere; every other one has to be on the internet.

    A server that is itself on a private network, such as a simulator, may name others there.
    """

    def __init__(self, *chosen_urls: str) -> None:
        self._chosen = {(urlsplit(url).hostname or "").lower() for url in chosen_urls}

    def lets_through(self, host: str) -> bool:
        """Whether a connection to `host` needs no look."""
        return host.lower() in self._chosen

    def allows(self, addresses: list[str]) -> bool:
        return all(map(is_public, addresses)) or self.is_inside

    @property
    def is_inside(self) -> bool:
        """Whether a host that was chosen is on a private network. One that is not known is not."""
        return any(not is_public(address) for host in self._chosen for address in look_up(host))


def look_up(host: str, port: int = 443) -> list[str]:
    """All its addresses; none where the name is not known."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class GuardedAdapter(HTTPAdapter):
    """Goes into a requests session in place of the usual one."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        self._guard = guard
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
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
        """The name is not looked up again: a second answer of the name server could be another one."""
        for address in addresses[:-1][:MOST_ADDRESSES]:
            self._dns_host = address
            with suppress(NewConnectionError, ConnectTimeoutError):
                return super()._new_conn()
        self._dns_host = addresses[-1]
        return super()._new_conn()
