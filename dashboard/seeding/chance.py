"""Numbers that look random and depend only on the seed, a purpose and a number, so that any row can be made alone."""

from hashlib import blake2b
from random import Random
from uuid import UUID

from dashboard.seeding.moments import Moment

_VERSION_7, _VARIANT = 7 << 76, 2 << 62
_RAND_A, _RAND_B = (1 << 12) - 1, (1 << 62) - 1


class Chance:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, purpose: str, number: int) -> int:
        """128 bits."""
        return int.from_bytes(blake2b(f"{self._seed}:{purpose}:{number}".encode(), digest_size=16).digest())

    def share(self, purpose: str, number: int) -> float:
        """At least 0 and less than 1."""
        return (self.bits(purpose, number) >> 75) / (1 << 53)

    def random(self, purpose: str, number: int) -> Random:
        return Random(self.bits(purpose, number))


def id_with(moment: Moment, bits: int) -> UUID:
    """A UUIDv7 of that moment."""
    return UUID(int=_int_of_id(moment, bits))


def hex_id_with(moment: Moment, bits: int) -> str:
    """The same as hexadecimal digits, which takes half the time."""
    return f"{_int_of_id(moment, bits):032x}"


def _int_of_id(moment: Moment, bits: int) -> int:
    return moment // 1000 << 80 | _VERSION_7 | (bits & _RAND_A) << 64 | _VARIANT | (bits >> 12 & _RAND_B)


def uuid_text(bits: int) -> str:
    """The text of a random UUID, as `uuid4` makes them."""
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
