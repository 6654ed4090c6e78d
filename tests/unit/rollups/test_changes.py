"""Sums are those of the rows after some hundred random changes; `make bench` tries ten thousand."""

from collections import Counter

import pytest
from flask import Flask

from tests.unit.rollups.changes import BEGINS, run_changes

pytestmark = pytest.mark.both_engines


def test_sums_are_those_of_the_rows_whatever_happens(app: Flask) -> None:
    seen = Counter[str]()

    run_changes(app, examples=16, steps=40, seen=seen, clock=[BEGINS])

    assert seen["changes"] > 200
    assert min(seen[what] for what in ("kills", "zones", "recounts", "steps", "counted lists", "compared")) > 0, seen
