"""The `dashboard` commands. Each one reads the settings and calls the code that does the work."""

import json
import os
import secrets
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import structlog
from flask import Flask
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import SQLAlchemyError

from dashboard.backups.commands import backup, check, compact, restore
from dashboard.config import Settings, unknown_variables
from dashboard.context import Context, context_of, reading, transaction
from dashboard.db import Database
from dashboard.errors import DashboardError, Invalid
from dashboard.outages import what_is_away
from dashboard.seeding.commands import seed

LOCAL_HOST = "127.0.0.1"
PORT = click.IntRange(1, 65535)


class OneLineErrors(click.Group):
    """Reports a user's mistake in one line with exit code 1, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            problems = "; ".join(_in_words(problem["loc"], problem["msg"]) for problem in error.errors())
            raise click.ClickException(f"the environment is not complete: {problems}") from None
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except Invalid as error:
            raise click.ClickException("; ".join(f"{name}: {text}" for name, text in error.fields.items())) from None
        except DashboardError as error:
            raise click.ClickException(error.message) from None
        except SQLAlchemyError as error:
            away = what_is_away(error)
            message = away.sentence if away else f"the database does not answer ({type(error).__name__})"
            raise click.ClickException(message) from None


def _in_words(location: tuple[int | str, ...], message: str) -> str:
    return f"DASHBOARD_{str(location[0]).upper()} {message.removeprefix('Value error, ')}"


@click.group(cls=OneLineErrors)
def main() -> None:
    """Partner Desk: the dashboard that runs verifications through Smile ID."""
    # Files that these processes write are readable by their own user only: database, WAL, queue, images.
    os.umask(0o077)


@main.command()
@click.option(
    "--port", default=8000, show_default=True, help="Port of the web server; the simulator uses the next two."
)
@click.option("--fresh", is_flag=True, help="Delete the last demo's data first.")
def demo(port: int, fresh: bool) -> None:
    """Run simulator, worker and web server with sample data; needs no setup."""
    from dashboard.demo.deployment import DemoFailed, demo_environment, run_processes

    password = os.environ.get("DASHBOARD_DEMO_PASSWORD") or secrets.token_urlsafe(12)
    instance_dir = Path(os.environ.get("DASHBOARD_INSTANCE_DIR", "instance")) / "demo"
    environment = demo_environment(instance_dir.absolute(), port, fresh)
    os.environ.update(environment)
    app = _app(Settings())
    _upgrade(app)
    is_first = _prepare_demo(app, password)

    def when_up() -> None:
        if is_first:
            _send_sample_callbacks(app)
        click.echo(_welcome(port, password))

    try:
        run_processes(environment, port, when_up)
    except DemoFailed as error:
        raise click.ClickException(str(error)) from None


def _prepare_demo(app: Flask, password: str) -> bool:
    """Adds the sample data. Returns whether there was none yet."""
    from dashboard.db import utc_now
    from dashboard.demo.sample_links import make_sample_links
    from dashboard.demo.samples import has_jobs, set_up_cast, submit_samples

    with app.app_context(), transaction() as session:
        set_up_cast(session, password, utc_now())
        is_first = not has_jobs(session)
        if is_first:
            submit_samples(session, context_of(app).settings, utc_now())
            make_sample_links(session, context_of(app).settings, utc_now())
    return is_first


def _send_sample_callbacks(app: Flask) -> None:
    from dashboard.db import utc_now
    from dashboard.demo.sample_callbacks import job_to_lie_about, send_sample_callbacks

    with app.app_context(), reading() as session:
        job_id = job_to_lie_about(session)
    send_sample_callbacks(context_of(app).settings, job_id, utc_now())


def _welcome(port: int, password: str) -> str:
    return f"""
  Partner Desk    http://localhost:{port}
  Simulator       http://localhost:{port + 1} and, with its own certificate, https://localhost:{port + 2}

  Sign in as      ada@example.com (owner), ben@example.com (operator) or cleo@example.com (viewer)
  Password        {password}

  Ctrl-C stops it and keeps the data; `dashboard demo --fresh` starts over.
