"""Ids of Smile: the time that is in them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.v3.ids import made_at
from tests.unit.smile.v3.examples import JOB_ID


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
        JOB_ID.replace("job", "user"),
        f"job_{'z' * 26}",  # more than 128 bits
        f"job_{'0' * 26}",  # a UUID of no version
        JOB_ID.upper(),
        f"{JOB_ID}\n",
    ],
)
def test_anything_else_holds_no_time(text: str) -> None:
    assert made_at(text) is None
