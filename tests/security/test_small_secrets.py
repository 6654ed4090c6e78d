"""Requirements of one or two lines about cookies, hashes and lines of the log."""

import ast
import json
import re
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.audit.models import AuditEntry
from dashboard.config import PACKAGE_DIR
from dashboard.db import Database
from dashboard.web.logs import set_up_logging
from tests.conftest import pass_the_door
from tests.factories.team import PASSWORD, make_member

SOURCES = [path for path in PACKAGE_DIR.rglob("*.py") if "sandbox" not in path.parts]


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def calls(name: str) -> list[tuple[str, ast.Call]]:
    """Of any function or method of this name, and the file it stands in."""
    return [
        (path.relative_to(PACKAGE_DIR).as_posix(), node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def test_every_cookie_is_set_where_its_name_gets_the_prefix():
    """By Flask, whose name for it is a setting, by web/cookies.py, or by the customer's page."""
    on_answers = [(file, call) for file, call in calls("set_cookie") if isinstance(call.func, ast.Attribute)]

    assert {(file, ast.unparse(call.args[0])) for file, call in on_answers} == {
        ("web/security/cookies.py", "full_name(name)"),
        ("links/customer/visits.py", "_cookie_name(settings)"),
    }


def test_no_hash_but_sha_256_is_called():
    texts = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    of_hmac = [ast.unparse(call.args[2]) for _, call in calls("new") if ast.unparse(call.func) == "hmac.new"]

    assert set(re.findall(r"hashlib\.(\w+)", texts)) == {"sha256"}
    assert set(of_hmac) == {"hashlib.sha256"}
    of_digests = [call for _, call in calls("digest") if ast.unparse(call.func) == "hmac.digest"]
    assert {ast.unparse(call.args[2]) for call in of_digests} == {"'sha256'"}


def test_hashing_a_password_costs_what_owasp_advises():
    """19 MB and two passes at least. The tests themselves hash cheaply, so this reads what is written."""
    [(_, hasher)] = calls("PasswordHasher")
    wanted = {option.arg: ast.unparse(option.value) for option in hasher.keywords}

    assert wanted == {"time_cost": "3", "memory_cost": "32 * 1024", "parallelism": "1"}


def test_sign_ins_and_refusals_stand_in_the_trail_with_what_was_proved(
    app: Flask, client: FlaskClient, database: Database
):
    pass_the_door(app.test_client(), make_member(database, "ada").email)
    pass_the_door(client, make_member(database, "ben").email)
    client.post("/sign-out")
    client.post("/sign-in", data={"email": "ben@example.com", "password": f"{PASSWORD}!"})

    with database.reading() as session:
        lines = session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()  # type: ignore[arg-type]
    told = [(line.action, line.details.get("by") or line.details.get("wrong", "")) for line in lines]
    assert ("member.signed_in", "password and app code") in told
    assert ("member.signed_in", "password") in told
    assert told[-2:] == [("member.signed_out", ""), ("member.sign_in_refused", "password")]
    assert all(line.from_address == "127.0.0.1" for line in lines)


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_value_cannot_make_a_second_line_of_the_log(log_format: str, capsys: pytest.CaptureFixture[str]):
    forged = "x\n2026-11-26T00:00:00Z [info] member_signed_in\r\x1b[2K\u2028end"
    set_up_logging(log_format)

    structlog.get_logger("test").info("refused", where=forged, more={"inner": [forged]})

    [line] = capsys.readouterr().out.splitlines()
    assert not any(sign in line for sign in "\r\x1b\u2028")
    if log_format == "json":
        assert json.loads(line)["where"] == forged
