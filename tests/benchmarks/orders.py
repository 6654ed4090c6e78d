"""One job's results, callbacks, repetitions, lies and checks in three thousand orders: all end as Smile says last."""

from pathlib import Path

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from tests.benchmarks.report import Figure
from tests.conftest import make_settings
from tests.unit.jobs.orders import Said, run_orders

EXAMPLES = 3000


def measure(folder: Path) -> list[Figure]:
    app = create_app(make_settings(folder, database_url=f"sqlite:///{folder / 'dashboard.db'}"))
    migrations.upgrade(context_of(app).database)
    stories: list[tuple[Said, ...]] = []
    run_orders(app, EXAMPLES, lambda story: stories.append(tuple(story)))
    context_of(app).database.engine.dispose()
    details = f"{len(set(stories))} different stories of {len(stories)}"
    return [Figure("orders that end as Smile says last", len(stories), "examples", EXAMPLES, details=details)]
