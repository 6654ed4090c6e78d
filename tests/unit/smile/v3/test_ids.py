"""Ids of Smile: the time that is in them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.v3.ids import made_at


def test_id_holds_when_it_was_made() -> None:
    before = datetime.now(UTC)

    made = made_at(new_type_id("job"))

    assert made is not None
    assert before - timedelta(milliseconds=1) <= made <= datetime.now(UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job_",
        "user_01j9q2v5m8f3k7r1t4w6x0y2za",
        "job_zzzzzzzzzzzzzzzzzzzzzzzzzz",  # more than 128 bits
        "job_00000000000000000000000000",  # a UUID of no version
        "JOB_01J9Q2V5M8F3K7R1T4W6X0Y2ZA",
        "job_01j9q2v5m8f3k7r1t4w6x0y2za\n",
    ],
)
def test_anything_else_holds_no_time(text: str) -> None:
    assert made_at(text) is None
