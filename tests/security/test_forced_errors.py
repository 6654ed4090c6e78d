"""Every view fails in turn, with an error whose text quotes a secret and a person: neither answer nor log repeats it.

The routes come from the map of addresses, so a new one is covered without a change here.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.sandbox.failures import log_failure
from tests.security.canaries import ID_NUMBER, PERSON, SECRETS, Canaries

QUOTED = f"a value of {ID_NUMBER} for {PERSON['last_name']} with the key {SECRETS['api key']}"


class Foreseen(Exception):
    """By nobody: no handler knows it."""


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail(**_: object) -> None:
    raise Foreseen(QUOTED)


def path_of(rule: Rule) -> str:
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    values = {
        name: str(uuid4()) if kind == "UUIDConverter" else "1" if kind == "IntegerConverter" else "x" * 24
        for name, kind in kinds.items()
    }
    built = rule.build(values)
    assert built is not None, rule.rule
    return built[1]


def test_no_view_that_fails_repeats_what_it_was_about(
    app: Flask, sign_in: Callable[[str], FlaskClient], capfd: pytest.CaptureFixture[str]
) -> None:
    ada, canaries = sign_in("ada"), Canaries()
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint in app.view_functions]
    for rule in rules:
        app.view_functions[rule.endpoint] = keep_permission(app.view_functions[rule.endpoint])
    form = PERSON | {"id_number": ID_NUMBER, "password": SECRETS["password"], "api_key": SECRETS["added api key"]}

    failed, leaks = 0, []
    for rule in rules:
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            data = None if method == "GET" else form
            for headers in ({}, {"HX-Request": "true"}):
                answer = ada.open(path_of(rule), method=method, data=data, headers=headers)
                failed += answer.status_code == 500
                leaks += [f"{rule.rule}: {name}" for name in canaries.found_in(answer.data)]
    logged = "".join(capfd.readouterr())

    print(failed, "answers of 500")
    assert failed >= 2 * len(rules) * 0.9
    assert leaks == []
    assert canaries.found_in(logged.encode()) == []
    assert "Traceback" not in logged
    assert logged.count("request_failed") >= len(rules)


def keep_permission(view: Callable[..., object]) -> Callable[..., None]:
    def failing(**arguments: object) -> None:
        fail(**arguments)

    failing.required_permission = getattr(view, "required_permission", None)  # type: ignore[attr-defined]
    return failing


def test_door_for_callbacks_that_fails_repeats_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dashboard.callbacks.receiving.acknowledging.store_callbacks", lambda *_, **__: fail())
    canaries = Canaries()

    answer = client.post(
        "/hooks/smile", json={"timestamp": "1", "IDNumber": ID_NUMBER, "FullName": PERSON["last_name"]}
    )
    logged = "".join(capfd.readouterr())

    assert answer.status_code == 500
    assert "callback_failed" in logged
    assert canaries.found_in(answer.data + logged.encode()) == []


def test_simulator_that_fails_repeats_nothing(caplog: pytest.LogCaptureFixture) -> None:
    try:
        fail()
    except Foreseen as error:
        log_failure("an action of the simulator failed", error)
    logged = caplog.text

    assert "an action of the simulator failed: Foreseen" in logged
    assert "in fail" in logged
    assert Canaries().found_in(logged.encode()) == []
