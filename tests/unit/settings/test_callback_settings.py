"""Callbacks and keys: keys are added, sign and retire without ever being shown; networks are named; checks are run."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.receiving.networks import network_as_text, read_networks
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, new_id, utc_now
from dashboard.smile_keys import SmileKey, list_keys, read_keys, seed_keys_at_start
from tests.conftest import change_settings, make_settings
from tests.factories.callbacks import API_KEY, deliver, encode, make_payload, sign, timestamp_at

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGE = "/settings/callbacks"
NEW_KEY = "a-new-api-key-0002"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Nothing listens at port 9, so a check fails at once."""
    return make_settings(tmp_path, database_url=database_url, trusted_proxies=1, public_url="http://127.0.0.1:9")


@pytest.fixture
def ada(app: Flask, sign_in: SignInAs) -> FlaskClient:
    seed_keys_at_start(context_of(app).settings, context_of(app).database)
    return sign_in("ada")


def key_id(session: Session, number: int) -> UUID:
    return session.exec(select(SmileKey.id).where(SmileKey.number == number)).one()


def trail(session: Session) -> list[tuple[str, str, dict[str, str]]]:
    session.rollback()  # a view of the data as it is now
    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    return [(entry.action, entry.subject, entry.details) for entry in entries if entry.action.split(".")[0] != "member"]


def signed_with(api_key: str, job_id: str = "job-1") -> bytes:
    now = timestamp_at(utc_now())
    return encode(make_payload(job_id=job_id, timestamp=now, signature=sign(now, api_key)))


