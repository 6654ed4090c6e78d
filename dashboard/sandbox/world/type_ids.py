"""Ids as v3 makes them: a prefix and a UUIDv7 in 26 letters and digits."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_type_id(prefix: str, ahead_seconds: float = 0.0) -> str:
    """A new id, such as `job_01j9q2v5m8f3k7r1t4w6x0y2za`. ahead_seconds: how far the simulator's clock is ahead.

    https://github.com/smileidentity/api-reference
    """
    moment = int((time.time() + ahead_seconds) * 1000)
    return type_id(prefix, (moment << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62))


def type_id(prefix: str, number: int) -> str:
    """The id with this UUID as a number.

    https://github.com/smileidentity/api-reference
    """
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
