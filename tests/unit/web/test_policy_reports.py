"""What browsers report of the policy: a line in the log that names no address, whoever sent it and whatever it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.web import policy_reports
from dashboard.web.policy_reports import MOST_BYTES, REPORTS
from tests.conftest import make_settings

CODE = "canary-code-of-a-link-0123456789"
NUMBER = "22212345678"
REPORT = {
    "document-uri": f"http://localhost/v/{CODE}?lang=fr&n={NUMBER}",
    "referrer": f"http://localhost/v/{CODE}",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "original-policy": "default-src 'none'",
    "blocked-uri": "inline",
    "script-sample": f"alert({NUMBER})",
}

Breaches = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, log_format="json")


@pytest.fixture
def breaches(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Breaches:
    """The lines since the last look; none of them holds what only an address or a sample held."""
    # A logger keeps the format of the app that used it first; this one is new.
    monkeypatch.setattr(policy_reports, "log", structlog.get_logger())

    def read() -> list[dict[str, Any]]:
        written = capsys.readouterr().out
        assert CODE not in written
        assert NUMBER not in written
        return [json.loads(line) for line in written.splitlines() if "policy_breached" in line]

    return read


def send(client: FlaskClient, body: Any, **headers: str) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/policy-reports", data=data, content_type="application/csp-report", headers=named).status_code


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/v/nothing"])
def test_every_page_says_where_a_breach_is_reported(client: FlaskClient, path: str):
    assert "; report-uri /policy-reports" in client.get(path).headers["Content-Security-Policy"]


def test_a_breach_of_the_policy_is_reported_and_logged_without_addresses(
    app: Any, client: FlaskClient, breaches: Breaches
):
    app.config["WTF_CSRF_ENABLED"] = True

    answered = send(client, {"csp-report": REPORT}, Origin="null", Sec_Fetch_Site="same-origin")

    assert answered == 204
    [line] = breaches()
    facts = {name: line[name] for name in ("directive", "blocked", "endpoint")}
    assert facts == {"directive": "script-src-elem", "blocked": "inline", "endpoint": "customer.show"}


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [
        ("eval", "eval"),
        ("data", "data"),
        (f"data:text/html,{NUMBER}", "data"),
        (f"https://evil.example/{CODE}?n={NUMBER}", "evil.example"),
        (f"http://localhost/jobs?q={NUMBER}", "self"),
        (f"https://{NUMBER}:{CODE}@evil.example/", "evil.example"),
        ("http://[nonsense", ""),
        ("line\nbreak", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_what_was_kept_out_is_told_by_its_kind_or_host(
    client: FlaskClient, breaches: Breaches, blocked: Any, expected: str
):
    assert send(client, {"csp-report": REPORT | {"blocked-uri": blocked}}) == 204

    assert [line["blocked"] for line in breaches()] == [expected]


@pytest.mark.parametrize(
    ("page", "endpoint"),
    [
        ("http://localhost/jobs?q=x", "jobs.index"),
        ("http://localhost/nothing", ""),
        ("https://evil.example/jobs", ""),
        ("about:blank", ""),
        ([], ""),
    ],
)
def test_the_page_is_told_by_our_name_for_it(client: FlaskClient, breaches: Breaches, page: Any, endpoint: str):
    assert send(client, {"csp-report": REPORT | {"document-uri": page, "effective-directive": "x" * 99}}) == 204

    assert [(line["endpoint"], line["directive"]) for line in breaches()] == [(endpoint, "")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (b"\xff\xfe", 400),
        (b"[" * 8000, 400),
        ([], 400),
        ({"csp-report": "x"}, 400),
        ({"csp-report": {"referrer": "x" * MOST_BYTES}}, 413),
    ],
)
def test_what_is_no_report_is_refused_and_leaves_nothing(
    client: FlaskClient, breaches: Breaches, body: Any, status: int
):
    assert send(client, body) == status

    assert breaches() == []


def test_no_other_site_and_no_form_reports_anything(client: FlaskClient, breaches: Breaches):
    body = json.dumps({"csp-report": REPORT})

    answers = [
        client.post("/policy-reports", data=body, content_type="text/plain").status_code,
        client.post("/policy-reports", data={"csp-report": body}).status_code,
        send(client, {"csp-report": REPORT}, Origin="https://evil.example"),
        send(client, {"csp-report": REPORT}, Origin="null"),
    ]

    assert answers == [400, 400, 403, 403]
    assert breaches() == []


def test_a_flood_of_reports_fills_no_log(client: FlaskClient, breaches: Breaches):
    answers = [send(client, {"csp-report": REPORT}) for _ in range(REPORTS.amount + 5)]

    assert answers == [204] * REPORTS.amount + [429] * 5
    assert len(breaches()) == REPORTS.amount
