"""The marker of a job in what v3 echoes: of one job and one secret."""

from uuid import uuid4

import pytest

from dashboard.jobs.submitting.markers import is_marker_of, marker_of

SECRET, OTHER = "a" * 32, "b" * 32


def test_a_marker_is_of_one_job_and_one_secret() -> None:
    job, other = uuid4(), uuid4()

    assert is_marker_of(SECRET, job, marker_of(SECRET, job))
    assert not is_marker_of(SECRET, other, marker_of(SECRET, job))
    assert not is_marker_of(OTHER, job, marker_of(SECRET, job))


@pytest.mark.parametrize("claimed", [None, "", 7, [], {"desk_marker": "x"}, "ünïcode", "\ud800", "x" * 10_000])
def test_anything_may_be_claimed(claimed: object) -> None:
    assert not is_marker_of(SECRET, uuid4(), claimed)
