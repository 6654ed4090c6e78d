"""The child process that decodes and re-encodes images, with limited memory and time.

It imports nothing from this product and gets no secret, so that an image which breaks the decoder does no harm. A
request is a line of JSON followed by as many bytes as it says; so is an answer. The process ends when its input ends.
"""

import io
import json
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import Image, ImageCms

MEMORY_BYTES = 300 * 1024 * 1024
CPU_SECONDS = 10  # for one image
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
#: A larger JPEG is unpacked at half its width and height, which takes a quarter of the memory.
WHOLE_UP_TO_PIXELS = 16_000_000
QUALITIES = (92, 85, 75)
LOGO_SIZES, LOGO_COLORS = ((480, 128), (240, 64)), (256, 64, 16)
FAINTEST = 16  # the least difference, of 255, between the darkest and the lightest shade of a visible logo
DAMAGED = "This is not a JPEG, PNG or WebP image, or it is damaged."
TOO_MANY_PIXELS = "The image has too many pixels."
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
    """Why an image is refused; the text is for the person who chose it."""


def redraw(
    content: bytes, most_bytes: int, longest_side: int | None, smallest_side: int = 1, is_logo: bool = False
) -> bytes:
    """The same image, upright and without metadata: a JPEG, or a small PNG for a logo.

    most_bytes: its largest size in bytes. longest_side, smallest_side: in pixels.
    Raises Unusable.
    """
    with Image.open(io.BytesIO(content), formats=tuple(MOST_PIXELS)) as source:
        pixels = source.width * source.height
        # A phone's photo may be a JPEG with a second image behind it, which Pillow names after the pair.
        if pixels > MOST_PIXELS.get(source.format or "", MOST_PIXELS["JPEG"]):
            raise Unusable(TOO_MANY_PIXELS)
        if min(source.size) < smallest_side:
            raise Unusable(
                f"The image has {source.width} x {source.height} pixels. Each side needs at least {smallest_side}, or"
                " nothing can be recognized in it."
            )
        if pixels > WHOLE_UP_TO_PIXELS:
            source.draft("RGB", (source.width // 2, source.height // 2))
        if longest_side:
            source.draft("RGB", (longest_side, longest_side))
        profile = source.info.get("icc_profile")
        try:
            image = _plain(source)
        except (OSError, MemoryError):
            # It is damaged, or a kind of JPEG that is unpacked whole and needs more memory than there is.
            raise Unusable(TOO_MANY_PIXELS if pixels > WHOLE_UP_TO_PIXELS else DAMAGED) from None
        orientation = source.getexif().get(ORIENTATION)
    image = _in_srgb(image, profile)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    if longest_side:
        image.thumbnail((longest_side, longest_side))
    image.info = {}  # Or a comment would be written again.
    return _as_logo(image, most_bytes) if is_logo else _as_jpeg(image, most_bytes)


def _plain(source: Image.Image) -> Image.Image:
    """Converts to eight bits per channel, grey or RGB. Transparent parts become white, as on paper."""
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


def _in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Converts the colours to sRGB: phones use a wider colour space, which looks wrong without its profile."""
    if profile and image.mode == "RGB":
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), inPlace=True)
    return image


def _as_jpeg(image: Image.Image, most_bytes: int) -> bytes:
    for quality in QUALITIES:
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=quality)
        if packed.tell() <= most_bytes:
            return packed.getvalue()
    raise Unusable("The image is too large even after compression. Choose a smaller one.")


def _as_logo(image: Image.Image, most_bytes: int) -> bytes:
    """A small PNG, sharp on a phone and on paper. It is part of the customer's first page, so it may lose colours."""
    image = image.convert("RGB")
    shades = [shade for shade, count in enumerate(image.convert("L").histogram()) if count]
    if shades[-1] - shades[0] < FAINTEST:
        raise Unusable("This image cannot be seen on white. Choose a logo for a light background.")
    for size in LOGO_SIZES:
        image.thumbnail(size)
        for colors in LOGO_COLORS:
            packed = io.BytesIO()
            image.quantize(colors).save(packed, "PNG", optimize=True)
            if packed.tell() <= most_bytes:
                return packed.getvalue()
    raise Unusable("This image has too much detail for a logo. Choose a simpler one.")


def _answer(asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    _limit_time()
    try:
        limits = (asked["most_bytes"], asked["longest_side"], asked["smallest_side"], asked["is_logo"])
        return {}, redraw(content, *limits)
    except Unusable as problem:
        return {"problem": str(problem)}, b""
    except (MemoryError, Image.DecompressionBombError):
        return {"problem": TOO_MANY_PIXELS}, b""
    except Exception:
        # Decoders raise all kinds of errors on a damaged file, and no code of this product runs here.
        return {"problem": DAMAGED}, b""


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):  # Some systems have this limit but do not accept it.
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no customer's image in a core file


def _limit_time() -> None:
    """Limits the CPU time from now on: the system's limit counts from the start, and this process draws many images."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until their stream ends."""
    while line := requests.readline():
        asked = json.loads(line)
        facts, content = _answer(asked, requests.read(asked["size"]))
        answers.write(json.dumps(facts | {"size": len(content)}).encode() + b"\n" + content)
        answers.flush()


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = None  # Our own limits are stricter and checked before anything is unpacked.
    Image.preinit()
    # preinit leaves out WebP, and a later import may not fit into the memory that is left.
    from PIL import WebPImagePlugin  # noqa: F401

    _limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
