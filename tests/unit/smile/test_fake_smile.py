"""What the fake server leaves behind: a file that stays open fails a later test that has nothing to do with it."""

import socket
import threading
import time
from urllib.parse import urlsplit

from .fake_smile import FakeSmile

BROKEN_OFF = b"POST /v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nha"


def test_nothing_of_a_body_that_is_still_coming_outlives_the_server(smile: FakeSmile):
    threads = threading.active_count()
    with socket.create_connection(("127.0.0.1", urlsplit(smile.origin).port or 0), timeout=5) as client:
        client.sendall(BROKEN_OFF)
        while not smile.bodies:
            time.sleep(0.01)

        smile.close()

        assert threading.active_count() == threads - 1  # the one that served, and no connection
        assert [body.closed for body in smile.bodies] == [True]
