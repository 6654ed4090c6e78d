"""Of two hundred phones that press Start of a single-use link at once exactly one wins; `make bench` has 20 rounds."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.conftest import Deployment
from tests.integration.links.parallel_starts import PHONES, race

pytestmark = pytest.mark.both_engines

ROUNDS = 3


@pytest.mark.timeout(240)
def test_exactly_one_of_two_hundred_wins(deploy: Callable[..., Deployment]) -> None:
    # Behind a proxy, so that each phone comes from an address of its own.
    deployment = deploy("sandbox", "web", DASHBOARD_TRUSTED_PROXIES="1")

    answers, spent = race(deployment, ROUNDS)

    print(f"{ROUNDS} rounds of {PHONES} parallel Starts: {dict(sum(answers, Counter()))}")
    assert answers == [{200: 1, 404: PHONES - 1}] * ROUNDS
    assert spent == [1] * ROUNDS
