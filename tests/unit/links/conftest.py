"""A Smile that hands out tokens, and phones that visit."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.clients import replace_clients
from tests.factories.links import FakeTokens

NewPhone = Callable[[], FlaskClient]


@pytest.fixture
def tokens(app: Flask) -> FakeTokens:
    fake = FakeTokens()
    replace_clients(app, tokens=fake)
    return fake


@pytest.fixture
def new_phone(app: Flask, tokens: FakeTokens) -> NewPhone:
    """Each has cookies of its own. Tokens against forged forms are off; test_forms.py turns them on."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client


@pytest.fixture
def phone(new_phone: NewPhone) -> FlaskClient:
    return new_phone()
