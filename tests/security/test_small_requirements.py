"""Requirements of one or two lines that no other test is about, each shown on the running app."""

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from sqlmodel import func, select

from dashboard.app import create_app
from dashboard.config import PACKAGE_DIR
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.mail import MailServer, send_mail
from dashboard.team.factors.recovery_codes import ALPHABET, GROUP
from dashboard.team.login import forms
from dashboard.team.models import Member, SignIn
from tests.conftest import make_settings
from tests.factories.team import PASSWORD, make_member
from tests.security.conftest import SignInAgain
from tests.security.walk import OWN, World, routes

SignInAs = Callable[[str], FlaskClient]
HTTPS = "https://desk.example.com"
SOURCES = [path for path in PACKAGE_DIR.rglob("*.py") if "sandbox" not in path.parts]
#: The simulator's own console is no part of the product; it replaces itself by what its own process draws.
SCRIPTS = sorted(path for path in (PACKAGE_DIR.parent / "static" / "js").glob("*.js") if path.name != "sandbox.js")
#: What the forms about oneself ask for. A hint, or a question about one's mother, is not among it.
ASKED = {
    *("email", "password", "current", "name", "role", "code", "credential", "keep", "next", "language", "time_zone"),
    *("send_by_mail", "csrf_token"),
}


@pytest.fixture
def behind_tls(tmp_path: Path, migrated_sqlite: Path):
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    app = create_app(make_settings(tmp_path, database_url=f"sqlite:///{database}", public_url=HTTPS, trusted_proxies=1))
    yield app
    context_of(app).database.dispose()


def test_what_is_typed_is_decoded_once(sign_in: SignInAs):
    page = sign_in("ben").get("/jobs?q=%253Cb%253E%2526amp%253B", follow_redirects=True).text

    assert 'value="%3Cb%3E%26amp%3B"' in page


def test_an_answer_says_what_it_is(walked_app: Flask, world: World, sign_in_again: SignInAgain):
    """Text with its characters' encoding; JSON where the address says so."""
    ada, wrong, seen = sign_in_again("ada"), [], set()
    for route in (route for route in routes(walked_app) if route.method == "GET"):
        answer = ada.get(route.address(world.values(OWN)))
        seen.add(answer.mimetype)
        is_json = answer.mimetype == "application/json"
        if answer.mimetype.startswith("text/") and answer.mimetype_params.get("charset") != "utf-8":
            wrong.append((route.name, answer.content_type))
        if is_json and answer.get_json(silent=True) is None:
            wrong.append((route.name, "no JSON"))
        if route.rule.rule.endswith(".json") and answer.status_code == 200 and not is_json:
            wrong.append((route.name, answer.content_type))

    assert wrong == []
    assert seen >= {"text/html", "application/json"}


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.git/HEAD", "/.svn/entries", "/.env", "/static/../.git/config", "/static/.git/config"]
)
def test_nothing_of_a_checkout_is_served(client: FlaskClient, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/static", "/static/", "/static/js/", "/static/vendor/", "/media/", "/instance/"])
def test_no_folder_is_listed(client: FlaskClient, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/sign-in", "/hooks/smile", "/static/img/favicon.svg"])
def test_trace_is_no_method_here(client: FlaskClient, path: str):
    answer = client.open(path, method="TRACE", headers={"X-Canary": "canary"})

    assert answer.status_code in (404, 405)
    assert "canary" not in answer.text


def test_pages_of_the_simulator_and_of_tests_are_no_part_of_it(app: Flask):
    modules = {getattr(view, "__module__", "") for view in app.view_functions.values()}

    assert not any(module.startswith(("dashboard.sandbox", "dashboard.demo", "tests")) for module in modules)
    assert not any(word in rule.rule for rule in app.url_map.iter_rules() for word in ("sandbox", "debug", "test/"))


def test_nothing_leads_from_http_to_https_by_itself(behind_tls: Flask):
    """A program that was told the wrong scheme should fail at once. A proxy may redirect pages, and pages only."""
    client = behind_tls.test_client()

    for path in ("/sign-in", "/hooks/smile", "/jobs.json", "/metrics"):
        location = client.get(path, base_url=HTTPS.replace("https", "http")).headers.get("Location", "/")
        assert location.startswith("/"), path


def test_a_visitor_cannot_make_up_address_scheme_or_host(behind_tls: Flask):
    """One proxy is trusted, so only what it wrote counts: the last address, and its own word on scheme and host."""
    made_up = {
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Real-IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.9",
    }
    seen: list[str] = []
    behind_tls.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(_address()))

    behind_tls.test_client().get("/sign-in", headers=made_up, base_url=HTTPS)
    forged = behind_tls.test_client().get("/sign-in", headers={"X-Forwarded-Host": "evil.example"}, base_url=HTTPS)

    assert seen[0] == "198.51.100.7"
    assert forged.status_code == 400


def test_without_a_proxy_no_header_says_who_asks(app: Flask, client: FlaskClient):
    seen: list[str] = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(_address()))
    made_up = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}

    answer = client.get("/sign-in", headers=made_up)

    assert seen == ["127.0.0.1"]
    assert (answer.status_code, "evil.example" in answer.text) == (200, False)


def _address() -> str:
    from flask import request

    return request.remote_addr or ""


