"""Imported by what the processes of tests are forked from: they find routes and templates compiled.

But for the templates of the simulator, which has an app and filters of its own.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dashboard.app import create_app
from dashboard.context import context_of
from tests.compiled import compile_once
from tests.conftest import make_settings

compile_once(pytest.MonkeyPatch())
with TemporaryDirectory() as _folder:
    _app = create_app(make_settings(Path(_folder)))
    for _name in _app.jinja_env.list_templates(filter_func=lambda name: not name.startswith("sandbox/")):
        _app.jinja_env.get_template(_name)
    context_of(_app).database.dispose()
