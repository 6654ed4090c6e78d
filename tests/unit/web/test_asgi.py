"""The WSGI app behind ASGI: what it is told, what it answers, and which threads it takes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from threading import Event
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from werkzeug.exceptions import RequestTimeout

from dashboard.web.serving import asgi, request_bodies
from dashboard.web.serving.asgi import AsgiAdapter, HttpAnswer, length_of, make_environ
from tests.unit.web.loops import run_loop

SECONDS = 60


def scope(path: str = "/", method: str = "GET", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"a=1",
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("192.0.2.7", "4711"),
        "server": ("127.0.0.1", "8000"),
    }


class Exchange:
    """One request and what is sent in answer to it. `body`: its parts; a sender of None sends nothing more."""

    def __init__(self, *body: bytes | None) -> None:
        self._body = list(body)
        self.sent: list[dict[str, Any]] = []
        self.leaves = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self._body or self._body[0] is None:
            await self.leaves.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._body.pop(0), "more_body": bool(self._body)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def is_ended(self) -> bool:
        return not self.sent[-1].get("more_body", True)


def run(test: Callable[[], Awaitable[None]]) -> None:
    run_loop(asyncio.wait_for(test(), SECONDS))  # type: ignore[arg-type]


def call(app: WSGIApplication, request: dict[str, Any], *body: bytes | None) -> Exchange:
    async def exchange() -> Exchange:
        one = Exchange(*body)
        await asyncio.wait_for(AsgiAdapter(app)(request, one.receive, one.send), SECONDS)
        return one

    return run_loop(exchange())


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
    return [b"got ", body]


def test_app_is_told_of_the_request() -> None:
    environ = make_environ(scope("/caf\u00e9", "POST", (b"content-type", b"a/b"), (b"content-length", b"3")))

    assert environ["PATH_INFO"] == "/caf\u00e9".encode().decode("latin-1")
    assert (environ["REQUEST_METHOD"], environ["QUERY_STRING"]) == ("POST", "a=1")
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("a/b", "3")
    assert (environ["REMOTE_ADDR"], environ["HTTP_HOST"]) == ("192.0.2.7", "localhost")


def test_header_with_an_underscore_is_not_told() -> None:
    forged, real = (b"x_forwarded_for", b"203.0.113.9"), (b"x-forwarded-for", b"198.51.100.1")

    assert "HTTP_X_FORWARDED_FOR" not in make_environ(scope("/", "GET", forged))
    for headers in ((forged, real), (real, forged)):
        assert make_environ(scope("/", "GET", *headers))["HTTP_X_FORWARDED_FOR"] == "198.51.100.1"


def test_header_that_comes_twice_is_told_with_both_values() -> None:
    environ = make_environ(scope("/", "GET", (b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")))

    assert environ["HTTP_X_A"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ([], 0),
        ([(b"content-length", b"12")], 12),
        ([(b"transfer-encoding", b"chunked")], None),
        ([(b"content-length", b"12"), (b"transfer-encoding", b"chunked")], None),
    ],
)
def test_length_of_a_body(headers: list[tuple[bytes, bytes]], length: int | None) -> None:
    assert length_of(headers) == length


def test_answer_comes_in_one_piece() -> None:
    exchange = call(echo, scope("/a", "POST", (b"content-length", b"4")), b"bo", b"dy")

    assert (exchange.status, exchange.body, len(exchange.sent)) == (200, b"got body", 2)
    assert (b"x-path", b"/a") in exchange.sent[0]["headers"]


def test_large_body_is_read_while_it_comes() -> None:
    parts = [b"x" * 100_000] * 30

    exchange = call(echo, scope("/a", "POST", (b"transfer-encoding", b"chunked")), *parts)

    assert exchange.body == b"got " + b"".join(parts)


def test_large_answer_comes_in_parts() -> None:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        return iter([b"x" * 400_000] * 7)

    exchange = call(app, scope())

    assert exchange.body == b"x" * 2_800_000
    assert [message["more_body"] for message in exchange.sent[1:]] == [True, True, False]


def test_slow_sender_of_a_page_is_told_so_and_costs_the_app_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "SECONDS_AT_FIRST", 0.05)

    exchange = call(never, scope("/sign-in", "POST", (b"content-length", b"10")), b"a", None)

    assert exchange.status == 408
    assert (b"connection", b"close") in exchange.sent[0]["headers"]
    assert exchange.is_ended


def never(_: WSGIEnvironment, __: StartResponse) -> Iterable[bytes]:
    raise AssertionError("the app was called")


def test_app_that_fails_answers_500_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    def app(_: WSGIEnvironment, __: StartResponse) -> Iterable[bytes]:
        raise ValueError("canary-of-an-error")

    exchange = call(app, scope())

    assert exchange.status == 500
    assert "canary" not in exchange.body.decode() + capsys.readouterr().out


def test_answer_that_breaks_off_is_not_ended_until_its_reader_leaves() -> None:
    """Ended, a part of a file would look like the whole."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x" * 2_000_000
        raise OSError("the file is gone")

    async def test() -> None:
        one = Exchange()
        answering = asyncio.create_task(AsgiAdapter(app)(scope(), one.receive, one.send))
        while len(one.sent) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert not answering.done()
        one.leaves.set()
        await answering
        assert not one.is_ended

    run(test)


