"""The wallet at Smile: asked by the worker alone, kept with its time, and a warning below the level of an owner."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.errors import Invalid
from dashboard.health.running import check_health
from dashboard.health_checks import Finding, State
from dashboard.jobs.smile_api.clients import ClientFactory
from dashboard.settings import tasks
from dashboard.settings.wallet import Balance, Wallet, parse_level, read_balance, read_wallet, save_balance, write_level
from tests.unit.smile.fake_smile import Answer, FakeSmile

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PATH = "POST /api/v2/partner/wallet_balance"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def smile(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSmile]:
    """The app's own clients talk to it over real HTTP."""
    fake = FakeSmile()
    clients = ClientFactory(settings.model_copy(update={"smile_server": fake.url}))
    monkeypatch.setattr(context_of(app).smile_clients, "clients", clients.clients)
    yield fake
    fake.close()


def wallet_of(database: Database, settings: Settings) -> Wallet:
    with database.reading() as session:
        return read_wallet(session, settings.environment)


def told(database: Database, settings: Settings, amount: str, level: str | None = None, **age: float) -> None:
    moment = utc_now() - timedelta(**age)
    with database.transaction() as session:
        save_balance(session, settings.environment, Balance(Decimal(amount), "", moment), moment)
        if level is not None:
            write_level(session, Decimal(level), moment)


def finding(app: Flask, database: Database) -> Finding:
    with app.app_context(), database.reading() as session:
        return next(result.finding for result in check_health(session) if result.name == "Wallet at Smile")


@pytest.mark.usefixtures("in_app")
def test_worker_asks_and_keeps_the_balance_with_its_time(
    smile: FakeSmile, database: Database, settings: Settings
) -> None:
    smile.answers[PATH] = Answer({"wallet_balance": 499.9, "current_as_of": "2026-11-27T11:58:00.000Z"})

    tasks.ask_wallet(NOW)

    wallet = wallet_of(database, settings)
    assert wallet.balance == Balance(Decimal("499.90"), "", datetime(2026, 11, 27, 11, 58, tzinfo=UTC))
    assert (wallet.asked_at, wallet.told_at, wallet.is_silent) == (NOW, NOW, False)
    assert smile.requests[0].json["environment"] == "test"


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": "You are not authorized to do that", "code": "2205"}, 400),
        Answer({}, 404),
        Answer({"wallet_balance": None}),
        Answer({"wallet_balance": {"amount": 5}}),
        Answer([]),
        Answer(b"<html>", 502),
        Answer(drop=True),
    ],
)
def test_where_smile_does_not_tell_the_last_balance_stays(
    smile: FakeSmile, database: Database, settings: Settings, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.001)
    smile.answers[PATH] = answer
    tasks.ask_wallet(NOW)
    never = wallet_of(database, settings)
    smile.answers[PATH] = Answer({"wallet_balance": "12"})
    tasks.ask_wallet(NOW + timedelta(hours=1))
    smile.answers[PATH] = answer
    tasks.ask_wallet(NOW + timedelta(hours=2))

    last = wallet_of(database, settings)

    assert (never.balance, never.asked_at, never.is_silent) == (None, NOW, True)
    assert last.balance == Balance(Decimal("12.00"), "", NOW + timedelta(hours=1))
    assert (last.asked_at, last.is_silent) == (NOW + timedelta(hours=2), True)


def test_no_page_asks_smile(smile: FakeSmile, sign_in: SignInAs, database: Database, settings: Settings) -> None:
    told(database, settings, "50", "100", minutes=4)
    ada = sign_in("ada")

    for page in ("/settings", "/settings.json", "/settings/health", "/settings/health.json"):
        assert ada.get(page).status_code == 200

    assert smile.requests == []


def test_page_and_json_say_what_is_known(sign_in: SignInAs, database: Database, settings: Settings) -> None:
    ada = sign_in("ada")
    never = unescape(ada.get("/settings").text)
    told(database, settings, "1234.5", "2000", minutes=4)
    below, as_json = unescape(ada.get("/settings").text), ada.get("/settings.json").json["wallet"]
    told(database, settings, "1234.5", "1000", minutes=4)
    above = unescape(ada.get("/settings").text)

    assert "Not asked yet." in never
    assert "1,234.50" in below
    assert "Below your level of 2,000.00" in below
    assert "4 min ago" in below
    assert "In the currency of your account at Smile" in below
    assert "Below your level" not in above
    assert (as_json["balance"], as_json["currency"], as_json["warning_level"]) == (1234.5, None, 2000.0)
    assert as_json["is_below_level"] is True
    assert as_json["as_of"] == as_json["asked_at"]


