"""A job ends the same in whatever order its callbacks, their repetitions and the checks come."""

import pytest
from flask import Flask

from tests.unit.jobs.orders import run_orders

EXAMPLES = 40


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_job_ends_as_smile_says_last_in_any_order(app: Flask) -> None:
    run_orders(app, EXAMPLES)
