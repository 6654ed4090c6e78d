"""The company's uploaded logo: re-encoded, stored with the settings, and served from here."""

import base64
import hashlib
from datetime import datetime

from sqlmodel import Session

from dashboard.errors import Invalid
from dashboard.jobs.submitting.images import clean_logo
from dashboard.smile.image_redrawer import UnusableImage
from dashboard.stored_settings import read_setting, write_setting

LOGO = "logo"
#: The limits for the chosen file and for the stored logo, which is part of the customer's first 14 KB.
MOST_BYTES_CHOSEN = 1024 * 1024
MOST_BYTES = 5 * 1024


def draw_logo(chosen: bytes) -> bytes:
    """Re-encodes the logo. Call it outside transactions: a large image takes a while. Raises Invalid."""
    if len(chosen) > MOST_BYTES_CHOSEN:
        raise Invalid({LOGO: "The file is larger than 1 MB. A logo that is 480 pixels wide is enough."})
    try:
        return clean_logo(chosen, MOST_BYTES)
    except UnusableImage as unfit:
        raise Invalid({LOGO: str(unfit)}) from None


def name_of(png: bytes) -> str:
    """The logo's name in its address, which changes with the image, so that browsers can cache it for ever."""
    return hashlib.sha256(png).hexdigest()[:16]


def save_logo(session: Session, png: bytes, now: datetime) -> None:
    write_setting(session, LOGO, {"name": name_of(png), "png": base64.b64encode(png).decode()}, now)


def read_logo(session: Session) -> tuple[str, bytes] | None:
    """The logo's name and content; None where none was uploaded."""
    stored = read_setting(session, LOGO)
    return (stored["name"], base64.b64decode(stored["png"])) if stored else None
