"""Ports of servers under test."""

import pytest

from tests.integration import conftest
from tests.integration.conftest import free_port, free_ports


def test_no_other_process_gets_a_port_that_this_one_was_given(monkeypatch: pytest.MonkeyPatch):
    given, free = free_ports(2), free_port()
    wanted = iter((given, given + 1, free + 1))
    monkeypatch.setattr(conftest, "randrange", lambda *_: next(wanted))

    assert free_port() == free + 1
