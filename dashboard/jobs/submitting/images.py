"""Uploaded images, re-encoded by a separate process before anything else reads them."""

from dashboard.smile.image_redrawer import UnusableImage, image_redrawer

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
