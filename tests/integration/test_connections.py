"""Idle, silent and dripping connections keep nobody out; `make bench` has thousands of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import text
from sqlmodel import col, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.web.serving.asgi import PAGE_THREADS
from tests.benchmarks.serving import serve
from tests.factories.callbacks import DOOR
from tests.integration.callbacks.senders import Author, Sender
from tests.integration.conftest import Deployment
from tests.integration.connections import DRIPPING, IDLE, connect, head_of, held, visit

IDLE_ONES, DRIPPING_ONES = 300, 150
SECONDS = 60.0
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LENGTHS = ("Content-Length: 100000", "Transfer-Encoding: chunked")


@pytest.fixture
def web(deploy: Callable[..., Deployment]) -> Deployment:
    return deploy("web", DASHBOARD_TRUSTED_PROXIES="1")


def heard(connection: socket) -> bytes:
    """Until the server closes it."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def refused_deliveries(deployment: Deployment, until: Callable[[list[RefusedDelivery]], bool]) -> list[RefusedDelivery]:
    """They are written a moment later."""
    deadline = time.monotonic() + SECONDS
    while True:
        with deployment.database.reading() as session:
            rows = list(session.exec(select(RefusedDelivery).order_by(col(RefusedDelivery.id))).all())
        if until(rows) or time.monotonic() > deadline:
            return rows
        time.sleep(0.1)


@on_sqlite
def test_crowds_keep_nobody_out(web: Deployment) -> None:
    for kind, count in ((IDLE, IDLE_ONES), *((kind, DRIPPING_ONES) for kind in DRIPPING)):
        with held(web.web_url, kind, count):
            visit(web.web_url)
            sender = Sender(web.web_url, SECONDS)
            assert sender.send(Author().write()).status == 200
            sender.close()


@on_sqlite
def test_slow_senders_are_told_and_cut(web: Deployment) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(web.web_url, SECONDS)) for _ in range(len(DRIPPING) * len(LENGTHS))]
        for connection, (kind, length) in zip(connections, product(DRIPPING, LENGTHS), strict=True):
            connection.sendall(head_of(web.web_url, kind, length))
        answers = [heard(connection) for connection in connections]

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 408 "] * len(connections)
    rows = refused_deliveries(web, lambda rows: any(row.reason == RefusalReason.TOO_SLOW for row in rows))
    assert {row.status for row in rows if row.reason == RefusalReason.TOO_SLOW} == {408}


def test_connection_that_brings_no_request_is_closed(tmp_path: Path) -> None:
    """One that is silent from its beginning, one with half a head, and one that was kept after an answer."""
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with serve("hello", tmp_path, idle_seconds=1) as url, ExitStack() as stack:
        connections = [stack.enter_context(connect(url, SECONDS)) for _ in range(3)]
        for connection, sent in zip(connections, (b"", whole[:20], whole), strict=True):
            connection.sendall(sent)
        answers = [heard(connection) for connection in connections]

    assert [answer.count(b"HTTP/1.1 200 OK") for answer in answers] == [0, 0, 1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_pages_that_wait_for_the_database_keep_no_callback_out(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("web", DASHBOARD_DATABASE_LOCK_TIMEOUT="60")
    staff = deployment.staff()
    with deployment.database.engine.connect() as connection, ThreadPoolExecutor(2 * PAGE_THREADS) as pool:
        connection.execute(text("LOCK TABLE member IN ACCESS EXCLUSIVE MODE"))
        page = {"url": f"{deployment.web_url}/account", "cookies": staff.http.cookies, "timeout": SECONDS}
        pages = [pool.submit(requests.get, **page) for _ in range(2 * PAGE_THREADS)]
        wait_for_locks(deployment, PAGE_THREADS)

        sender = Sender(deployment.web_url, SECONDS)
        assert sender.send(Author().write()).status == 200
        sender.close()

        connection.rollback()
        assert {page.result().status_code for page in pages} == {200}


def wait_for_locks(deployment: Deployment, count: int) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'member'::regclass")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with deployment.database.engine.connect() as connection:
            if connection.execute(waiting).scalar_one() >= count:
                return
        time.sleep(0.05)
    raise AssertionError("the pages do not wait")


@on_sqlite
def test_address_of_a_sender_comes_from_the_header_of_the_proxy_alone(web: Deployment) -> None:
    """A proxy drops a header with an underscore or passes it on; it never sets one."""
    forged, real = {"X_Forwarded_For": "203.0.113.9"}, {"X-Forwarded-For": "198.51.100.1"}

    for headers in (forged, real | forged, forged | real):
        with connect(web.web_url, SECONDS) as connection:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            host = urlsplit(web.web_url).netloc
            connection.sendall(f"POST {DOOR} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: 0\r\n\r\n".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 415 ")

    rows = refused_deliveries(web, lambda rows: any(row.source_address == "198.51.100.1" for row in rows))
    addresses = {row.source_address for row in rows if row.reason == RefusalReason.NO_MEDIA_TYPE}
    assert addresses == {"127.0.0.1", "198.51.100.1"}