"""


@main.command()
@click.option("--host", default=LOCAL_HOST, show_default=True)
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes; more than one needs PostgreSQL."
)
def web(host: str, port: int, workers: int) -> None:
    """Run the web server: pages, callbacks and customers' links."""
    from dashboard.smile_keys import seed_keys_at_start
    from dashboard.web.serving.asgi import PAGE_THREADS
    from dashboard.web.serving.listening import claim_address
    from dashboard.web.serving.server import serve_app

    app = _app(Settings())
    settings, database = context_of(app).settings, context_of(app).database
    if workers > 1 and database.is_sqlite:
        raise click.ClickException(
            "SQLite has one writer, so only one process can serve it: leave --workers out, or move to PostgreSQL"
        )
    _refuse_what_cannot_work(app)
    address = claim_address(host, port)
    seed_keys_at_start(settings, database)
    database.dispose()  # The processes that serve open their own connections.
    _say_start(
        "web", url=f"http://{_in_url(address)}:{port}", database=database, processes=workers, threads=PAGE_THREADS
    )
    serve_app("dashboard.app:create_app_from_environment", address, port, workers)


@main.command()
def worker() -> None:
    """Run the background worker: sends jobs, fetches results, processes callbacks."""
    from dashboard.app import create_serving_app
    from dashboard.smile_keys import seed_keys_at_start
    from dashboard.worker.direct import THREADS
    from dashboard.worker.process import run_worker

    app = create_serving_app(Settings())
    _refuse_what_cannot_work(app)
    settings, database = context_of(app).settings, context_of(app).database
    seed_keys_at_start(settings, database)
    _say_start("worker", database=database, queue=_kind_of(settings.queue_url), threads=THREADS)
    run_worker(app)


def _say_start(name: str, *, database: Database, **facts: object) -> None:
    """Logs the start in one line, without the URL of the database or queue: it may contain a password."""
    structlog.get_logger(__name__).info(f"{name}_starts", database=_kind_of(str(database.engine.url)), **facts)


