"""What may stand at the public address instead of us or before us: other programs, or a proxy, with TLS or not."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests
import trustme

Respond = Callable[[BaseHTTPRequestHandler], object]
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


@contextmanager
def listening(respond: Respond, certificate: trustme.LeafCert | None = None, port: int = 0) -> Iterator[str]:
    """Its address; every request is given to `respond`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            respond(self)

        def do_POST(self) -> None:
            respond(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass  # a client that hangs up, as it should

    server = Server(("127.0.0.1", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.rfile.read(int(request.headers.get("Content-Length", 0)))
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def forward_to(web_url: str, sender: str = "127.0.0.1") -> Respond:
    """A proxy that adds `sender` to X-Forwarded-For, as one does that was called from there."""

    def forward(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        given = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        so_far = given.pop("X-Forwarded-For", "")
        scheme = "https" if isinstance(request.connection, ssl.SSLSocket) else "http"
        given |= {
            "X-Forwarded-For": ", ".join(filter(None, (so_far, sender))),
            "X-Forwarded-Proto": scheme,
            "X-Forwarded-Host": request.headers["Host"],
            "Accept-Encoding": "identity",
        }
        answer = requests.request(
            request.command, web_url + request.path, data=body, headers=given, timeout=30, allow_redirects=False
        )
        request.send_response_only(answer.status_code)
        for name, value in answer.raw.headers.iteritems():  # one line for each cookie, not all in one
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        request.wfile.write(answer.content)

    return forward