def test_app_goes_on_no_longer_than_its_reader_stays() -> None:
    closed = Event()

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 2_000_000
        finally:
            closed.set()

    async def test() -> None:
        one = Exchange()
        answering = asyncio.create_task(AsgiAdapter(app)(scope(), one.receive, one.send))
        while len(one.sent) < 3:
            await asyncio.sleep(0.01)
        one.leaves.set()
        await answering

    run(test)
    assert closed.is_set()


class Receives:
    """A receiver that answers once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.seen: list[tuple[str, str, bytes | None]] = []

    async def answer(self, environ: WSGIEnvironment, has_come: bool) -> HttpAnswer:
        body = environ["wsgi.input"].read() if has_come else None
        self.seen.append((environ["SCRIPT_NAME"], environ["PATH_INFO"], body))
        await self.may_answer.wait()
        return HttpAnswer("201 CREATED", [("X-Receiver", "yes")], b"received")


def test_callback_goes_to_the_receiver() -> None:
    receiver = Receives()

    async def test() -> None:
        adapter = AsgiAdapter(never, receiver)
        for body in ([b"{}"], [b"x" * asgi.SMALL_BODY, b"x"]):
            one = Exchange(*body)
            await adapter(scope("/hooks/smile/key", "POST", (b"transfer-encoding", b"chunked")), one.receive, one.send)
            assert (one.status, one.body) == (201, b"received")
            assert (b"x-receiver", b"yes") in one.sent[0]["headers"]

    run(test)
    assert receiver.seen == [("/hooks", "/smile/key", b"{}"), ("/hooks", "/smile/key", None)]


def test_sender_of_a_callback_that_fails_is_the_receivers_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "SECONDS_AT_FIRST", 0.05)

    class Reads(Receives):
        async def answer(self, environ: WSGIEnvironment, has_come: bool) -> HttpAnswer:
            assert has_come  # so that no thread is needed to find out
            with pytest.raises(RequestTimeout):
                environ["wsgi.input"].read()
            return HttpAnswer("408 Request Timeout", [], b"")

    async def test() -> None:
        one = Exchange(b"{", None)
        await AsgiAdapter(never, Reads())(
            scope("/hooks/smile", "POST", (b"content-length", b"9")), one.receive, one.send
        )
        assert one.status == 408

    run(test)


@pytest.mark.parametrize(("busy", "free"), [("/jobs", "/hooks/smile"), ("/hooks/smile", "/jobs")])
def test_callbacks_and_pages_do_not_wait_for_each_other(busy: str, free: str) -> None:
    """More requests than there are threads hang at one; the other is answered all the same."""
    go_on = Event()

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if busy == "/jobs":
            go_on.wait(SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    async def test() -> None:
        receiver = Receives()
        if busy != "/jobs":
            receiver.may_answer.clear()
        adapter = AsgiAdapter(app, receiver)
        held = [Exchange() for _ in range(asgi.PAGE_THREADS * 2)]
        waiting = [asyncio.create_task(adapter(scope(busy), one.receive, one.send)) for one in held]
        await asyncio.sleep(0.1)
        other = Exchange()
        await adapter(scope(free), other.receive, other.send)
        assert other.status in (200, 201)
        assert not any(one.sent for one in held)
        go_on.set()
        receiver.may_answer.set()
        await asyncio.gather(*waiting)

    run(test)


class Knows:
    """Polls of which one answer is known."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def known(self, environ: WSGIEnvironment) -> HttpAnswer | None:
        return HttpAnswer("204 NO CONTENT", [("Vary", "HX-Request")], b"") if environ["PATH_INFO"] == "/known" else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app(environ, start_response)


def test_poll_with_a_known_answer_takes_no_thread() -> None:
    go_on = Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        go_on.wait(SECONDS)
        return echo(environ, start_response)

    async def test() -> None:
        adapter = AsgiAdapter(app, polls=Knows(app))
        held = [Exchange(b"") for _ in range(asgi.PAGE_THREADS * 2)]
        waiting = [asyncio.create_task(adapter(scope("/other"), one.receive, one.send)) for one in held]
        await asyncio.sleep(0.1)
        poll = Exchange()
        await adapter(scope("/known"), poll.receive, poll.send)
        assert (poll.status, poll.body, poll.is_ended) == (204, b"", True)
        assert not any(one.sent for one in held)
        go_on.set()
        await asyncio.gather(*waiting)
        assert {one.status for one in held} == {200}

    run(test)


def test_senders_of_large_bodies_keep_no_small_request_out() -> None:
    """Each has sent enough to take a thread, and then sends no more."""
    large = (b"x" * asgi.SMALL_BODY, None)

    async def test() -> None:
        adapter = AsgiAdapter(echo)
        held = [Exchange(*large) for _ in range(asgi.PAGE_THREADS * 2)]
        request = scope("/jobs", "POST", (b"transfer-encoding", b"chunked"))
        waiting = [asyncio.create_task(adapter(request, one.receive, one.send)) for one in held]
        await asyncio.sleep(0.1)
        other = Exchange(b"small")
        await adapter(request, other.receive, other.send)
        assert other.body == b"got small"
        for one in held:
            one.leaves.set()
        await asyncio.gather(*waiting)

    run(test)
