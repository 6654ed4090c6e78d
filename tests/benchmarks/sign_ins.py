"""Ten thousand guesses in ten simulated minutes, each way round, through the door itself; the owner gets in meanwhile.

And two hundred codes, each tried by a hundred at once.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database
from dashboard.team.factors import totp
from dashboard.team.login.throttle import LIMITS, WINDOW, GuessKind
from tests.benchmarks.report import Figure
from tests.conftest import make_settings
from tests.factories.team import app_code, make_member
from tests.unit.team.signed_in import is_signed_in, knock, type_code

GUESSES = 10_000
ROUNDS = 200
TRIES = 100
BEGIN = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
LIMIT = LIMITS[GuessKind.PASSWORD]

Whom = Callable[[int], tuple[str, str]]


def measure(folder: Path) -> list[Figure]:
    app = create_app(make_settings(folder, database_url=f"sqlite:///{folder / 'dashboard.db'}"))
    app.config["WTF_CSRF_ENABLED"] = False
    database = context_of(app).database
    migrations.upgrade(database)
    try:
        return [
            _guesses(app, "on one account from many networks", LIMIT.account, BEGIN, one_account),
            _guesses(app, "on many accounts from one network", LIMIT.network, BEGIN + timedelta(days=1), one_network),
            _codes(database),
        ]
    finally:
        database.dispose()


def one_account(number: int) -> tuple[str, str]:
    return "ada", f"198.{18 + number // 62500}.{number // 250 % 250}.{number % 250}"


def one_network(number: int) -> tuple[str, str]:
    return ("ada" if number % 20 == 0 else f"member-{number}"), "192.0.2.66"


def _guesses(app: Flask, how: str, limit: int, begin: datetime, whom: Whom) -> Figure:
    """The owner, whose browser is known, signs in from a network of their own in the midst of it."""
    database, step = context_of(app).database, (WINDOW - timedelta(seconds=1)) / GUESSES
    with time_machine.travel(begin - timedelta(hours=1), tick=False) as clock, _counted_verifications() as verified:
        owner, guesser = app.test_client(), app.test_client()
        came_in = -1  # the first time makes the owner's browser known
        for number in range(GUESSES):
            if number in (0, GUESSES // 2, GUESSES - 1):
                owner.delete_cookie("desk")
                came_in += _comes_in(database, owner, f"203.0.113.{number % 250}")
            clock.move_to(begin + number * step)
            name, network = whom(number)
            knock(guesser, name, f"guess {number}", address=network)
    looked_at = len(verified) - 3
    details = f"the owner came in {came_in} of 2 times meanwhile"
    return Figure(
        f"{GUESSES} guesses {how}, looked at", looked_at if came_in == 2 else GUESSES, "", limit, False, details
    )


def _comes_in(database: Database, client: FlaskClient, address: str) -> bool:
    make_member(database, "ada")
    knock(client, "ada", address=address)
    type_code(client)
    return is_signed_in(client)


@contextmanager
def _counted_verifications() -> Iterator[list[int]]:
    verified: list[int] = []
    verify = PasswordHasher.verify
    with patch.object(PasswordHasher, "verify", lambda *given: verified.append(1) or verify(*given)):
        yield verified


def _codes(database: Database) -> Figure:
    """Each code in a half minute of its own."""
    begin, fair = BEGIN + timedelta(days=2), 0
    ada = make_member(database, "ada")
    for number in range(ROUNDS):
        now = begin + number * timedelta(seconds=30)
        with time_machine.travel(now, tick=False):
            code = app_code()

        def claim(_: int, code: str = code, now: datetime = now) -> bool:
            with database.transaction() as session:
                return totp.claim_code(session, ada.id, code, now)

        with ThreadPoolExecutor(16) as pool:
            fair += sum(pool.map(claim, range(TRIES))) == 1
    return Figure(f"{TRIES} tries of one code at once, rounds with one accepted", fair, f"of {ROUNDS}", ROUNDS)
