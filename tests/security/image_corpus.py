"""Pictures that mean harm, made here: each with the bytes that must never be stored or served."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo

from tests.factories.images import make_jpeg

SCRIPT = b"<script>alert('canary-7731')</script>"
PLACE, SERIAL = b"canary-latitude-6.5244N", b"canary-serial-SN-0042"
NOTE = b"canary-note-of-the-sender"


@dataclass(frozen=True)
class Harmful:
    """`make` gives the file, when it is needed: some take long to pack."""

    name: str
    make: Callable[[], bytes]
    payload: bytes = b""  # what must be gone; empty: the file itself is the harm
    is_refused: bool | None = None  # None: refused or clean, as it comes

    @cached_property
    def content(self) -> bytes:
        return self.make()


def corpus() -> Iterator[Harmful]:
    jpeg, png = make_jpeg(3, 260, 300), _saved("PNG")
    yield Harmful("pixel bomb, PNG", lambda: _png_bomb(60_000, 60_000), is_refused=True)
    yield Harmful(
        "pixel bomb of one colour, PNG, packed to almost nothing", lambda: _png_bomb(12_000, 12_000), is_refused=True
    )
    yield Harmful("pixel bomb, JPEG", lambda: _with_size(jpeg, 65_000, 65_000), is_refused=True)
    yield Harmful("a JPEG that says it is far larger than it is", lambda: _with_size(jpeg, 7_000, 7_000))
    yield Harmful("progressive JPEG that is unpacked whole", lambda: _progressive(), is_refused=True)
    yield Harmful(
        "text that unpacks to 200 MB", lambda: _with_chunk(png, b"zTXt", b"a\0\0" + _zeros(200)), is_refused=True
    )
    yield Harmful(
        "profile that unpacks to 200 MB", lambda: _with_chunk(png, b"iCCP", b"a\0\0" + _zeros(200)), is_refused=True
    )
    yield Harmful("moving PNG", lambda: _moving_png())
    yield Harmful("sixteen bits", lambda: _saved("PNG", mode="I;16"))
    yield Harmful("CMYK", lambda: _saved("JPEG", mode="CMYK"))
    yield Harmful("cut off, JPEG", lambda: jpeg[: len(jpeg) // 2], is_refused=True)
    yield Harmful("cut off, PNG", lambda: png[: len(png) // 2], is_refused=True)
    yield Harmful("HTML after a JPEG", lambda: jpeg + SCRIPT, SCRIPT, is_refused=False)
    yield Harmful("HTML after a PNG", lambda: png + SCRIPT, SCRIPT, is_refused=False)
    yield Harmful("HTML in a comment", lambda: _saved("JPEG", comment=SCRIPT), SCRIPT, is_refused=False)
    yield Harmful("script as a JPEG's first segment", lambda: _segment(jpeg, 0xE0 + 4, b"*/=1;" + SCRIPT), SCRIPT)
    yield Harmful("HTML in a text of a PNG", lambda: _png_with_text(), SCRIPT, is_refused=False)
    yield Harmful("zip after a JPEG", lambda: jpeg + _zip(), b"canary.html", is_refused=False)
    yield Harmful("place and serial number in EXIF", lambda: _with_exif(), PLACE, is_refused=False)
    yield Harmful("serial number in EXIF", lambda: _with_exif(), SERIAL, is_refused=False)
    yield Harmful("XMP", lambda: _segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + NOTE), NOTE, is_refused=False)
    yield Harmful("profile that is none", lambda: _saved("JPEG", icc_profile=NOTE * 9), NOTE)
    yield Harmful(
        "SVG renamed", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', is_refused=True
    )
    yield Harmful("GIF", lambda: _saved("GIF", mode="P"), is_refused=True)
    yield Harmful("GIF and script in one", lambda: b"GIF89a/*" + SCRIPT + b"*/=1;", is_refused=True)
    yield Harmful("TIFF", lambda: _saved("TIFF"), is_refused=True)
    yield Harmful("PostScript", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", is_refused=True)
    yield Harmful("nothing", lambda: b"", is_refused=True)
    yield Harmful(
        "one byte more than 10 MB", lambda: jpeg + b"\0" * (10 * 1024 * 1024 + 1 - len(jpeg)), is_refused=True
    )


def _saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
    content = io.BytesIO()
    Picture.new(mode, (290, 270)).save(content, kind, **options)
    return content.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(b"\0" * 1024 * 1024) for _ in range(megabytes)) + packer.flush()


def _png_bomb(width: int, height: int) -> bytes:
    """One bit a pixel, all the same: a few hundred kilobytes that want gigabytes as RGB."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = _zeros((width // 8 + 1) * height // 1024 // 1024 + 1) if width < 20_000 else zlib.compress(b"\0")
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """Right behind the header, which is 33 bytes long."""
    return png[:33] + _chunk(name, content) + png[33:]


def _with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def _segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def _progressive() -> bytes:
    content = io.BytesIO()
    Picture.new("RGB", (8_000, 6_200), "teal").save(content, "JPEG", quality=30, progressive=True, subsampling=0)
    return content.getvalue()


def _moving_png() -> bytes:
    content = io.BytesIO()
    first, *others = [Picture.new("RGB", (290, 270), color) for color in ("red", "green", "blue")]
    first.save(content, "PNG", save_all=True, append_images=others)
    return content.getvalue()


def _png_with_text() -> bytes:
    text = PngInfo()
    text.add_text("Comment", SCRIPT.decode())
    return _saved("PNG", pnginfo=text)


def _with_exif() -> bytes:
    exif = Picture.Exif()
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8769)[0xA431] = SERIAL.decode()
    exif.get_ifd(0x8825)[0x001D] = PLACE.decode()
    return _saved("JPEG", exif=exif)


def _zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("canary.html", SCRIPT)
    return content.getvalue()
