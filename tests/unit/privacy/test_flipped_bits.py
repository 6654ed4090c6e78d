"""One bit flipped in a value of every kind: nothing answers 5xx, no task breaks off, each is named, rotation goes on.

The full size is in tests/benchmarks/flipped_bits.py.
"""

import random

import pytest

from dashboard.config import Settings
from dashboard.db import Database
from tests.unit.privacy.flipped_bits import KINDS, run_drill

pytestmark = pytest.mark.both_engines


def test_flipped_bit_in_a_value_of_every_kind(database: Database, settings: Settings) -> None:
    drill = run_drill(settings, [KINDS[::2], KINDS[1::2]], random.Random(13))

    assert drill.flips == len(KINDS)
    assert drill.failed == []
    assert drill.not_named == []
    assert drill.rotation == []