def test_currency_is_shown_where_smile_names_it(sign_in: SignInAs, database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        save_balance(session, settings.environment, Balance(Decimal("7.00"), "NGN", utc_now()), utc_now())

    page = unescape(sign_in("ada").get("/settings").text)

    assert "7.00 NGN" in page
    assert "In the currency of your account" not in page


def test_balance_of_another_environment_is_not_shown(sign_in: SignInAs, database: Database) -> None:
    with database.transaction() as session:
        save_balance(session, "production", Balance(Decimal("7.00"), "", utc_now()), utc_now())

    assert sign_in("ada").get("/settings.json").json["wallet"]["balance"] is None


@pytest.mark.parametrize(
    ("typed", "level"),
    [("100", "100.00"), (" 1,000.5 ", "1000.50"), ("1 000", "1000.00"), ("99,50", "99.50"), ("0", "0.00"), ("", None)],
)
def test_an_owner_sets_the_level_and_the_trail_tells_of_it(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session, typed: str, level: str | None
) -> None:
    told(database, settings, "5", "3")
    ada = sign_in("ada")

    answer = ada.post("/settings/wallet", data={"wallet_level": typed})
    ada.post("/settings/wallet", data={"wallet_level": typed})

    lines = [
        entry
        for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        if entry.action == "wallet_level.changed"
    ]
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert wallet_of(database, settings).level == (None if level is None else Decimal(level))
    assert [(line.who, line.details) for line in lines] == [("ada@example.com", {"level": level or "none"})]
    assert f'value="{level or ""}"' in ada.get("/settings").text
    assert "changed the warning level for the wallet at Smile" in ada.get("/audit").text


@pytest.mark.parametrize("typed", ["-1", "a lot", "1.234", "1e5", "NaN", "12,34,5", "٥", "9" * 13, "100 USD"])
def test_what_is_no_number_is_refused_with_the_form(
    sign_in: SignInAs, database: Database, settings: Settings, typed: str
) -> None:
    answer = sign_in("ada").post("/settings/wallet", data={"wallet_level": typed})

    assert answer.status_code == 422
    assert "Enter a number such as 100 or 99.50" in answer.text
    assert f'value="{typed}"' in unescape(answer.text)
    assert wallet_of(database, settings).level is None


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_nobody_but_an_owner_sets_it(sign_in: SignInAs, name: str) -> None:
    assert sign_in(name).post("/settings/wallet", data={"wallet_level": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("amount", "level", "state", "words"),
    [
        ("50", "100", State.WARN, "held 50.00 12 minutes ago, below your level of 100.00"),
        ("100", "100", State.OK, "held 100.00 12 minutes ago; your level is 100.00."),
        ("-3.5", "0", State.WARN, "held -3.50 12 minutes ago, below your level of 0.00"),
        ("0", None, State.OK, "held 0.00 12 minutes ago."),
    ],
)
def test_health_check_warns_below_the_level_only(
    app: Flask, database: Database, settings: Settings, amount: str, level: str | None, state: State, words: str
) -> None:
    told(database, settings, amount, level, minutes=12)

    found = finding(app, database)

    assert found.state == state
    assert words in found.sentence


@pytest.mark.parametrize("is_asked", [False, True])
def test_health_check_is_silent_where_smile_does_not_tell(
    app: Flask, database: Database, settings: Settings, is_asked: bool
) -> None:
    with database.transaction() as session:
        write_level(session, Decimal(100), utc_now())
        if is_asked:
            save_balance(session, settings.environment, None, utc_now())

    assert finding(app, database).state == State.UNKNOWN


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["wallet_balance", "currency", "current_as_of"]), ANYTHING))
def test_any_answer_is_read_or_counts_as_silence(answer: dict[str, Any]) -> None:
    balance = read_balance(answer, NOW)

    if balance is not None:
        assert balance.amount.is_finite()
        assert balance.as_of <= NOW
        assert balance.currency == "" or len(balance.currency) == 3


@given(st.text(max_size=15))
def test_any_text_is_a_level_or_refused(typed: str) -> None:
    level: Decimal | None = None
    with suppress(Invalid):
        level = parse_level(typed)

    assert level is None or level >= 0