def _kind_of(url: str) -> str:
    kinds = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "redis": "Redis", "rediss": "Redis"}
    return kinds.get(urlsplit(url).scheme.partition("+")[0], "other")


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@main.command()
@click.option("--host", default=LOCAL_HOST, show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.option("--partner-id", default=None)
@click.option("--api-key", default=None, help="Generated if not given; /_sandbox/credentials.json shows it.")
@click.option("--legacy-key-file", type=click.Path(exists=True, path_type=Path), default=None)
@click.option("--tls-cert", type=click.Path(exists=True, path_type=Path), default=None)
@click.option("--tls-key", type=click.Path(exists=True, path_type=Path), default=None)
@click.option(
    "--also-tls-port", type=PORT, default=None, help="Serve the same over TLS here, with a certificate of its own."
)
@click.option("--store", type=click.Path(path_type=Path), default=None, help="Keep jobs in this file across restarts.")
@click.option(
    "--set",
    "choices",
    multiple=True,
    metavar="NAME=JSON",
    help="Any simulator setting, such as review_delay_seconds=2.",
)
def sandbox(
    host: str,
    port: int,
    partner_id: str | None,
    api_key: str | None,
    legacy_key_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    also_tls_port: int | None,
    store: Path | None,
    choices: tuple[str, ...],
) -> None:
    """Run the simulator of Smile's API, with a console at /."""
    from dashboard.sandbox.server import run_sandbox
    from dashboard.sandbox.settings import SandboxSettings
    from dashboard.web.serving.listening import claim_address

    for each in filter(None, (port, also_tls_port)):
        claim_address(host, each)
    instance_dir = Path(os.environ.get("DASHBOARD_INSTANCE_DIR", "instance"))
    # In the demo both sides share one key; elsewhere only --api-key sets it.
    api_key = api_key or (os.environ.get("DASHBOARD_SMILE_API_KEYS") if os.environ.get("DASHBOARD_IS_DEMO") else None)
    try:
        settings = SandboxSettings(instance_dir=instance_dir, store_path=store, **_choices(choices))
        run_sandbox(
            host,
            port,
            partner_id,
            api_key,
            legacy_key_file,
            tls_cert,
            tls_key,
            also_tls_port=also_tls_port,
            settings=settings,
            on_ready=lambda url: click.echo(f"Simulator on {url}"),
        )
    except (OSError, ValueError, TypeError) as error:
        raise click.ClickException(str(error)) from None


def _choices(choices: tuple[str, ...]) -> dict[str, Any]:
    parsed: dict[str, Any] = {}
    for choice in choices:
        name, _, value = choice.partition("=")
        decoded = json.loads(value)
        parsed[name] = tuple(decoded) if isinstance(decoded, list) else decoded
    return parsed


@main.group()
def db() -> None:
    """Upgrade, back up, restore, compact and check the database."""


db.add_command(backup)
db.add_command(restore)
db.add_command(compact)
db.add_command(check)


@db.command()
def upgrade() -> None:
    """Bring the tables up to date; safe to run again."""
    _upgrade(_app(Settings()))
    click.echo("The database is up to date.")


@db.command()
def recount() -> None:
    """Count jobs, links and callbacks again for their lists. Web and worker may keep running.

    An interrupted run is continued by the next one, or by the worker.
    """
    from dashboard.rollups.working import recount as recount_table

    app = _app(Settings())
    _refuse_old_schema(app)
    parts = context_of(app)
    with app.app_context():
        try:
            for counted in parts.features.counted:
                rows = sum(recount_table(reading, transaction, counted))
                click.echo(f"{counted.name}s: {rows:,} counted")
        finally:
            parts.database.dispose()


main.add_command(seed)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--offline", is_flag=True, help="Use no network, only Smile's last answer to the worker.")
def doctor(as_json: bool, offline: bool) -> None:
    """Say what is wrong with this deployment and how to fix it. Exit code 1 if anything must be fixed."""
    from dashboard.health.handshakes import inspect_tls
    from dashboard.health.running import check_health, report_to_json, worst_of
    from dashboard.health.wording import as_lines
    from dashboard.jobs.following.smile_answers import ask_smile
    from dashboard.smile_keys import smile_keys
    from dashboard.web.serving.readiness import problem_of_database

    app = _app(Settings())
    parts = context_of(app)
    with app.app_context():
        has_database = not problem_of_database(parts.database)
        smile = ask_smile(parts.settings, smile_keys()) if has_database and not offline else None
        encryption = None if offline else inspect_tls(parts.settings.public_url)
        with reading() as session:
            results = check_health(session, smile=smile, encryption=encryption)
        context_of(app).database.dispose()
    for line in [json.dumps(report_to_json(results), indent=1)] if as_json else as_lines(results):
        click.echo(line)
    if worst_of(results) == "bad":
        raise SystemExit(1)


@main.group()
def keys() -> None:
    """Rotate encryption keys while everything runs."""


@keys.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if anything is under an old key.")
def rotate(check: bool) -> None:
    """Seal everything again under the first of DASHBOARD_ENCRYPTION_KEYS; safe to interrupt and run again.

    Put the new key before the old ones, restart web and worker, and run this. When --check finds nothing more, remove
    the old keys. Values that cannot be opened are skipped and listed; the exit code is then 1.
    """
    app = _app(Settings())
    _refuse_old_schema(app)
    parts = context_of(app)
    try:
        _rotate(parts, check)
    finally:
        parts.database.dispose()


def _rotate(parts: Context, check: bool) -> None:
    from dashboard.privacy.rotation import count_under_old_keys, finish_rotation, refuse_to_rotate, rotate_keys
    from dashboard.privacy.unreadable import SealedPlace

    columns = parts.features.sealed_columns
    refuse_to_rotate(parts.database, columns)
    damaged: Counter[str] = Counter()

    def name(place: SealedPlace) -> None:
        damaged[place.name] += 1
        click.echo(f"{place} cannot be opened", err=True)

    total, walk = 0, count_under_old_keys if check else rotate_keys
    for part in walk(parts.database, parts.settings, columns, name):
        total += part.count
        if part.count:
            click.echo(f"{part.name}: {part.count:,} {'under an old key' if check else 'sealed again'}")
    if not check:
        finish_rotation(parts.database, parts.settings, columns)
    for column, count in damaged.items():
        click.echo(f"{column}: {count:,} cannot be opened", err=True)
    if check and total:
        raise click.ClickException("an old key is still needed; run `dashboard keys rotate`")
    click.echo("Nothing is sealed under an old key. The old keys can be removed." if check or not total else "Done.")
    if damaged:
        raise click.ClickException(f"{damaged.total():,} sealed values or files cannot be opened and were skipped")


@main.group()
def member() -> None:
    """Add, disable and recover members."""


@member.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(["owner", "operator", "viewer"]), required=True)
def add(email: str, name: str, role: str) -> None:
    """Add a member. Prompts for the password, or reads it from standard input."""
    from dashboard.db import utc_now
    from dashboard.permissions import Role
    from dashboard.team.members.members import add_member

    app = _app(Settings())
    _refuse_old_schema(app)
    with app.app_context(), transaction() as session:
        add_member(session, email, name, Role(role), _ask_password(), utc_now())
    click.echo(f"{email} can sign in now, as {role}.")


