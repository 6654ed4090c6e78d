"""A body is read as it comes, and a sender that is too slow is given up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from dashboard.web.serving import request_bodies
from dashboard.web.serving.request_bodies import BodyStream, RequestBody
from tests.unit.web.loops import run_loop

Receive = Callable[[], Awaitable[dict[str, Any]]]
LEFT = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def sends(*messages: dict[str, Any]) -> Receive:
    """All of them at once, and then nothing more."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


def begin(receive: Receive, length: int | None = None) -> RequestBody:
    return RequestBody(receive, length, asyncio.get_running_loop())


def test_small_body_is_whole_at_once() -> None:
    async def run() -> None:
        body = begin(sends(part(b"ab"), part(b"cd"), part(b"", more=False)))

        assert await body.read(100) == b"abcd"
        assert body.is_whole

    run_loop(run())


def test_body_is_whole_when_its_length_has_come() -> None:
    async def run() -> None:
        body = begin(sends(part(b"ab"), part(b"cd")), 4)

        assert await body.read(100) == b"abcd"
        assert body.is_whole

    run_loop(run())


def test_request_without_a_body_waits_for_nothing() -> None:
    async def run() -> None:
        body = begin(sends(), 0)

        assert await body.read(100) == b""
        assert body.is_whole

    run_loop(run())


def test_sender_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "SECONDS_AT_FIRST", 0.05)

    async def run() -> None:
        body = begin(sends(part(b"a")), 1000)

        assert await body.read(100) == b"a"
        assert isinstance(body.failure, RequestTimeout)
        assert not body.is_whole

    run_loop(run())


@pytest.mark.parametrize(
    ("received", "seconds"),
    [
        (0, 10),
        (10 * 1024, 20),  # a KB a second
        (100 * 1024, 31.5625),  # until 30 seconds are over
        (2 * 1024 * 1024, 62),
        (112 * 1024 * 1024, 1822),  # all pictures of a job, at half a megabit per second
    ],
)
def test_time_that_a_sender_has_grows_with_what_came(received: int, seconds: float) -> None:
    assert request_bodies.seconds_for(received) == pytest.approx(seconds)


def test_sender_that_leaves_is_noticed() -> None:
    async def run() -> None:
        body = begin(sends(part(b"a"), LEFT), 1000)

        assert await body.read(100) == b"a"
        assert isinstance(body.failure, ClientDisconnected)

    run_loop(run())


def read_in_thread(messages: Iterable[dict[str, Any]], head: bytes = b"head ") -> bytes:
    async def run() -> bytes:
        stream = BodyStream(head, begin(sends(*messages)))
        return await asyncio.to_thread(stream.read)

    return run_loop(run())


def test_thread_reads_the_head_and_then_what_comes() -> None:
    assert read_in_thread([part(b"and "), part(b"rest", more=False)]) == b"head and rest"


@pytest.mark.parametrize("head", [b"", b"head "])
def test_thread_hears_that_the_sender_left(head: bytes) -> None:
    with pytest.raises(ClientDisconnected):
        read_in_thread([part(b"and "), LEFT], head)


def test_thread_hears_that_the_sender_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "SECONDS_AT_FIRST", 0.05)

    with pytest.raises(RequestTimeout):
        read_in_thread([part(b"and ")])