def test_fields_of_the_address_do_not_pass_for_fields_of_a_form(client: FlaskClient, database: Database):
    make_member(database, "ben")

    answer = client.post(f"/sign-in?email=ben@example.com&password={PASSWORD.replace(' ', '+')}", data={})

    assert answer.status_code == 422
    assert not [path for path in SOURCES if "request.values" in path.read_text(encoding="utf-8")]


def test_of_a_field_that_comes_twice_one_counts(client: FlaskClient, database: Database):
    make_member(database, "ben")
    both = {"email": ["ben@example.com", "ada@example.com"], "password": [PASSWORD, "x"]}

    assert client.post("/sign-in", data=both).status_code == 303


def test_a_new_deployment_has_no_members(database: Database):
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Member)).one() == 0


def test_a_password_does_not_grow_old(client: FlaskClient, database: Database):
    make_member(database, "ben")

    with time_machine.travel(utc_now() + timedelta(days=5 * 365), tick=False):
        answer = client.post("/sign-in", data={"email": "ben@example.com", "password": PASSWORD})

    assert (answer.status_code, answer.location) == (303, "/")


def test_forms_about_oneself_ask_no_question_that_others_can_answer():
    kinds = [kind for kind in vars(forms).values() if isinstance(kind, type) and issubclass(kind, FlaskForm)]
    fields = {name for kind in kinds for name in vars(kind) if hasattr(getattr(kind, name), "field_class")}

    assert len(kinds) > 5
    assert fields - ASKED == set()


def test_the_way_out_is_on_every_page(walked_app: Flask, world: World, sign_in_again: SignInAgain):
    for name in ("ada", "cleo"):
        client = sign_in_again(name)
        for path in ("/jobs", "/links", "/callbacks", "/account", "/jobs/nothing"):
            assert 'action="/sign-out"' in client.get(path).text, (name, path)


def test_looking_around_begins_no_sign_in(client: FlaskClient, database: Database):
    make_member(database, "ben")

    for path in ("/", "/sign-in", "/sign-in?email=ben@example.com", "/sign-in/code", "/forgotten-password", "/jobs"):
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(path, method=method)

    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(SignIn)).one() == 0


def test_a_recovery_code_is_long_enough_to_be_guessed_by_nobody():
    assert len(ALPHABET) ** (2 * GROUP) > 2**20


@pytest.mark.parametrize("text", ["a@example.com\nBcc: b@example.com", "a@example.com\r\n.\r\nMAIL FROM:<x>"])
def test_no_line_can_be_put_into_a_letter(text: str):
    """Refused before any server is spoken to."""
    nowhere = MailServer("127.0.0.1", 9, True, "", "", "desk@example.com", None)

    with pytest.raises(ValueError, match=r"linefeed|carriage|nvalid"):
        send_mail(nowhere, "id", text, "Subject", "Text")
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        send_mail(nowhere, "id", "ada@example.com", text, "Text")


def is_written_out(pattern: ast.AST) -> bool:
    names = [part.id for part in ast.walk(pattern) if isinstance(part, ast.Name)]
    calls = [part for part in ast.walk(pattern) if isinstance(part, ast.Call | ast.Attribute)]
    return not calls and all(name.isupper() for name in names)


def test_patterns_are_our_own_and_never_put_together_from_what_was_typed():
    """All but one are written out in the code, or put together from constants that are.

    The one is Smile's own of a number, held to what it may do elsewhere.
    """
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_pattern = isinstance(node, ast.Call) and re.fullmatch(
                r"re\.(compile|match|fullmatch|search|sub|findall|split)", ast.unparse(node.func)
            )
            if is_pattern and not is_written_out(node.args[0]):  # type: ignore[attr-defined]
                found.append((path.relative_to(PACKAGE_DIR).as_posix(), ast.unparse(node)))  # type: ignore[arg-type]

    assert sorted(found) == [
        ("smile/services.py", "re.compile(regex, flags)"),
        ("team/browsers.py", "re.search(pattern, text)"),
    ]


def test_log_goes_to_standard_output_and_nowhere_else():
    handlers = re.compile(r"(File|Socket|SysLog|HTTP|SMTP|Queue)Handler|logging\.(basicConfig|config)|addHandler")

    assert [path.name for path in SOURCES if handlers.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_to_no_property_that_others_name(script: Path):
    """What JSON.parse gives is read or handed on, never merged into objects of ours by a name that it brings."""
    text = script.read_text(encoding="utf-8")

    assert re.findall(r"\w\[[^\]\"'\d]+\]\s*=[^=]|__proto__|Object\.assign|for \(\w+ \w+ in ", text) == []
    assert re.findall(r"\beval\b|new Function|innerHTML|outerHTML\s*=|document\.write|insertAdjacentHTML", text) == []


def test_pages_load_scripts_and_styles_from_this_server_alone():
    """But for Smile's own script on the one page that opens it (docs/security.md, "Outbound connections")."""
    foreign = []
    for path in (PACKAGE_DIR.parent / "templates").rglob("*.html"):
        for tag in re.findall(r"<(?:script|link|img|iframe|source|video)\b[^>]*>", path.read_text(encoding="utf-8")):
            foreign += [path.name] if re.search(r"""(?:src|href)=["'](?:https?:)?//""", tag) else []

    assert foreign == []