@member.command("reset-password")
@click.argument("email")
@click.option("--remove-second-factors", is_flag=True, help="Also remove their app, passkeys and recovery codes.")
def reset_password(email: str, remove_second_factors: bool) -> None:
    """Set a member's password and end all of their sign-ins."""
    from dashboard.audit.trail import record
    from dashboard.db import utc_now
    from dashboard.team.email import emails
    from dashboard.team.factors import second_factors
    from dashboard.team.members.members import set_password
    from dashboard.team.queries import find_member_by_email

    app = _app(Settings())
    _refuse_old_schema(app)
    with app.app_context(), transaction() as session:
        found = find_member_by_email(session, email)
        if found is None:
            raise click.ClickException(f"there is no member with the address {email}")
        if remove_second_factors:
            second_factors.remove_second_factors(session, found)
        set_password(session, found, _ask_password(), utc_now())
        if remove_second_factors:
            record(session, "member.second_factors_removed", f"member {found.id}", utc_now())
            emails.email_about_second_factor(session, found, emails.ALL_REMOVED, utc_now())
    removed = " and no second factor" if remove_second_factors else ""
    click.echo(f"{email} has a new password{removed}; all sign-ins were ended.")


@member.command()
@click.argument("email")
def disable(email: str) -> None:
    """Disable a member and end all of their sign-ins."""
    from dashboard.db import utc_now
    from dashboard.team.members.members import disable_member
    from dashboard.team.queries import find_member_by_email

    app = _app(Settings())
    _refuse_old_schema(app)
    with app.app_context(), transaction() as session:
        found = find_member_by_email(session, email)
        if found is None:
            raise click.ClickException(f"there is no member with the address {email}")
        disable_member(session, found, utc_now())
    click.echo(f"{email} can no longer sign in.")


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _app(settings: Settings) -> Flask:
    from dashboard.app import create_app

    return create_app(settings)


def _upgrade(app: Flask) -> None:
    from dashboard import migrations

    migrations.upgrade(context_of(app).database)


def _refuse_what_cannot_work(app: Flask) -> None:
    """Refuses to start web or worker if they cannot work. A full disk is no reason: space may become free."""
    from dashboard.writable import is_full, problem_of_folder

    settings = context_of(app).settings
    for folder in (settings.instance_dir, settings.media_dir):
        problem = problem_of_folder(folder)
        if problem and not is_full(problem):
            raise click.ClickException(
                f"nothing can be stored in {folder.absolute()} ({problem.strerror}); make the user that runs this "
                "its owner, or set DASHBOARD_INSTANCE_DIR to another folder"
            )
    _refuse_old_schema(app)
    _refuse_wrong_keys(app)
    for name in unknown_variables(os.environ):
        click.echo(f"Warning: {name} is not a setting and has no effect.", err=True)


def _refuse_wrong_keys(app: Flask) -> None:
    """Refuses to start with encryption keys that do not match the data."""
    from dashboard.db import utc_now
    from dashboard.privacy.key_canaries import find_problem_with_keys, keep_canaries

    parts = context_of(app)
    columns = parts.features.sealed_columns
    problem = find_problem_with_keys(parts.database, parts.settings, columns)
    if problem:
        parts.database.dispose()
        raise click.ClickException(problem)
    keep_canaries(parts.database, columns, utc_now())


def _refuse_old_schema(app: Flask) -> None:
    from dashboard import migrations

    if not migrations.is_current(context_of(app).database):
        raise click.ClickException("the database's tables are not up to date; run `dashboard db upgrade` first")