def test_key_that_was_added_is_good_at_once_and_shown_nowhere(
    ada: FlaskClient, session: Session, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    assert deliver(ada, signed_with(NEW_KEY)).status_code == 401
    with caplog.at_level(logging.DEBUG):
        answer = ada.post(f"{PAGE}/keys", data={"api_key": NEW_KEY})
        page, twin = ada.get(PAGE).text, ada.get(f"{PAGE}.json").text

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert deliver(ada, signed_with(NEW_KEY)).status_code == 200
    assert "Key 2 was added" in page
    assert re.search(r"Key 2</th>.*?by ada@example.com", page, re.DOTALL)
    captured = capsys.readouterr()
    told = [page, twin, caplog.text, captured.out, captured.err, str(answer.headers), str(trail(session))]
    assert not any(secret in text for text in told for secret in (NEW_KEY, API_KEY))
    assert ("smile_key.added", "key 2", {"environment": "sandbox"}) in trail(session)


@pytest.mark.parametrize("value", ["", "sh0rt", "with spaces in it", "k" * 501, API_KEY])
def test_what_is_no_new_key_is_told_beside_its_field_and_not_repeated(ada: FlaskClient, session: Session, value: str):
    answer = ada.post(f"{PAGE}/keys", data={"api_key": value})

    assert answer.status_code == 422
    assert 'id="api_key-error"' in answer.text
    assert not value or value not in answer.text.replace("with spaces in it ", "")
    assert len(list_keys(session, "sandbox")) == 1


def test_field_of_a_key_hides_it_and_remembers_nothing(ada: FlaskClient):
    field = re.search(r'<input[^>]*name="api_key"[^>]*>', ada.get(PAGE).text)

    assert field is not None
    assert 'type="password"' in field[0]
    assert 'autocomplete="off"' in field[0]
    assert "value=" not in field[0]


def test_rotation_step_by_step(ada: FlaskClient, session: Session, settings: Settings):
    ada.post(f"{PAGE}/keys", data={"api_key": NEW_KEY})
    first, second = key_id(session, 1), key_id(session, 2)

    refused = ada.post(f"{PAGE}/keys/{first}/retirement", follow_redirects=True)
    assert "Requests are signed with this key." in refused.text
    assert ada.post(f"{PAGE}/keys/{second}/signing").status_code == 303
    session.rollback()  # a view of the data as it is now
    assert read_keys(session, settings).signing.value == NEW_KEY
    assert deliver(ada, signed_with(API_KEY, "old")).status_code == 200
    assert ada.post(f"{PAGE}/keys/{first}/retirement").status_code == 303
    assert deliver(ada, signed_with(API_KEY, "late")).status_code == 401
    assert deliver(ada, signed_with(NEW_KEY, "new")).status_code == 200
    assert "This key was retired." in ada.post(f"{PAGE}/keys/{first}/signing", follow_redirects=True).text

    page = ada.get(PAGE).text
    assert re.search(r"Key 1</th>.*?Retired .*? by ada@example.com", page, re.DOTALL)
    assert [action for action, *_ in trail(session) if action.startswith("smile_key")] == [
        "smile_key.added",
        "smile_key.signs",
        "smile_key.retired",
    ]
    twin = ada.get(f"{PAGE}.json").json
    assert [(key["number"], key["is_signing"], key["retired_by"]) for key in twin["keys"]] == [
        (1, False, "ada@example.com"),
        (2, True, None),
    ]


def test_key_that_signs_has_no_button_to_retire_it_and_the_page_says_why(ada: FlaskClient, session: Session):
    page = ada.get(PAGE).text

    assert f"{key_id(session, 1)}/retirement" not in page
    assert "To retire it, sign with another key first." in page


def test_old_keys_are_told_of(ada: FlaskClient, database: Database):
    assert "time for a new one" not in ada.get(PAGE).text
    with database.transaction() as session:
        list_keys(session, "sandbox")[0].added_at = utc_now() - timedelta(days=91)

    page = ada.get(PAGE).text

    assert "91 days" in page
    assert "Older than 90 days" in page


def test_unknown_key_is_not_found(ada: FlaskClient):
    assert ada.post(f"{PAGE}/keys/{new_id()}/signing").status_code == 404
    assert ada.post(f"{PAGE}/keys/{new_id()}/retirement").status_code == 404


def test_networks_are_saved_enforced_at_once_and_written_down(ada: FlaskClient, session: Session):
    answer = ada.post(f"{PAGE}/networks", data={"networks": "203.0.113.0/24\r\n::ffff:198.51.100.7"})

    assert answer.status_code == 303
    assert [network_as_text(network) for network in read_networks(session)] == ["203.0.113.0/24", "198.51.100.7"]
    assert "203.0.113.0/24\n198.51.100.7</textarea>" in ada.get(PAGE).text
    assert deliver(ada, signed_with(API_KEY)).status_code == 403
    assert ada.get(f"{PAGE}.json").json["networks_are_enforced"] is True

    ada.post(f"{PAGE}/networks", data={"networks": ""})
    ada.post(f"{PAGE}/networks", data={"networks": " "})

    assert deliver(ada, signed_with(API_KEY)).status_code == 200
    changes = [details for action, _, details in trail(session) if action == "callback_networks.changed"]
    assert changes == [{"networks": "203.0.113.0/24, 198.51.100.7"}, {"networks": "everywhere"}]


def test_bad_network_is_told_beside_the_field_with_what_was_typed(ada: FlaskClient, session: Session):
    typed = '203.0.113.9\n"><script>alert(1)</script>'

    answer = ada.post(f"{PAGE}/networks", data={"networks": typed})

    assert answer.status_code == 422
    assert 'id="networks-error"' in answer.text
    assert "<script>alert" not in answer.text
    assert typed in unescape(answer.text)
    assert read_networks(session) == ()


def test_suggestion_fills_the_form_and_saves_nothing(ada: FlaskClient, session: Session):
    answer = ada.post(f"{PAGE}/networks", data={"networks": "203.0.113.9", "suggestion": "newer"})

    assert answer.status_code == 200
    assert "203.0.113.9\n13.48.228.158\n16.170.104.93\n54.246.37.255\n99.81.237.141</textarea>" in answer.text
    assert "Not saved yet." in answer.text
    assert read_networks(session) == ()


def test_without_a_trusted_proxy_the_list_is_off_and_the_page_says_why(
    app: Flask, ada: FlaskClient, session: Session, tmp_path: Path, database_url: str
):
    ada.post(f"{PAGE}/networks", data={"networks": "203.0.113.9"})
    direct = make_settings(tmp_path, database_url=database_url)
    change_settings(app, direct)
    app.jinja_env.globals["settings"] = direct

    page = ada.get(PAGE).text
    assert "This list is not enforced." in page
    assert "<fieldset >" in page  # so that it can be emptied
    assert ada.get(f"{PAGE}.json").json["networks_are_enforced"] is False
    late = ada.post(f"{PAGE}/networks", data={"networks": "203.0.113.8"}, follow_redirects=True)
    assert "No proxy is trusted" in late.text

    assert ada.post(f"{PAGE}/networks", data={"networks": ""}).status_code == 303
    page = ada.get(PAGE).text
    assert "<fieldset disabled>" in page
    assert "address is not reliable" in page


@pytest.mark.parametrize("as_htmx", [False, True])
def test_check_of_a_closed_port_says_so(ada: FlaskClient, session: Session, as_htmx: bool):
    answer = ada.post(f"{PAGE}/checks", headers={"HX-Request": "true"} if as_htmx else {})

    assert answer.status_code == 200
    assert ("<h1>" in answer.text) != as_htmx
    assert "Port 9 refuses connections." in answer.text
    assert "The test callback did not get through." in answer.text
    assert trail(session)[-1] == ("callbacks.tried", "settings", {"arrived": "no"})


def test_last_callback_and_the_address_are_shown(ada: FlaskClient):
    assert "No callback has come yet." in ada.get(PAGE).text
    deliver(ada, signed_with(API_KEY))

    page, last = ada.get(PAGE).text, ada.get(f"{PAGE}.json").json["last_callback"]

    assert 'data-copy="http://127.0.0.1:9/hooks/smile"' in page
    assert f'href="/callbacks/{last["id"]}"' in page
    assert last["verdict"] == "valid"


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_only_owners_are_let_in(sign_in: SignInAs, who: str):
    member = sign_in(who)

    assert {member.get(address).status_code for address in (PAGE, f"{PAGE}.json")} == {403}
    for action in ("keys", f"keys/{new_id()}/signing", f"keys/{new_id()}/retirement", "networks", "checks"):
        assert member.post(f"{PAGE}/{action}").status_code == 403
