"""What a request may hold, by which names we answer, and who reads the counters."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata

from dashboard.app import create_app
from dashboard.cli import main
from dashboard.context import context_of
from dashboard.web.serving.limits import MOST_BYTES, MOST_BYTES_WITH_FILES
from tests.conftest import make_settings
from tests.factories.callbacks import deliver, encode, make_payload

TOKEN = "canary-metrics-token-1"


@pytest.fixture
def make_client(tmp_path: Path, database_url: str) -> Iterator[Callable[..., FlaskClient]]:
    apps: list[Flask] = []

    def make(**overrides: object) -> FlaskClient:
        apps.append(create_app(make_settings(tmp_path, database_url=database_url, **overrides)))
        return apps[-1].test_client()

    yield make
    for app in apps:
        context_of(app).database.dispose()


def test_only_views_that_are_sent_pictures_take_large_bodies(app: Flask):
    with_files = {name for name, view in app.view_functions.items() if getattr(view, "takes_files", False)}

    assert with_files == {"jobs.create", "jobs.update_form", "settings.change"}
    assert app.config["MAX_CONTENT_LENGTH"] == MOST_BYTES < MOST_BYTES_WITH_FILES


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/settings/callbacks/keys", "/links", "/tokens"])
def test_body_that_is_too_large_is_refused_before_it_is_read(sign_in: Callable[[str], FlaskClient], path: str):
    client = sign_in("ada")

    answer = client.post(path, data={"email": "a" * MOST_BYTES})

    assert answer.status_code == 413


def test_pictures_of_more_than_that_reach_the_form_of_a_job(sign_in: Callable[[str], FlaskClient]):
    client = sign_in("ben")

    body, content_type = encode_multipart_formdata({"selfie": ("x.jpg", b"x" * (MOST_BYTES + 1), "image/jpeg")})

    answer = client.post("/jobs", data=body, content_type=content_type)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "host", ["evil.example", "desk.example.com.evil.example", "evil.example:443", "169.254.169.254"]
)
def test_other_names_are_not_answered(make_client: Callable[..., FlaskClient], host: str):
    client = make_client(public_url="https://desk.example.com")

    answer = client.get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize(
    "host",
    ["desk.example.com", "desk.example.com:443", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "desk.internal"],
)
def test_own_names_and_this_machine_are_answered(make_client: Callable[..., FlaskClient], host: str):
    client = make_client(public_url="https://desk.example.com", extra_hosts="desk.internal")

    assert client.get("/sign-in", headers={"Host": host}).status_code == 200


def test_supervisor_and_smile_may_use_any_name(make_client: Callable[..., FlaskClient]):
    client = make_client(public_url="https://desk.example.com")

    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/readyz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert deliver(client, encode(make_payload()), headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_counters_are_not_public(make_client: Callable[..., FlaskClient]):
    client = make_client(public_url="https://desk.example.com")

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer None"}).status_code == 404


def test_counters_are_for_whoever_holds_the_token(make_client: Callable[..., FlaskClient]):
    client = make_client(public_url="https://desk.example.com", metrics_token=TOKEN)

    refused = [client.get("/metrics", headers=headers) for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"})]
    given = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert [answer.status_code for answer in refused] == [401, 401]
    assert (given.status_code, "callbacks_received" in given.text) == (200, True)


def test_counters_of_a_trial_need_no_token(client: FlaskClient):
    assert client.get("/metrics").status_code == 200


def test_what_any_process_writes_is_for_its_own_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = make_settings(tmp_path)
    for name, value in {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "ENCRYPTION_KEYS": settings.encryption_keys[0].get_secret_value(),
        "PUBLIC_URL": settings.public_url,
        "SMILE_SERVER": settings.smile_server,
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": settings.api_keys[0],
        "INSTANCE_DIR": str(tmp_path / "instance"),
    }.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)

    answer = CliRunner().invoke(main, ["db", "upgrade"])

    assert answer.exit_code == 0, answer.output
    files = list((tmp_path / "instance").rglob("*"))
    assert files
    assert [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
