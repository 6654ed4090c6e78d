"""The commands `dashboard db backup`, `restore`, `compact` and `check`.

Each prints one line about its result or a problem. What takes space and time is said before, on standard error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dashboard.context import Context, context_of


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Write the data and the images into FILE, while everything runs. The keys are not included."""
    from dashboard.backups.making import make_backup
    from dashboard.db import utc_now
    from dashboard.web.pages.filters import file_size

    with _running() as parts:
        made = make_backup(parts.database, parts.settings, file, utc_now(), may_replace=force, say=_say)
    for path in made.missing_images:
        click.echo(f"The image {path} is missing or cannot be read, so it is not in the backup.", err=True)
    click.echo(f"{file}: {made.rows} rows and {made.images} images, {file_size(made.size)}. Keep the keys elsewhere.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Delete the current data.")
@click.option("--upgrade", is_flag=True, help="Upgrade the tables of an older version.")
def restore(file: Path, replace: bool, upgrade: bool) -> None:
    """Restore what `dashboard db backup` wrote. Stop web and worker first."""
    from dashboard.backups.restoring import restore_backup
    from dashboard.db import utc_now

    with _running() as parts:
        manifest = restore_backup(
            parts.database, parts.settings, file, utc_now(), replace=replace, may_upgrade=upgrade, say=_say
        )
    for path in manifest.missing_images:
        click.echo(f"The image {path} was not in the backup.", err=True)
    rows = sum(manifest.counts.values())
    click.echo(f"Restored the data of {manifest.made_at}: {rows} rows and {manifest.image_count} images.")


@click.command()
def compact() -> None:
    """Give the space of deleted data back to the disk. Stop web and worker first. Safe to interrupt and run again."""
    from dashboard.backups.compacting import compact_database
    from dashboard.web.pages.filters import file_size

    with _running() as parts:
        sizes = compact_database(parts.database, _say)
    click.echo(f"The database had {file_size(sizes.before)} and has {file_size(sizes.after)} now.")


@click.command()
@click.option("--all", "every_value", is_flag=True, help="Open every sealed value and image, not only some of each.")
def check(every_value: bool) -> None:
    """Check that the data is intact and that the current keys open it. Exit code 1 if anything is wrong.

    Anything that cannot be opened is listed with its table, row id and column.
    """
    from dashboard.backups.checking import check_deployment

    problems = 0
    with _running() as parts:
        for problem in check_deployment(
            parts.database, parts.settings, parts.features.sealed_columns, every_value=every_value
        ):
            click.echo(problem, err=True)
            problems += 1
    if problems:
        raise SystemExit(1)
    click.echo("The data is intact, every image is there, and the keys open what is sealed.")


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


@contextmanager
def _running() -> Iterator[Context]:
    """The context of an app. The connections to its database are closed at the end."""
    from dashboard.app import create_app
    from dashboard.config import Settings

    app = create_app(Settings())
    parts = context_of(app)
    try:
        with app.app_context():
            yield parts
    finally:
        parts.database.dispose()
