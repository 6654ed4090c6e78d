"""What is refused leaves one line in the log: who, what, how and which request, and nothing of what was sent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.web.pages import errors
from tests.conftest import make_settings
from tests.factories.team import make_member
from tests.unit.web.test_csrf import token_in

SignInAs = Callable[[str], FlaskClient]
NOWHERE = "01890000-0000-7000-8000-000000000000"
CANARY = "canary-22212345678"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, log_format="json")


@pytest.fixture
def refusals(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The lines since the last look; nothing that was sent is in any of them."""
    # A logger keeps the format of the app that used it first; this one is new.
    monkeypatch.setattr(errors, "log", structlog.get_logger())

    def read() -> list[dict[str, Any]]:
        written = capsys.readouterr().out
        assert CANARY not in written
        return [json.loads(line) for line in written.splitlines() if "request_refused" in line]

    return read


def facts(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["status"], line["member"], line["endpoint"], line["method"]


@pytest.mark.parametrize(
    ("who", "method", "address", "expected"),
    [
        ("cleo", "GET", "/team", (403, "team.index", "GET")),
        ("cleo", "POST", "/jobs", (403, "jobs.create", "POST")),
        ("ben", "GET", f"/jobs/{NOWHERE}", (404, "jobs.show", "GET")),
        ("ben", "GET", f"/callbacks/{NOWHERE}.json", (404, "callbacks.show_json", "GET")),
        ("ben", "GET", f"/v/{CANARY}", None),
        ("ben", "GET", f"/{CANARY}", None),
    ],
)
def test_a_refusal_leaves_a_line_in_the_log(
    sign_in: SignInAs,
    database: Database,
    refusals: Callable[[], list[dict[str, Any]]],
    who: str,
    method: str,
    address: str,
    expected: tuple[int, str, str] | None,
):
    client = sign_in(who)
    member = make_member(database, who)

    answer = client.open(
        f"{address}?q={CANARY}", method=method, data={"id_number": CANARY} if method == "POST" else None
    )

    lines = refusals()
    if expected is None:
        assert (answer.status_code, lines) == (404, [])
        return
    status, endpoint, _ = expected
    assert [facts(line) for line in lines] == [(status, str(member.id), endpoint, method)]
    if not address.endswith(".json"):
        assert lines[0]["request_id"] in answer.text


def test_a_forged_form_leaves_a_line_too(
    app: Flask, sign_in: SignInAs, database: Database, refusals: Callable[[], list[dict[str, Any]]]
):
    ben, member = sign_in("ben"), str(make_member(database, "ben").id)
    app.config["WTF_CSRF_ENABLED"] = True
    token = token_in(ben.get("/account").text)

    ben.post("/account", data={"name": CANARY})
    ben.post("/account", data={"name": CANARY, "csrf_token": token}, headers={"Origin": "https://evil.example"})
    app.test_client().post("/sign-in", data={"email": CANARY})

    assert [facts(line) for line in refusals()] == [
        (400, member, "team.rename", "POST"),
        (403, member, "team.rename", "POST"),
        (400, "", "team.submit_sign_in", "POST"),
    ]


def test_what_a_stranger_does_not_find_fills_no_log(client: FlaskClient, refusals: Callable[[], list[dict[str, Any]]]):
    answers = [client.get(f"/{page}/{CANARY}").status_code for page in ("v", "invitations", "new-password", "nowhere")]

    assert answers == [404] * 4
    assert refusals() == []
