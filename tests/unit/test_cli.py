"""The commands an operator types: what they do, and that every mistake ends in one line."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlmodel import select

from dashboard import cli
from dashboard.audit.models import AuditEntry
from dashboard.cli import main
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.demo.deployment import demo_environment
from dashboard.permissions import Role
from dashboard.team.email.outbox import OutgoingMail, read_content
from dashboard.team.factors.models import AuthenticatorApp
from dashboard.team.models import Member
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY
from tests.factories.team import make_member

PASSWORD = "correct horse battery staple\n"
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    environment = {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "PUBLIC_URL": "http://localhost",
        "SMILE_SERVER": "http://127.0.0.1:9/v1",
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": "test-api-key-0001",
        "INSTANCE_DIR": str(tmp_path),
    }
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)
    runner = CliRunner()
    return lambda *arguments, typed="": runner.invoke(main, list(arguments), input=typed)


@pytest.fixture
def migrated(tmp_path: Path, migrated_sqlite: Path) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "dashboard.db")


def members(tmp_path: Path, keyring: KeyRing) -> list[Member]:
    database = Database(f"sqlite:///{tmp_path / 'dashboard.db'}", keyring)
    with database.reading() as session:
        found = list(session.exec(select(Member).order_by(Member.id)).all())
    database.dispose()
    return found


def assert_one_line(result: Result, says: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(result.output.strip().splitlines()) == 1, result.output
    assert says in result.output


@pytest.mark.parametrize("command", [["web"], ["worker"], ["db", "upgrade"], ["member", "disable", "a@example.com"]])
def test_incomplete_environment_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]):
    monkeypatch.delenv("DASHBOARD_SECRET_KEY")
    monkeypatch.setenv("DASHBOARD_SMILE_SERVER", "canary-server")

    result = run(*command)

    assert_one_line(result, "DASHBOARD_SECRET_KEY")
    assert "DASHBOARD_SMILE_SERVER must be 0" in result.output
    assert "canary-server" not in result.output


def test_missing_secret_file_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_SECRET_KEY_FILE", "nowhere")

    assert_one_line(run("db", "upgrade"), "DASHBOARD_SECRET_KEY_FILE")


def test_database_that_does_not_answer_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", "postgresql://nobody:canary@127.0.0.1:9/none?connect_timeout=2")

    result = run("worker")

    assert_one_line(result, "database does not answer")
    assert "canary" not in result.output


@pytest.mark.parametrize(
    "command",
    [
        ["web"],
        ["worker"],
        ["member", "add", "ada@example.com", "--name", "Ada", "--role", "owner"],
        ["member", "reset-password", "ada@example.com"],
        ["member", "disable", "ada@example.com"],
    ],
)
def test_old_schema_is_refused_with_what_to_do(run: Run, command: list[str]):
    assert_one_line(run(*command, typed=PASSWORD), "dashboard db upgrade")


def test_upgrade_may_run_twice(run: Run, tmp_path: Path):
    results = [run("db", "upgrade") for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0], results[0].output
    assert (tmp_path / "dashboard.db").exists()


@pytest.mark.usefixtures("migrated")
def test_member_is_added_once(run: Run, tmp_path: Path, keyring: KeyRing):
    first = run("member", "add", "Ada@Example.com", "--name", "Ada", "--role", "owner", typed=PASSWORD)
    second = run("member", "add", "ada@example.com", "--name", "Ada", "--role", "viewer", typed=PASSWORD)

    assert first.exit_code == 0, first.output
    assert_one_line(second, "already")
    [member] = members(tmp_path, keyring)
    assert (member.email, member.role) == ("ada@example.com", Role.OWNER)
    assert PASSWORD.strip() not in first.output


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize(
    ("email", "name", "password", "says"),
    [
        ("ada@example.com", "Ada", "short\n", "password"),
        ("ada@example.com", "Ada", "", "password"),
        ("ada@example.com", "Ada", "password1234\n", "password"),
        ("nonsense", "Ada", PASSWORD, "email"),
        ("ada@example.com", " ", PASSWORD, "name"),
    ],
)
def test_bad_member_is_refused_in_one_line(
    run: Run, tmp_path: Path, keyring: KeyRing, email: str, name: str, password: str, says: str
):
    assert_one_line(run("member", "add", email, "--name", name, "--role", "owner", typed=password), says)
    assert members(tmp_path, keyring) == []


def test_unknown_role_is_refused(run: Run):
    result = run("member", "add", "ada@example.com", "--name", "Ada", "--role", "king")

    assert result.exit_code == 2
    assert "'king' is not one of" in result.output


@pytest.mark.usefixtures("migrated")
def test_member_gets_a_new_password_and_the_last_owner_stays(run: Run, tmp_path: Path, keyring: KeyRing):
    run("member", "add", "ada@example.com", "--name", "Ada", "--role", "owner", typed=PASSWORD)
    [before] = members(tmp_path, keyring)

    reset = run("member", "reset-password", "ada@example.com", typed="another long passphrase\n")
    last = run("member", "disable", "ada@example.com")

    assert reset.exit_code == 0, reset.output
    assert_one_line(last, "last owner")
    [after] = members(tmp_path, keyring)
    assert after.password_hash != before.password_hash
    assert after.disabled_at is None


@pytest.mark.usefixtures("migrated")
def test_way_back_in_may_remove_second_factors_and_is_written_down(
    run: Run, tmp_path: Path, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DASHBOARD_SMTP_URL", "smtps://127.0.0.1:9")
    monkeypatch.setenv("DASHBOARD_MAIL_FROM", "desk@example.com")
    run("member", "add", "ada@example.com", "--name", "Ada", "--role", "owner", typed=PASSWORD)
    database = Database(f"sqlite:///{tmp_path / 'dashboard.db'}", keyring)
    make_member(database, "ada")

    kept = run("member", "reset-password", "ada@example.com", typed="another long passphrase\n")
    with database.reading() as session:
        assert len(session.exec(select(AuthenticatorApp)).all()) == 1
    removed = run("member", "reset-password", "ada@example.com", "--remove-second-factors", typed=PASSWORD)

    assert (kept.exit_code, removed.exit_code) == (0, 0), removed.output
    assert "no second factor" in removed.output
    with database.reading() as session:
        assert session.exec(select(AuthenticatorApp)).all() == []
        assert (
            "member.second_factors_removed"
            in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
        )
        [letter] = session.exec(select(OutgoingMail).order_by(OutgoingMail.id)).all()  # the worker sends it
        assert read_content(session, letter)["to"] == "ada@example.com"
    database.dispose()


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("command", ["reset-password", "disable"])
def test_member_that_does_not_exist_is_one_line(run: Run, command: str):
    assert_one_line(run("member", command, "nobody@example.com", typed=PASSWORD), "no member")


@pytest.mark.parametrize("choice", ["nonsense", "review_delay_seconds=", "no_such_setting=1", "review_delay_seconds={"])
def test_bad_choice_for_the_simulator_is_one_line(run: Run, choice: str):
    assert_one_line(run("sandbox", "--set", choice), "Error")


def test_demo_s_secrets_are_kept_private_and_forgotten_when_asked(tmp_path: Path):
    instance = tmp_path / "demo"

    first, again, fresh = (demo_environment(instance, 8000, is_fresh) for is_fresh in (False, False, True))

    secrets = ("DASHBOARD_SECRET_KEY", "DASHBOARD_ENCRYPTION_KEYS", "DASHBOARD_SMILE_API_KEYS")
    assert [again[name] for name in secrets] == [first[name] for name in secrets]
    assert all(fresh[name] != first[name] for name in secrets)
    assert instance.stat().st_mode & 0o077 == 0
    assert all((instance / name).stat().st_mode & 0o077 == 0 for name in ("secret_key", "encryption_keys"))
    assert first["DASHBOARD_IS_DEMO"] == "true"


def test_demo_refuses_a_weak_password_before_anything_starts(run: Run, monkeypatch: pytest.MonkeyPatch):
    # A copy: the demo tells its processes by the environment, which other tests must not find.
    monkeypatch.setattr("os.environ", os.environ | {"DASHBOARD_DEMO_PASSWORD": "short"})

    assert_one_line(run("demo"), "password")


def test_help_names_every_command(run: Run):
    shown = run("--help").output

    assert {name for name in cli.main.commands if name not in shown} == set()


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("command", ["web", "worker"])
@pytest.mark.parametrize("name", ["media", "data"])
def test_folder_that_takes_no_files_is_refused_before_the_first_upload(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, name: str
):
    (tmp_path / name).write_text("no folder")  # rights do not keep root from writing
    if name == "data":
        monkeypatch.setenv("DASHBOARD_INSTANCE_DIR", str(tmp_path / name))
        monkeypatch.setenv("DASHBOARD_DATABASE_URL", f"sqlite:///{tmp_path / 'dashboard.db'}")

    assert_one_line(run(command), "nothing can be stored in")


@pytest.mark.parametrize(("name", "value"), [("QUEUE_URL", "amqp://queue"), ("DATABASE_URL", "mysql://db/desk")])
def test_address_of_a_part_that_is_not_supported_is_refused_and_makes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
):
    monkeypatch.setenv(f"DASHBOARD_{name}", value)

    assert_one_line(run("worker"), f"DASHBOARD_{name} must begin with")
    assert [*tmp_path.iterdir()] == []


def test_misspelt_setting_is_refused_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_TRUSTED_PROXYS", "1")

    assert_one_line(run("web"), "did you mean DASHBOARD_TRUSTED_PROXIES?")


def test_demo_keeps_its_data_below_the_folder_that_was_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    named = {"DASHBOARD_DEMO_PASSWORD": "short", "DASHBOARD_INSTANCE_DIR": str(tmp_path)}
    monkeypatch.setattr("os.environ", os.environ | named)

    assert_one_line(run("demo"), "password")

    assert (tmp_path / "demo" / "dashboard.db").exists()
