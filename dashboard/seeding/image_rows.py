"""The rows and sealed files of images. They are kept for a few days only, so that a million jobs need little room."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from random import Random

from dashboard.crypto import KeyRing
from dashboard.demo.samples import draw_document, draw_face
from dashboard.jobs.products import FACTS
from dashboard.jobs.submitting.media import media_path_of, write_image
from dashboard.seeding.chance import id_with
from dashboard.seeding.company import Brief
from dashboard.seeding.moments import DAY, Moment
from dashboard.seeding.rows import Rows
from dashboard.smile.constants import ImageType

#: The retention rule of the company for images.
KEPT_FOR_DAYS = 3
TYPES = {"selfie": ImageType.SELFIE_FILE, "id_front": ImageType.ID_FRONT_FILE, "id_back": ImageType.ID_BACK_FILE}
TYPICAL_SIZE = 180_000  # of a photo that is erased by now


class ImageRows:
    def __init__(self, keyring: KeyRing, media_dir: Path, until: Moment) -> None:
        self._keyring, self._media_dir = keyring, media_dir
        self._kept_since = until - KEPT_FOR_DAYS * DAY

    def add(self, rows: Rows, brief: Brief, random: Random) -> Sequence[int]:
        """Adds the images that are still kept. Returns the sizes of all that were given."""
        names = _names_of(brief)
        if self.are_erased(brief):
            return [TYPICAL_SIZE + 4096 * random.getrandbits(4) for _ in names]
        for name in names:
            row_id, (content, sha256) = id_with(brief.at, random.getrandbits(128)), self._pictures[name]
            path = media_path_of(row_id)
            (self._media_dir / path).unlink(missing_ok=True)  # of an interrupted run
            write_image(self._keyring, self._media_dir / path, row_id, content)
            rows.add(
                "image",
                {
                    "id": row_id,
                    "job_id": brief.id,
                    "image_type": int(TYPES[name]),
                    "size": len(content),
                    "sha256": sha256,
                    "media_path": path,
                    "created_at": brief.at,
                },
            )
        return [len(self._pictures[name][0]) for name in names]

    def are_erased(self, brief: Brief) -> bool:
        return brief.at < self._kept_since

    @cached_property
    def _pictures(self) -> dict[str, tuple[bytes, str]]:
        drawn = {"selfie": draw_face(), "id_front": draw_document("ID CARD"), "id_back": draw_document("BACK")}
        return {name: (content, hashlib.sha256(content).hexdigest()) for name, content in drawn.items()}


def _names_of(brief: Brief) -> list[str]:
    facts = FACTS[brief.product]
    has_back = "id_back" in facts.optional_images and brief.bits % 3 > 0
    return [*facts.images, *(["id_back"] if has_back else [])]
