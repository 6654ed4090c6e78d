"""Two owners who demote or disable each other in the same moment, a thousand times: one stays, every time."""

from pathlib import Path

from flask import Flask

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import make_settings
from tests.unit.team.mutual import collide

PAIRS = 1000


def measure(folder: Path) -> list[Figure]:
    app: Flask = create_app(make_settings(folder))
    database: Database = context_of(app).database
    migrations.upgrade(database)
    with app.app_context():
        outcomes, left = collide(database, PAIRS)
    database.dispose()
    details = f"what came of it {dict(outcomes)}, owners left {dict(left)}"
    return [Figure("pairs of owners at once, one left", left[1], f"of {PAIRS}", PAIRS, details=details)]
