"""A submission of ten images of 2 MB by our client of v3, whose request has to fit into 4.5 MB; and speed beside
usesmileid 12.1.0 where both send the same. Each client runs in a process of its own."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import trustme
from PIL import Image

from tests.benchmarks.report import Figure

IMAGES = 10
ROUNDS = 5
SIDES = {"large": (1560, 1170), "small": (560, 420)}


def measure(folder: Path) -> list[Figure]:
    paths = {
        kind: [_photo(folder / f"{kind}-{number}.jpg", size) for number in range(IMAGES)]
        for kind, size in SIDES.items()
    }
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with _receiver(context) as (url, sizes):
        job = {"url": url, "ca_file": str(folder / "ca.pem")}
        large = [_run(job | {"whose": "ours", "paths": paths["large"]}) for _ in range(3)]
        largest = max(sizes)
        pairs = [
            [_run(job | {"whose": whose, "paths": paths["small"]}) for whose in ("ours", "theirs")]
            for _ in range(ROUNDS)
        ]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    milliseconds = [median(run["seconds"] for run in runs) * 1000 for runs in (ours, theirs)]
    extra = median(run["extra_mb"] for run in large)
    given = sum(Path(path).stat().st_size for path in paths["large"]) / 1e6
    return [
        Figure(
            f"v3: 10 images, {given:.0f} MB in all, extra memory", extra, "MB", 12, is_at_least=False,
            details=f"{median(run['seconds'] for run in large):.1f} s, largest request {largest / 1e6:.2f} MB",
        ),
        Figure(
            "v3: 10 small images, faster than usesmileid 12.1.0",
            median(pair[1]["seconds"] / pair[0]["seconds"] for pair in pairs), "x", 0.8,
            details=f"{milliseconds[0]:.0f} ms beside {milliseconds[1]:.0f} ms",
        ),
    ]  # fmt: skip


def _photo(path: Path, size: tuple[int, int]) -> str:
    """Noise, the worst case for JPEG."""
    Image.effect_noise(size, 120).convert("RGB").save(path, "JPEG", quality=95)
    return str(path)


def _run(job: dict[str, Any]) -> dict[str, float]:
    code = "from tests.benchmarks.v3_submission import submit; submit()"
    run = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(job), capture_output=True, text=True, timeout=300, check=True
    )
    figures: dict[str, float] = json.loads(run.stdout.strip().splitlines()[-1])
    return figures


def submit() -> None:
    """Runs in the child: one submission before, so that connections, imports and the redrawing process are warm."""
    import time

    job = json.load(sys.stdin)
    paths = job["paths"]
    details = {"given_names": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"}
    consent = {
        "granted": True, "granted_at": "2026-10-01T09:30:00Z", "notice_language": "EN",
        "notice_privacy_policy_url": "https://partner.example/privacy",
    }  # fmt: skip
    person = {"consent": consent, "user_details": details, "country": "NG"}
    faces = {"selfie_image": paths[0], "liveness_images": paths[1:9], "document": paths[9]}
    if job["whose"] == "ours":
        from dashboard.smile import Transport
        from dashboard.smile.v3 import Client, DocumentVerification

        transport = Transport(f"{job['url']}/v3", ca_file=job["ca_file"], timeout=(10, 120))
        client = Client("2", "bench-key", f"{job['url']}/v3", transport=transport)

        def one() -> None:
            client.verifications.submit(DocumentVerification(**person, **faces))
    else:
        import httpx
        import usesmileid

        session = httpx.Client(verify=ssl.create_default_context(cafile=job["ca_file"]))
        other = usesmileid.Client(partner_id="2", api_key="bench-key", base_url=job["url"], http_client=session)

        def one() -> None:
            other.documents.verify(**person, **faces)

    if job["whose"] == "ours":
        from dashboard.smile.image_redrawer import image_redrawer

        # Starts the process; how much it needs itself is limited there.
        image_redrawer().draw(Path(paths[0]).read_bytes(), most_bytes=10_000_000)
    all_faces = faces
    small = b"\xff\xd8\xff\xe0" + bytes(1000)
    faces = {"selfie_image": small, "liveness_images": [small] * 6, "document": small}
    one()
    faces = all_faces
    before, started = _peak_mb(), time.perf_counter()
    one()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "extra_mb": _peak_mb() - before}))


def _peak_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


@contextmanager
def _receiver(context: ssl.SSLContext) -> Iterator[tuple[str, list[int]]]:
    """Answers like Smile over TLS, and throws the bytes away; the sizes of the bodies are kept."""
    sizes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            left = size = int(self.headers.get("Content-Length", 0))
            sizes.append(size)
            while left:
                left -= len(self.rfile.read(min(left, 1 << 20)))
            answer = {"token": "a.e30.c"} if self.path.endswith("token") else {"status": "accepted", "job_id": "job_1"}
            body = json.dumps(answer).encode()
            self.send_response(200 if "token" in answer else 202)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}", sizes
        finally:
            server.shutdown()
            thread.join()
