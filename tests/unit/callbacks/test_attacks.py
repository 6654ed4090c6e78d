"""Forged and replayed callbacks of both generations, malformed and honest ones; `make bench` sends thousands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from dashboard.app import create_app
from dashboard.context import context_of
from tests.conftest import make_settings
from tests.factories.attacks import ACTIVE_KEYS
from tests.factories.malformed import Request, malformed_requests
from tests.unit.callbacks.suites import ALL_CLASSES, attack, make_jobs, welcome

ATTACKS = 20 * len(ALL_CLASSES)
HONEST = 200


@pytest.fixture
def target(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """A deployment in the middle of a rotation: it signs with one key and verifies with two."""
    settings = make_settings(tmp_path, database_url=database_url, smile_api_keys=",".join(ACTIVE_KEYS))
    app = create_app(settings)
    context_of(app).throttle.hit = lambda *_: True
    make_jobs(context_of(app).database, 20)
    yield app
    context_of(app).database.dispose()


def test_no_attack_changes_an_outcome_and_each_is_named_rightly(target: Flask, tmp_path: Path) -> None:
    tally = attack(target, tmp_path / "smile", ATTACKS)

    print(tally.line())
    assert tally.misnamed == []
    assert (tally.outcomes_changed, tally.bound_wrongly) == (0, 0)
    assert set(tally.sent) == set(ALL_CLASSES)


@hypothesis_settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=malformed_requests())
def test_no_malformed_request_makes_the_door_fail(target: Flask, request: Request) -> None:
    assert target.test_client().open(method="POST", **request).status_code < 500


def test_honest_callbacks_raise_no_alarm(target: Flask) -> None:
    verdicts = welcome(target, HONEST)

    print(f"{HONEST} honest callbacks: {dict(verdicts)}")
    assert verdicts == {"valid": HONEST}
