"""Uploaded images, re-encoded by a separate process before anything else reads them."""

import atexit
import json
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from dashboard.jobs.submitting import image_child

MAX_IMAGE_BYTES = 10 * 1024 * 1024
#: Smile publishes no minimum. A face fills about half of a selfie, and below this size too little of it is left to
#: compare or read, while each try is charged. The smallest cameras and Smile's own frames are larger.
SMALLEST_SIDE = 200
SMALLEST_LOGO_SIDE = 16
#: Advice for formats that people often send by mistake.
HEIC = (
    "This is a HEIC image, the format of iPhone photos. On the iPhone choose Settings, Camera, Formats, Most"
    " Compatible and take it again; or open it in Files or Photos and export it as JPEG."
)
PDF = "This is a PDF file, not an image. Take a photo or screenshot of the page and choose that."
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
#: For one image on a busy machine; the child's own CPU limit usually ends it long before.
LONGEST_SECONDS = 30.0


class UnusableImage(Exception):
    """Why an image is refused; the text is for the person who chose it."""


def clean_image(content: bytes) -> bytes:
    """The image as it is stored and sent: a JPEG without comments, location or hidden files. Raises UnusableImage."""
    if not content:
        raise UnusableImage("The file is empty.")
    if len(content) > MAX_IMAGE_BYTES:
        raise UnusableImage(f"The file is larger than {MAX_IMAGE_BYTES // 1024 // 1024} MB.")
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise UnusableImage(HEIC)
    if b"%PDF-" in content[:1024]:  # A scanner may put something before it, and readers accept that.
        raise UnusableImage(PDF)
    return image_redrawer().draw(content, most_bytes=MAX_IMAGE_BYTES, smallest_side=SMALLEST_SIDE)


def shown_image(content: bytes, longest_side: int) -> bytes:
    """A JPEG for display, made from content that may not be an image. Raises UnusableImage."""
    return image_redrawer().draw(content, most_bytes=MAX_IMAGE_BYTES, longest_side=longest_side)


def clean_logo(content: bytes, most_bytes: int) -> bytes:
    """The company's logo as a small PNG on white. Raises UnusableImage, also for SVG, which is a program."""
    if not content:
        raise UnusableImage("The file is empty.")
    return image_redrawer().draw(content, most_bytes=most_bytes, smallest_side=SMALLEST_LOGO_SIDE, is_logo=True)


class ImageRedrawer:
    """The child process: started when first needed, given one image at a time, and restarted when it died."""

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        return self._child.pid if self._child else None

    def draw(
        self,
        content: bytes,
        *,
        most_bytes: int,
        longest_side: int | None = None,
        smallest_side: int = 1,
        is_logo: bool = False,
    ) -> bytes:
        asked = {
            "size": len(content),
            "most_bytes": most_bytes,
            "longest_side": longest_side,
            "smallest_side": smallest_side,
            "is_logo": is_logo,
        }
        with self._lock:
            try:
                facts, drawn = self._ask(asked, content)
            except (OSError, ValueError, EOFError):  # It died over this image, or was ended because it took too long.
                self._end()
                raise UnusableImage(
                    "This image could not be read. Save it again as a JPEG and choose that one."
                ) from None
        if "problem" in facts:
            raise UnusableImage(facts["problem"])
        return drawn

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        child = self._running()
        assert child.stdin
        assert child.stdout
        watch = Timer(self._longest_seconds, child.kill)
        watch.start()
        try:
            child.stdin.write(json.dumps(asked).encode() + b"\n" + content)
            child.stdin.flush()
            facts = json.loads(child.stdout.readline())
            drawn = child.stdout.read(facts["size"])
        finally:
            watch.cancel()
        if len(drawn) != facts["size"]:
            raise EOFError
        return facts, drawn

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            # Isolated and with an empty environment, so that it cannot reach the keys of this deployment.
            command = [sys.executable, "-I", str(Path(image_child.__file__))]
            self._child = subprocess.Popen(  # noqa: S603  # our own program and file, no input
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):  # Buffered output has no reader any more.
                    pipe.close()
        child.wait()


@cache
def image_redrawer() -> ImageRedrawer:
    """The image redrawer of this process."""
    drawer = ImageRedrawer()
    atexit.register(drawer.close)
    return drawer
