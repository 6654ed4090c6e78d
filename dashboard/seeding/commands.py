"""The command `dashboard seed`."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboard.context import context_of

if TYPE_CHECKING:
    from dashboard.seeding.company import Amounts
    from dashboard.seeding.filling import Step

#: Rows are made by so many processes, while this one stores them.
MAKERS = 2
SECONDS_BETWEEN_LINES = 5.0


@click.command()
@click.option("--jobs", required=True, type=click.IntRange(0), help="Verification jobs with all that belongs to them.")
@click.option("--callbacks", type=click.IntRange(0), help="Callbacks; by default one for each job.")
@click.option("--links", type=click.IntRange(0), help="Links; by default one for ten jobs.")
@click.option("--members", default=24, show_default=True, type=click.IntRange(0))
@click.option("--sign-ins", default=500, show_default=True, type=click.IntRange(0))
@click.option("--audit-lines", type=click.IntRange(0), help="Lines of the audit trail; by default one for each job.")
@click.option("--random-seed", default=1, show_default=True, help="Another number makes other data.")
@click.option("--demo", "is_demo", is_flag=True, help="Fill the database of `dashboard demo`, which must not have run.")
@click.option("--processes", default=MAKERS, show_default=True, type=click.IntRange(1), help="That make rows.")
def seed(
    jobs: int,
    callbacks: int | None,
    links: int | None,
    members: int,
    sign_ins: int,
    audit_lines: int | None,
    random_seed: int,
    is_demo: bool,
    processes: int,
) -> None:
    """Fill an empty sandbox database with believable sample data. Started again, it continues where it was stopped."""
    from dashboard import migrations
    from dashboard.app import create_app
    from dashboard.backups.space import size_of_data
    from dashboard.config import Settings
    from dashboard.db import utc_now
    from dashboard.demo.deployment import demo_environment
    from dashboard.seeding import filling
    from dashboard.seeding.company import Amounts
    from dashboard.web.pages.filters import file_size

    if is_demo:
        folder = Path(os.environ.get("DASHBOARD_INSTANCE_DIR", "instance")) / "demo"
        os.environ.update(demo_environment(folder.absolute(), port=8000, fresh=False))
    app = create_app(Settings())
    parts = context_of(app)
    amounts = Amounts(
        jobs,
        jobs if callbacks is None else callbacks,
        jobs // 10 if links is None else links,
        members,
        sign_ins,
        jobs if audit_lines is None else audit_lines,
    )
    began = time.monotonic()
    with app.app_context():
        try:
            migrations.upgrade(parts.database)
            progress = filling.prepare(parts, amounts, random_seed, utc_now())
            if progress.is_finished:
                click.echo("Everything is there already.")
                return
            rows = _say_steps(filling.fill(parts, progress, processes), amounts, began)
            for done in filling.finish(parts, progress, utc_now()):
                click.echo(f"{_seconds(began)}  {done}")
            size = file_size(size_of_data(parts.database))
            click.echo(f"{rows:,} rows in {time.monotonic() - began:,.0f} s; the database has {size} now.")
        finally:
            parts.database.dispose()


def _say_steps(steps: "Iterable[Step]", amounts: "Amounts", began: float) -> int:
    """Prints a line every few seconds and at the end of each part. Returns the number of rows."""
    rows, said = 0, 0.0
    for step in steps:
        rows += step.rows
        total = getattr(amounts, step.part)
        if step.done == total or time.monotonic() - said > SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            name = step.part.replace("_", "-")
            click.echo(f"{_seconds(began)}  {step.done:,} of {total:,} {name}, {rows:,} rows")
    return rows


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:7.1f} s"
