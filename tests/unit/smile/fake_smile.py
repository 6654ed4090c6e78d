"""A few lines of HTTP server that answer like Smile ID, remember every request, and sign by the documents alone."""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import socket
import ssl
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

PARTNER_ID = "002"
API_KEY = "sandbox-api-key-0001"


def signed(answer: dict[str, Any], api_key: str = API_KEY) -> dict[str, Any]:
    timestamp = "2026-01-15T09:30:00.000Z"
    digest = hmac.new(api_key.encode(), f"{timestamp}{PARTNER_ID}sid_request".encode(), hashlib.sha256).digest()
    return {**answer, "timestamp": timestamp, "signature": base64.b64encode(digest).decode()}


@dataclass
class Answer:
    """content: a dict is sent as JSON. cut: leave out that many bytes at the end.

    pause: seconds before answering. drip: seconds between one byte and the next. Both end when FakeSmile is closed.
    """

    content: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    pause: float = 0.0
    drip: float = 0.0
    drop: bool = False


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any  # an open temporary file
    size: int

    @property
    def json(self) -> dict[str, Any]:
        self.body.seek(0)
        result: dict[str, Any] = json.load(self.body)
        return result

    @property
    def zip(self) -> zipfile.ZipFile:
        self.body.seek(0)
        return zipfile.ZipFile(io.BytesIO(self.body.read()))

    @property
    def info(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.zip.read("info.json"))
        return result


class Server(ThreadingHTTPServer):
    """Knows its connections, so that none outlives it."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._connections: list[Any] = []
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def end_connections(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS has a way of its own, which waits.


class FakeSmile:
    """answers: "POST /v1/upload" -> an Answer, a list of them (the last one stays), or a function of the request."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.bodies: list[IO[bytes]] = []  # also those that broke off
        self.connections = 0
        self.closed = threading.Event()
        self.answers: dict[str, Answer | list[Answer] | Callable[[Request], Answer]] = {}
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()
        self.scheme = "http"
        self.answers["POST /v1/upload"] = Answer(
            {"upload_url": self.upload_url, "ref_id": "ref-1", "smile_job_id": "0000000583", "code": "2202"}
        )
        self.answers["PUT /store/attachments.zip"] = Answer(b"")

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def upload_url(self) -> str:
        return f"{self.origin}/store/attachments.zip?X-Signature=presigned"

    def serve_tls(self, context: ssl.SSLContext) -> None:
        # The handshake happens in the connection's own thread, where a client that turns away disturbs nobody.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "https"

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()  # Waits for the threads of all connections.
        for body in self.bodies:
            body.close()

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer_to(self, request: Request) -> Answer:
        answer = self.answers.get(f"{request.method} {request.path}", Answer({"error": "no such path"}, 404))
        if callable(answer):
            return answer(request)
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                fake.connections += 1
                super().setup()

            def handle(self) -> None:
                # A client that does not trust the certificate, or has stopped waiting, goes away in mid-sentence.
                with contextlib.suppress(OSError):
                    super().handle()

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()

            def do_GET(self) -> None:
                length = left = int(self.headers.get("Content-Length") or 0)
                body = tempfile.TemporaryFile()  # noqa: SIM115  # FakeSmile.close closes it.
                fake.bodies.append(body)
                while left:
                    piece = self.rfile.read(min(left, 65536))
                    if not piece:
                        break
                    left -= len(piece)
                    body.write(piece)
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = parse_qs(parts.query)
                request = Request(self.command, parts.path, query, headers, body, length - left)
                fake.requests.append(request)
                self._send(fake.answer_to(request))

            do_POST = do_PUT = do_GET  # noqa: N815  # The names are http.server's.

            def _send(self, answer: Answer) -> None:
                if answer.pause:
                    fake.closed.wait(answer.pause)
                if answer.drop:
                    self.close_connection = True
                    return
                content = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(content)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.drip:
                    for byte in content:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if fake.closed.wait(answer.drip):
                            break
                    return
                self.wfile.write(content[: len(content) - answer.cut])
                if answer.cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
