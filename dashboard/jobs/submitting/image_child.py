"""Runs in a process of its own, with little memory and time: decodes one picture after another and draws each anew.

It imports nothing of ours and is given no secret: whatever a picture does to the decoder, it happens in here. One
request is a line of JSON and then that many bytes; so is each answer. It ends when nobody writes to it any more.
"""

import io
import json
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import Image, ImageCms

MEMORY_BYTES = 300 * 1024 * 1024
CPU_SECONDS = 10  # for one picture
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
#: A JPEG beyond this is unpacked at half its width and height, which takes a quarter of the memory.
WHOLE_UP_TO_PIXELS = 16_000_000
QUALITIES = (92, 85, 75)
LOGO_SIZES, LOGO_COLORS = ((480, 128), (240, 64)), (256, 64, 16)
FAINTEST = 16  # how far apart, of 255, the darkest and the lightest shade are of what can hardly be seen
DAMAGED = "This is not a JPEG, PNG or WebP picture, or it is damaged."
TOO_MANY_PIXELS = "The picture has too many pixels."
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unusable(Exception):
    """Its text is for the person who chose the picture."""


def redraw(
    content: bytes, most_bytes: int, longest_side: int | None, smallest_side: int = 1, is_logo: bool = False
) -> bytes:
    """The same picture, upright, without anything that is not picture: a JPEG, or a small PNG of a logo."""
    with Image.open(io.BytesIO(content), formats=tuple(MOST_PIXELS)) as source:
        pixels = source.width * source.height
        # A phone's photo may be a JPEG with a second picture behind it, which Pillow names after the pair.
        if pixels > MOST_PIXELS.get(source.format or "", MOST_PIXELS["JPEG"]):
            raise Unusable(TOO_MANY_PIXELS)
        if min(source.size) < smallest_side:
            raise Unusable(
                f"The picture has {source.width} x {source.height} pixels. Each side needs {smallest_side} or more, or"
                " nothing can be recognized on it."
            )
        if pixels > WHOLE_UP_TO_PIXELS:
            source.draft("RGB", (source.width // 2, source.height // 2))
        if longest_side:
            source.draft("RGB", (longest_side, longest_side))
        profile = source.info.get("icc_profile")
        try:
            picture = _plain(source)
        except (OSError, MemoryError):
            # One that is damaged, or one whose kind of JPEG is unpacked whole and takes more memory than there is.
            raise Unusable(TOO_MANY_PIXELS if pixels > WHOLE_UP_TO_PIXELS else DAMAGED) from None
        orientation = source.getexif().get(ORIENTATION)
    picture = _in_srgb(picture, profile)
    if orientation in TURNS:
        picture = picture.transpose(TURNS[orientation])
    if longest_side:
        picture.thumbnail((longest_side, longest_side))
    picture.info = {}  # A comment would be written again.
    return _as_logo(picture, most_bytes) if is_logo else _as_jpeg(picture, most_bytes)


def _plain(source: Image.Image) -> Image.Image:
    """Eight bits a channel, grey or RGB. What was see-through becomes white, as on paper."""
    source.load()
    if source.mode.startswith("I"):  # sixteen bits of grey
        return source.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if source.mode in ("RGBA", "LA", "PA") or "transparency" in source.info:
        layered = source.convert("RGBA")
        paper = Image.new("RGB", layered.size, "white")
        paper.paste(layered, mask=layered.getchannel("A"))
        return paper
    if source.mode in ("L", "RGB"):
        return source.copy()
    return source.convert("L" if source.mode == "1" else "RGB")


def _in_srgb(picture: Image.Image, profile: Any) -> Image.Image:
    """The colours as they were meant: phones save theirs in a wider space, which nobody sees without its profile."""
    if profile and picture.mode == "RGB":
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"), inPlace=True)
    return picture


def _as_jpeg(picture: Image.Image, most_bytes: int) -> bytes:
    for quality in QUALITIES:
        packed = io.BytesIO()
        picture.save(packed, "JPEG", quality=quality)
        if packed.tell() <= most_bytes:
            return packed.getvalue()
    raise Unusable("The picture is too large even when it is packed again. Choose a smaller one.")


def _as_logo(picture: Image.Image, most_bytes: int) -> bytes:
    """Sharp on a phone and on paper. Customers load it with their first page, so colours go before it is heavy."""
    picture = picture.convert("RGB")
    shades = [shade for shade, count in enumerate(picture.convert("L").histogram()) if count]
    if shades[-1] - shades[0] < FAINTEST:
        raise Unusable("Nothing can be seen of this picture on white. Choose a logo for a light ground.")
    for size in LOGO_SIZES:
        picture.thumbnail(size)
        for colors in LOGO_COLORS:
            packed = io.BytesIO()
            picture.quantize(colors).save(packed, "PNG", optimize=True)
            if packed.tell() <= most_bytes:
                return packed.getvalue()
    raise Unusable("There is too much in this picture for a logo. Choose a simpler one.")


def _answer(asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    _limit_time()
    try:
        wanted = (asked["most_bytes"], asked["longest_side"], asked["smallest_side"], asked["is_logo"])
        return {}, redraw(content, *wanted)
    except Unusable as problem:
        return {"problem": str(problem)}, b""
    except (MemoryError, Image.DecompressionBombError):
        return {"problem": TOO_MANY_PIXELS}, b""
    except Exception:
        # Decoders raise whatever they like at a damaged file, and nothing of ours runs in here that could be wrong.
        return {"problem": DAMAGED}, b""


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):  # Some systems know this limit and do not take it.
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no picture of anybody in a core file


def _limit_time() -> None:
    """Counted from now on: the limit of a process is for all of its life, and this one draws many."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    while line := requests.readline():
        asked = json.loads(line)
        told, content = _answer(asked, requests.read(asked["size"]))
        answers.write(json.dumps(told | {"size": len(content)}).encode() + b"\n" + content)
        answers.flush()


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = None  # Ours are stricter, and are looked at before anything is unpacked.
    Image.preinit()
    # preinit leaves WebP out, and what is imported later may not fit into the memory that is left.
    from PIL import WebPImagePlugin  # noqa: F401

    _limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
