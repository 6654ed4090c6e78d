"""A job of v3 is charged at most once and bound to nothing but its own, whatever is lost, killed or forged."""

from collections import Counter

import pytest
from flask import Flask

from tests.unit.jobs.v3_orders import run_v3_orders

EXAMPLES = 12


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_job_is_charged_at_most_once_in_any_order(app: Flask) -> None:
    ends: Counter[str] = Counter()

    run_v3_orders(app, EXAMPLES, lambda job: ends.update([job.outcome or "left to a person"]))

    assert sum(ends.values()) >= EXAMPLES
