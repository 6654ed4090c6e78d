"""How many connections fit into a limit of descriptors."""

import subprocess
import sys

import pytest

from dashboard.web.serving.descriptors import MOST_CONNECTIONS, OTHERS, WANTED, connections_within

RAISE = """
import resource
from dashboard.web.serving.descriptors import limits, raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {most}))
raise_limit()
print(limits()[0])
"""


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [(WANTED, MOST_CONNECTIONS), (10 * WANTED, MOST_CONNECTIONS), (4096, 4096 - OTHERS), (256, 128)],
)
def test_some_descriptors_are_left_for_all_else(descriptors: int, connections: int) -> None:
    assert connections_within(descriptors) == connections


@pytest.mark.parametrize("most", [1024, 4096])
def test_limit_is_raised_as_far_as_the_system_lets_it(most: int) -> None:
    raised = subprocess.run([sys.executable, "-c", RAISE.format(most=most)], capture_output=True, text=True, check=True)

    assert int(raised.stdout) == min(most, WANTED)
