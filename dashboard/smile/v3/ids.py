"""Reads the ids that Smile makes: a prefix and a UUIDv7, which holds when it was made."""

from datetime import UTC, datetime

from dashboard.smile.v3.constants import JOB_ID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MILLISECONDS_FROM_BIT, _VERSION_FROM_BIT = 80, 76


def made_at(job_id: str) -> datetime | None:
    """When Smile made this job id, to the millisecond; None for a text that is no job id of Smile.

    https://github.com/smileidentity/api-reference
    """
    if not JOB_ID.fullmatch(job_id):
        return None
    number = 0
    for sign in job_id.partition("_")[2]:
        number = number << 5 | _ALPHABET.index(sign)
    if number >> 128 or number >> _VERSION_FROM_BIT & 0xF != 7:
        return None
    try:
        return datetime.fromtimestamp((number >> _MILLISECONDS_FROM_BIT) / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
