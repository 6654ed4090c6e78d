"""`dashboard doctor`: what the page says, on the command line; exit code 1 while something has to be fixed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import main
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.health import handshakes
from dashboard.health.handshakes import TlsState
from dashboard.stored_settings import LAST_BACKUP, WORKER_SEEN, write_setting
from tests.conftest import ENCRYPTION_KEY
from tests.factories.team import make_member
from tests.unit.health.test_health_checks import GOOD_ENCRYPTION_KEY, GOOD_KEY
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile

Run = Callable[..., Result]
#: Public addresses that the command shook hands with.
looked_at: list[str] = []


@pytest.fixture
def smile() -> Iterator[FakeSmile]:
    fake = FakeSmile()
    fake.answers["POST /v1/products_config"] = Answer({"idSelection": {}})
    fake.answers["POST /v3/token"] = Answer({"token": "a.token.of.v3"})
    fake.answers["GET /v3/services/supported_id_types"] = Answer({"id_types": [{"country": "NG", "type": "BVN"}]})
    yield fake
    fake.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, smile: FakeSmile) -> Run:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    modern = TlsState("TLSv1.3")
    monkeypatch.setattr(handshakes, "inspect_tls", lambda url: looked_at.append(url) or modern)
    looked_at.clear()
    environment = {
        "SECRET_KEY": GOOD_KEY,
        "ENCRYPTION_KEYS": GOOD_ENCRYPTION_KEY,
        "PUBLIC_URL": "https://desk.example.com",
        "SMILE_SERVER": smile.url,
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": API_KEY,
        "INSTANCE_DIR": str(folder),
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)
    return lambda *arguments: CliRunner().invoke(main, ["doctor", *arguments])


@pytest.fixture
def healthy(run: Run, tmp_path: Path, migrated_sqlite: Path) -> None:
    path = tmp_path / "instance" / "dashboard.db"
    shutil.copyfile(migrated_sqlite, path)
    path.chmod(0o600)
    database = Database(f"sqlite:///{path}", KeyRing.from_base64([GOOD_ENCRYPTION_KEY]))
    make_member(database, "ada")
    with database.transaction() as session:
        write_setting(session, WORKER_SEEN, utc_now().isoformat(), utc_now())
        write_setting(session, LAST_BACKUP, {"at": utc_now().isoformat()}, utc_now())
    database.dispose()


@pytest.mark.usefixtures("healthy")
def test_healthy_deployment_ends_in_0(run: Run, smile: FakeSmile):
    answer = run()

    assert answer.exit_code == 0, answer.output
    assert "fine          Smile accepts the key: Smile accepted our key" in answer.output
    assert "look at this  Owners: There is only one owner." in answer.output
    assert "fine          Encryption: TLSv1.3, with a certificate that browsers trust" in answer.output
    assert "fine          Smile's v3 API: Smile's v3 API made a token and listed its ID types" in answer.output
    assert "fine          Which API: Every product uses Smile's v1 API." in answer.output
    # Nothing that Smile charges for.
    assert [(each.method, each.path) for each in smile.requests] == [
        ("POST", "/v1/products_config"),
        ("POST", "/v3/token"),
        ("GET", "/v3/services/supported_id_types"),
    ]
    assert looked_at == ["https://desk.example.com"]


@pytest.mark.usefixtures("healthy")
def test_what_has_to_be_mended_ends_in_1_with_its_advice(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_PUBLIC_URL", "http://desk.example.com")

    answer = run("--offline")

    assert answer.exit_code == 1
    assert "fix this      Public address" in answer.output
    assert answer.output.strip().splitlines()[-1].startswith("1 thing needs to be fixed")


@pytest.mark.usefixtures("healthy")
def test_offline_asks_nobody(run: Run, smile: FakeSmile):
    run("--offline")

    assert smile.requests == []
    assert looked_at == []


@pytest.mark.usefixtures("healthy")
def test_program_gets_json(run: Run):
    told = json.loads(run("--offline", "--json").output)

    assert told["state"] == "warn"
    assert {duty["state"] for duty in told["duties"]} == {"ok", "unset", "unknown", "warn"}


def test_deployment_without_tables_is_told_what_to_do(run: Run):
    answer = run()

    assert answer.exit_code == 1
    assert "Run `dashboard db upgrade`." in answer.output


def test_nothing_secret_is_said(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_ENCRYPTION_KEYS", ENCRYPTION_KEY)
    monkeypatch.setenv("DASHBOARD_SECRET_KEY", "canary-" * 6)

    said = run().output

    assert "canary" not in said
    assert ENCRYPTION_KEY not in said
    assert API_KEY not in said
