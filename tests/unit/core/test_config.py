"""Settings: what is missing or wrong is refused by name, and nothing secret is ever repeated."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from dashboard.config import Settings, unknown_variables
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY

GOOD = {
    "SECRET_KEY": SECRET_KEY,
    "ENCRYPTION_KEYS": ENCRYPTION_KEY,
    "PUBLIC_URL": "https://desk.example.com",
    "SMILE_SERVER": "0",
    "SMILE_PARTNER_ID": "002",
    "SMILE_API_KEYS": "the-first-api-key, the-second-api-key",
}
CANARY = "canary-8f14e45f"


@pytest.fixture(autouse=True)
def good_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)


def test_good_environment_is_read():
    settings = Settings()

    assert settings.api_keys == ("the-first-api-key", "the-second-api-key")
    assert settings.smile_partner_id == "002"
    assert settings.is_https
    assert not settings.is_demo


@pytest.mark.parametrize("name", GOOD)
def test_nothing_dangerous_has_a_default(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.delenv(f"DASHBOARD_{name}")

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert [error["loc"] for error in refused.value.errors()] == [(name.lower(),)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", CANARY),
        ("ENCRYPTION_KEYS", CANARY),
        ("ENCRYPTION_KEYS", ""),
        ("ENCRYPTION_KEYS", "YWJj"),
        ("ENCRYPTION_KEYS", f"{ENCRYPTION_KEY},{CANARY}"),
        ("PUBLIC_URL", "desk.example.com"),
        ("PUBLIC_URL", "ftp://desk.example.com"),
        ("PUBLIC_URL", "https://desk.example.com/desk"),
        ("PUBLIC_URL", "https://desk.example.com?x=1"),
        ("PUBLIC_URL", "https://"),
        ("SMILE_SERVER", "2"),
        ("SMILE_SERVER", "httpx://example.com/v1"),
        ("SMILE_SERVER", "https://"),
        ("SMILE_SERVER", ""),
        ("SMILE_PARTNER_ID", ""),
        ("SMILE_API_KEYS", " , "),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("LOG_FORMAT", "xml"),
        ("LEASE", "0"),
        ("SWEEP_EVERY", "0"),
        ("CHECK_WAITS", ""),
        ("RETRY_WAITS", "1,soon"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", f"https://desk:{CANARY}@mail.example.com"),
        ("SMTP_URL", f"smtps://desk:{CANARY}@"),
        ("SMTP_URL", f"smtp://desk:{CANARY}@mail.example.com:port"),
        ("SMTP_URL", f"smtp://desk:{CANARY}@mail.example.com/?tls=no"),
        ("MAIL_FROM", "desk"),
        ("MAIL_FROM", "Desk <desk@example.com>"),
        ("DATABASE_URL", f"mysql://desk:{CANARY}@db/desk"),
        ("DATABASE_URL", f"redis://:{CANARY}@db/desk"),
        ("DATABASE_URL", "dashboard.db"),
        ("DATABASE_URL", f"postgresql+asyncpg://desk:{CANARY}@db/desk"),
        ("QUEUE_URL", f"amqp://desk:{CANARY}@queue"),
        ("QUEUE_URL", f"mysql://desk:{CANARY}@queue"),
        ("QUEUE_URL", "queue.db"),
        ("DATABASE_CONNECT_TIMEOUT", "0"),
        ("DATABASE_LOCK_TIMEOUT", "-1"),
        ("DATABASE_STATEMENT_TIMEOUT", "soon"),
    ],
)
def test_bad_value_is_refused_by_name_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"DASHBOARD_{name}", value)

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert {error["loc"][0] for error in refused.value.errors()} == {name.lower()}
    assert CANARY not in str(refused.value)
    assert ENCRYPTION_KEY not in str(refused.value)


def test_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("SECRET_KEY", "SMILE_API_KEYS"):
        path = tmp_path / name
        path.write_text(f"{GOOD[name]}\n")
        monkeypatch.delenv(f"DASHBOARD_{name}")
        monkeypatch.setenv(f"DASHBOARD_{name}_FILE", str(path))

    settings = Settings()

    assert settings.secret_key.get_secret_value() == SECRET_KEY
    assert settings.api_keys == ("the-first-api-key", "the-second-api-key")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_file_that_cannot_be_read_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("DASHBOARD_SECRET_KEY_FILE", str(path))

    with pytest.raises(SettingsError, match="DASHBOARD_SECRET_KEY_FILE names a file that cannot be read"):
        Settings()


def test_repr_shows_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", f"postgresql://desk:{CANARY}@db/desk")
    monkeypatch.setenv("DASHBOARD_QUEUE_URL", f"redis://:{CANARY}@queue/0")

    shown = f"{Settings()!r} {Settings()!s}"

    for secret in (CANARY, SECRET_KEY, ENCRYPTION_KEY, "the-first-api-key", "the-second-api-key"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("server", "environment"),
    [
        ("0", "sandbox"),
        ("1", "production"),
        ("https://api.smileidentity.com/v1", "production"),
        ("https://API.smileidentity.com/v1/", "production"),
        ("https://testapi.smileidentity.com/v1", "sandbox"),
        ("http://127.0.0.1:8001/v1", "sandbox"),
    ],
)
def test_only_smile_s_own_production_host_is_production(monkeypatch: pytest.MonkeyPatch, server: str, environment: str):
    monkeypatch.setenv("DASHBOARD_SMILE_SERVER", server)

    assert Settings().environment == environment


def test_database_and_queue_stand_in_the_instance_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    by_default = Settings()
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", "postgresql://db/desk")
    elsewhere = Settings()

    assert by_default.database_url.startswith("sqlite:////")
    assert by_default.database_url.endswith("/instance/dashboard.db")
    assert by_default.queue_url.endswith("/instance/queue.db")
    assert elsewhere.queue_url == "postgresql://db/desk"


def test_settings_do_not_change_while_running():
    with pytest.raises(ValidationError):
        Settings().smile_server = "1"  # type: ignore[misc]  # that it is frozen is the point


def test_a_mail_server_needs_an_address_to_send_from(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_SMTP_URL", f"smtps://desk:{CANARY}@mail.example.com")

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert {error["loc"][0] for error in refused.value.errors()} == {"mail_from"}
    assert CANARY not in str(refused.value)


def test_a_mail_server_may_come_from_a_file_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "smtp"
    path.write_text(f"smtps://desk:{CANARY}@mail.example.com\n")
    monkeypatch.setenv("DASHBOARD_SMTP_URL_FILE", str(path))
    monkeypatch.setenv("DASHBOARD_MAIL_FROM", "desk@example.com")

    settings = Settings()

    assert settings.sends_mail
    assert CANARY not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:////data/dashboard.db"),
        ("DATABASE_URL", "postgresql://db/desk"),
        ("DATABASE_URL", "postgres://db/desk"),
        ("DATABASE_URL", "postgresql+psycopg://db/desk"),
        ("QUEUE_URL", "sqlite:////data/queue.db"),
        ("QUEUE_URL", "postgresql://db/desk"),
        ("QUEUE_URL", "redis://queue/0"),
        ("QUEUE_URL", "rediss://queue/0"),
    ],
)
def test_addresses_of_every_supported_part_are_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"DASHBOARD_{name}", value)

    assert getattr(Settings(), name.lower()) == value


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("DASHBOARD_TRUSTED_PROXYS", "DASHBOARD_TRUSTED_PROXIES"),
        ("DASHBOARD_TRUSTED_PROXY", "DASHBOARD_TRUSTED_PROXIES"),
        ("DASHBOARD_ENCRYPTION_KEY", "DASHBOARD_ENCRYPTION_KEYS"),
        ("DASHBOARD_SECRETKEY", "DASHBOARD_SECRET_KEY"),
        ("DASHBOARD_DATABASE", "DASHBOARD_DATABASE_URL"),
        ("DASHBOARD_METRIC_TOKEN", "DASHBOARD_METRICS_TOKEN"),
        ("DASHBOARD_SECRET_KEY_FIEL", "DASHBOARD_SECRET_KEY_FILE"),
    ],
)
def test_slip_of_a_name_is_refused_with_what_was_meant(monkeypatch: pytest.MonkeyPatch, slip: str, meant: str):
    monkeypatch.setenv(slip, CANARY)

    with pytest.raises(SettingsError, match=f"^{slip} is not a setting; did you mean {meant}\\?$"):
        Settings()


@pytest.mark.parametrize(
    "name",
    [
        "DASHBOARD_PORT",  # these four Kubernetes makes for a service named dashboard
        "DASHBOARD_SERVICE_HOST",
        "DASHBOARD_PORT_8000_TCP_PROTO",
        "DASHBOARD_SERVICE_PORT_HTTP",
        "DASHBOARD_OF_SOMEBODY_ELSE",
    ],
)
def test_name_that_is_like_none_keeps_nobody_from_starting_and_is_named(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, CANARY)

    Settings()

    assert unknown_variables([*os.environ]) == [name]


def test_what_demo_and_tests_read_is_known():
    assert unknown_variables(["DASHBOARD_DEMO_PASSWORD", "DASHBOARD_TEST_REDIS_URL", "DASHBOARD_IS_DEMO", "PATH"]) == []
