"""Every form of the URL map pressed twice in a row and 20 times at once, on both engines: rows as for one press."""

from pathlib import Path

from dashboard import migrations
from dashboard.app import create_app
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.periodic import on_postgres
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY, POSTGRES_URL, make_settings
from tests.security.presses import Forms, press_all
from tests.security.walk import World

AT_ONCE = 20


def measure(folder: Path) -> list[Figure]:
    sqlite = Database(f"sqlite:///{folder / 'dashboard.db'}", KeyRing.from_base64([ENCRYPTION_KEY]))
    migrations.upgrade(sqlite)
    figures = [press("SQLite", sqlite, folder)]
    sqlite.dispose()
    if not POSTGRES_URL:
        print("       forms were not pressed on PostgreSQL: DASHBOARD_TEST_POSTGRES_URL is not set")
        return figures
    with on_postgres() as postgres:
        figures.append(press("PostgreSQL", postgres, folder))
    return figures


def press(engine: str, database: Database, folder: Path) -> Figure:
    url = database.engine.url.set(drivername=database.engine.dialect.name)
    settings = make_settings(folder, database_url=url.render_as_string(hide_password=False))
    app = create_app(settings, database=database)
    app.config["WTF_CSRF_ENABLED"] = False
    pressed, wrong = press_all(Forms(app, database, World(app, database, settings)), AT_ONCE, in_a_row=2)
    what = f"forms that {AT_ONCE} presses at once on {engine} do not do once"
    return Figure(what, len(wrong), f"of {pressed}", 0, is_at_least=False, details="; ".join(wrong))
