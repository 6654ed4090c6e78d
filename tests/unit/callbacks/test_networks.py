"""Source networks: what may be named, who is within, and what the door answers to everybody else."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlmodel import Session, select

from dashboard import cached_reading
from dashboard.app import create_app
from dashboard.callbacks.models import Callback
from dashboard.callbacks.receiving.networks import (
    is_within,
    named_networks,
    network_as_text,
    parse_networks,
    read_networks,
    write_networks,
)
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.smile.constants import callback_addresses
from tests.conftest import make_settings
from tests.factories.callbacks import deliver, encode, make_payload

pytestmark = pytest.mark.both_engines


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, trusted_proxies=1)


@pytest.fixture
def direct_settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url)


def name_networks(app: Flask, settings: Settings, text: str) -> None:
    with context_of(app).database.transaction() as session:
        write_networks(session, settings, parse_networks(text), utc_now())
    with app.app_context():
        named_networks(fresh=True)


def turned_away() -> float:
    return REGISTRY.get_sample_value("callbacks_turned_away_total", {"why": "network"}) or 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("203.0.113.9", ["203.0.113.9"]),
        (" 203.0.113.9 \r\n\r\n203.0.113.0/24\n203.0.113.9", ["203.0.113.9", "203.0.113.0/24"]),
        ("2001:DB8::/32\n2001:db8::1", ["2001:db8::/32", "2001:db8::1"]),
        ("::ffff:203.0.113.9\n::ffff:203.0.113.0/120", ["203.0.113.9", "203.0.113.0/24"]),
        ("203.0.113.9/32", ["203.0.113.9"]),
    ],
)
def test_what_is_typed_is_kept_in_its_shortest_form(text: str, expected: list[str]):
    assert [network_as_text(network) for network in parse_networks(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("smile.example", "203.0.113", "203.0.113.256", "203.0.113.9/33", "203.0.113.9:443", "1.2.3.4-1.2.3.9"),
        *("203.0.113.9/24", "2001:db8::1/32", "0.0.0.0/0", "::/0", "203.0.113.9\nnonsense", "<script>"),
        "\n".join(f"10.0.0.{last}" for last in range(101)),
    ],
)
def test_what_is_no_network_is_refused(text: str):
    with pytest.raises(Invalid) as refused:
        parse_networks(text)

    assert set(refused.value.fields) == {"networks"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9", True),
        ("::ffff:203.0.113.9", True),
        ("203.0.114.9", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("::ffff:198.51.100.1", False),
        *((garbage, False) for garbage in ("", "unknown", "203.0.113.9:4711", "203.0.113.9, 203.0.113.9")),
    ],
)
def test_who_is_within(address: str, expected: bool):
    assert is_within(address, parse_networks("203.0.113.0/24\n2001:db8::/32")) is expected


def test_callback_from_elsewhere_is_refused_before_it_is_read(
    app: Flask, settings: Settings, client: FlaskClient, session: Session
):
    name_networks(app, settings, "203.0.113.0/24")
    before = turned_away()

    answer = deliver(client, b"not even JSON" * 1000, headers={"X-Forwarded-For": "198.51.100.7"})

    assert (answer.status_code, answer.json) == (403, {"error": "Callbacks from 198.51.100.7 are not allowed."})
    assert turned_away() == before + 1
    assert session.exec(select(Callback).order_by(Callback.id)).all() == []


def test_callback_from_a_named_network_is_kept(app: Flask, settings: Settings, client: FlaskClient, session: Session):
    name_networks(app, settings, "203.0.113.0/24")

    # What the sender writes itself stands left of what our proxy adds, and does not count.
    for forwarded in ("203.0.113.9", "::ffff:203.0.113.10", "198.51.100.7, 203.0.113.11"):
        assert deliver(client, encode(make_payload()), headers={"X-Forwarded-For": forwarded}).status_code == 200
    refused = deliver(client, encode(make_payload()), headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})

    assert refused.status_code == 403
    assert len(session.exec(select(Callback).order_by(Callback.id)).all()) == 3


def test_list_is_not_enforced_once_no_proxy_is_trusted(app: Flask, settings: Settings, direct_settings: Settings):
    name_networks(app, settings, "203.0.113.0/24")

    restarted = create_app(direct_settings)

    assert deliver(restarted.test_client(), encode(make_payload())).status_code == 200
    context_of(restarted).database.dispose()


def test_without_a_trusted_proxy_a_list_can_only_be_emptied(database: Database, direct_settings: Settings):
    with database.transaction() as session, pytest.raises(Conflict):
        write_networks(session, direct_settings, parse_networks("203.0.113.9"), utc_now())
    with database.transaction() as session:
        write_networks(session, direct_settings, (), utc_now())
        assert read_networks(session) == ()


def test_change_by_another_process_is_seen_within_a_second(
    app: Flask, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    seconds = iter((100.0, 100.9, 101.1))
    monkeypatch.setattr(cached_reading, "monotonic", lambda: next(seconds))
    with app.app_context():
        assert named_networks() == ()
        with database.transaction() as session:
            write_networks(session, settings, parse_networks("203.0.113.9"), utc_now())

        assert [len(named_networks()) for _ in range(2)] == [0, 1]


def test_suggestions_are_addresses_that_the_form_takes():
    production, sandbox = callback_addresses("production"), callback_addresses("sandbox")

    assert {page: len(addresses) for page, addresses in production.items()} == {"newer": 4, "older": 4}
    assert {page: len(addresses) for page, addresses in sandbox.items()} == {"newer": 4}
    for addresses in (*production.values(), *sandbox.values()):
        assert tuple(map(network_as_text, parse_networks("\n".join(addresses)))) == addresses
