"""Submitting eight images of 2 MB: our client beside smile-id-core 3.0.1, each in processes of its own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from tests.benchmarks.report import Figure

IMAGES = 8
IMAGE_BYTES = 2 * 1024 * 1024
ROUNDS = 5
BUFFER = bytearray(1024 * 1024)


def measure(folder: Path) -> list[Figure]:
    paths = []
    for number in range(IMAGES):
        path = folder / f"image-{number}.jpg"
        path.write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(IMAGE_BYTES - 6) + b"\xff\xd9")
        paths.append(str(path))
    with _receiver() as url:
        rounds = [(_run("ours", url, paths), _run("theirs", url, paths)) for _ in range(ROUNDS)]
    ours, theirs = [mine for mine, _ in rounds], [other for _, other in rounds]
    ratio = median(other["seconds"] / mine["seconds"] for mine, other in rounds)
    extra = median(mine["extra_mb"] for mine in ours)
    ours_ms, theirs_ms = (median(run["seconds"] for run in runs) * 1000 for runs in (ours, theirs))
    return [
        Figure(
            "8 images of 2 MB, faster than smile-id-core 3.0.1",
            ratio,
            "x",
            10,
            details=f"{ours_ms:.0f} ms beside {theirs_ms:.0f} ms",
        ),
        Figure(
            "8 images of 2 MB, extra memory",
            extra,
            "MB",
            1,
            is_at_least=False,
            details=f"smile-id-core: {median(other['extra_mb'] for other in theirs):.1f} MB",
        ),
    ]


def _run(whose: str, url: str, paths: list[str]) -> dict[str, float]:
    code = "from tests.benchmarks.submission import submit; submit()"
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({"whose": whose, "url": url, "paths": paths}),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    figures: dict[str, float] = json.loads(run.stdout.strip().splitlines()[-1])
    return figures


def submit() -> None:
    """Runs in the child: one job before, so that connections and imports are warm, then the one that is measured."""
    import time

    wanted = json.load(sys.stdin)
    types = [0, 1, 4, 4, 4, 4, 4, 4]
    if wanted["whose"] == "ours":
        from dashboard.smile import WebApi

        client = WebApi("002", "http://localhost/callback", "bench-key", wanted["url"])
        images = [{"image_type_id": kind, "image": path} for kind, path in zip(types, wanted["paths"], strict=True)]
    else:
        from smile_id_core import WebApi as TheirWebApi

        client = TheirWebApi("002", "http://localhost/callback", "bench-key", wanted["url"])
        images = [{"image_type_id": kind, "file_name": path} for kind, path in zip(types, wanted["paths"], strict=True)]
    options = {"return_job_status": False, "return_history": False, "return_images": False}

    def one(number: int) -> None:
        params = {"user_id": "user", "job_id": f"job-{number}", "job_type": 4}
        client.submit_job(params, images, {}, options)

    images, all_images = images[:1], images
    one(0)
    images = all_images
    before, started = _peak_mb(), time.perf_counter()
    one(1)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "extra_mb": _peak_mb() - before}))


def _peak_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


class _Receiver(BaseHTTPRequestHandler):
    """Answers like Smile and its object store, and throws the bytes away: the client is what is measured."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the receiver itself waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        self._read()
        url = f"http://{self.headers['Host']}/zip"
        self._answer(json.dumps({"upload_url": url, "smile_job_id": "0000000001", "code": "2202"}).encode())

    def do_PUT(self) -> None:
        self._read()
        self._answer(b"")

    def _read(self) -> None:
        left, view = int(self.headers["Content-Length"]), memoryview(BUFFER)
        while left:
            left -= self.rfile.readinto(view[: min(left, len(view))])  # type: ignore[attr-defined]

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def _receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
