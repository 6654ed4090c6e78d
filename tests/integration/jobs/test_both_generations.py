"""A desk with both generations of Smile's API: every job ends right, and each is charged once."""

from collections.abc import Callable

import pytest

from dashboard.smile.constants import SmileApi
from tests.integration.conftest import Deployment
from tests.integration.jobs.both_generations import run_both

pytestmark = pytest.mark.both_engines

OF_EACH = 12


def test_jobs_of_both_end_right_while_the_api_is_switched_and_keys_are_rotated(
    deploy: Callable[..., Deployment],
) -> None:
    seen = run_both(deploy(), OF_EACH, seconds=120)

    assert seen.jobs == dict.fromkeys(SmileApi, OF_EACH)
    assert seen.wrong == []
    assert seen.charged_twice == []
