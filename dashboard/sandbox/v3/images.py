"""The images of a submission of v3."""

from dashboard.sandbox.state import current
from dashboard.sandbox.v3.parts import Parts
from dashboard.sandbox.v3.refusals import Refused, missing
from dashboard.smile.v3.constants import FEWEST_LIVENESS_IMAGES, MOST_LIVENESS_IMAGES

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
#: Faces are JPEG; these may be PNG too.
DOCUMENTS = frozenset({"document", "document_back", "visa"})


def checked_images(parts: Parts, names: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, bytes]:
    """The images to keep, by name; the liveness images are only checked.

    names: the required fields.
    Raises Refused: 400 for one that is missing or of the wrong type, 413 for one that is too large.

    https://github.com/smileidentity/api-reference
    """
    kept = {}
    for name in (*names, *(each for each in optional if parts.files.get(each))):
        files = parts.files.get(name, [])
        if name == "liveness_images":
            if not FEWEST_LIVENESS_IMAGES <= len(files) <= MOST_LIVENESS_IMAGES:
                raise missing(name)
        elif len(files) != 1:
            raise missing(name)
        for content in files:
            _check(name, content)
        if name != "liveness_images":
            kept[name] = files[0]
    return kept


def _check(name: str, content: bytes) -> None:
    if len(content) > current().settings.v3_max_file_bytes:
        raise Refused(413, f"{name} is too large.")
    if content.startswith(_JPEG) or (name in DOCUMENTS and content.startswith(_PNG)):
        return
    raise Refused(400, "Document image must be JPEG or PNG.") if name in DOCUMENTS and content else missing(name)
