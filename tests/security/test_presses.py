"""Every form of the URL map, pressed several times at once: no error, and rows as for one press."""

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.db import Database
from tests.locks import against, noted_orders
from tests.security.presses import WITHOUT_KEY, Forms, post_endpoints, press_all
from tests.security.walk import World

pytestmark = pytest.mark.both_engines
AT_ONCE = 3  # tests/benchmarks/presses.py presses 20 times, and twice in a row


@pytest.mark.timeout(300)
def test_every_form_does_its_work_once(app: Flask, database: Database, settings: Settings):
    app.config["WTF_CSRF_ENABLED"] = False
    forms = Forms(app, database, World(app, database, settings))

    with noted_orders(database) as orders:
        pressed, wrong = press_all(forms, AT_ONCE)

    print(f"forms: {pressed}, wrong: {len(wrong)}, orders of locks: {len(orders)}")
    assert not wrong, "\n".join(wrong)
    assert pressed > 30
    misplaced = against(orders)
    print(*misplaced, sep="\n")
    assert misplaced == []


def test_endpoints_without_a_key_are_there(app: Flask):
    assert frozenset[str]().union(*WITHOUT_KEY.values()) <= post_endpoints(app)
