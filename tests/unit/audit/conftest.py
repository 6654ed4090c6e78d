"""An app whose requests each have a context of their own, as they have behind a server."""

from collections.abc import Iterator

import pytest
from flask import Flask

from dashboard.app import create_app
from dashboard.config import Settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions["database"].engine.dispose()
