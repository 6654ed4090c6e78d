"""Reads the body of a request on the event loop, where waiting costs no thread, and gives up on slow senders."""

import asyncio
import io
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: A sender has 10 seconds, and one more for each KB that it has sent ...
SECONDS_AT_FIRST = 10.0
SLOWEST = 1024  # bytes per second
#: ... up to 30 seconds. A large body may take longer, as long as it arrives at half a megabit per second.
SECONDS_AT_MOST = 30.0
SLOWEST_LARGE = 64 * 1024  # bytes per second
#: Data of slower senders is fetched only this often: each time costs as much as a small request.
SECONDS_BETWEEN_LOOKS = 2.0
TOO_SLOW = "The request took too long to arrive."


class RequestBody:
    """The body of one request. `length` is the declared length; None if it is sent in chunks."""

    def __init__(self, receive: Receive, length: int | None, loop: AbstractEventLoop) -> None:
        self._receive = receive
        self._length = length
        self._loop = loop
        self._started = loop.time()
        self._received = 0
        self.is_whole = length == 0
        self.failure: HTTPException | None = None

    async def read(self, size: int) -> bytes:
        """`size` bytes or a little more; less at the end, or when the sender fails, as `failure` tells."""
        parts: list[bytes] = []
        begin = self._received
        while not (self.is_whole or self.failure) and self._received - begin < size:
            parts.append(await self._next())
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_from_thread(self, size: int) -> bytes:
        """The same for a thread that runs the app. Raises the sender's failure."""
        if self.failure:
            raise self.failure
        part = asyncio.run_coroutine_threadsafe(self.read(size), self._loop).result()
        if self.failure and not part:
            raise self.failure
        return part

    async def _next(self) -> bytes:
        passed = self._loop.time() - self._started
        if passed > 1 and self._received < passed * SLOWEST:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        try:
            async with asyncio.timeout_at(self._started + seconds_for(self._received)):
                message = await self._receive()
        except TimeoutError:
            self.failure = RequestTimeout(TOO_SLOW)
            return b""
        if message["type"] == "http.disconnect":
            self.failure = ClientDisconnected()
            return b""
        part: bytes = message["body"]
        self._received += len(part)
        self.is_whole = not message["more_body"] or self._received == self._length
        return part


def seconds_for(received: int) -> float:
    """How long a sender of this many bytes may take before the next ones come."""
    at_first = SECONDS_AT_FIRST + received / SLOWEST
    at_most = SECONDS_AT_MOST + received / SLOWEST_LARGE
    return min(at_first, at_most)


class BodyStream(io.RawIOBase):
    """`wsgi.input` for a body of which only the `head` has arrived."""

    def __init__(self, head: bytes, body: RequestBody) -> None:
        self._unread = memoryview(head)
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._unread:
            self._unread = memoryview(self._body.read_from_thread(1))
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._unread))
        view[:size] = self._unread[:size]
        self._unread = self._unread[size:]
        return size
