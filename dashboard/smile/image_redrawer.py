"""Redraws images in a separate process, so that a harmful image can do nothing here."""

import atexit
import json
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Timer
from typing import Any

#: For one image on a busy machine; the child's own CPU limit usually ends it long before.
LONGEST_SECONDS = 30.0
#: It is run, never imported, so that this process does not load the decoders.
CHILD = Path(__file__).with_name("image_child.py")


class UnusableImage(Exception):
    """Why an image is refused; the text is for the person who chose it."""


class ImageRedrawer:
    """The child process: started when first needed, given one image at a time, and restarted when it died.

    longest_seconds: how long one image may take; after that the process is ended.
    """

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the child process, None before the first image."""
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
        """The image as a JPEG (a PNG for a logo), upright, without metadata.

        most_bytes: its largest size in bytes. longest_side, smallest_side: in pixels; a larger image is made smaller.
        Raises UnusableImage for what is no image, is too small, or does not fit into `most_bytes`.
        """
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
        """End the child process; the next image starts another."""
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
            command = [sys.executable, "-I", str(CHILD)]
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
