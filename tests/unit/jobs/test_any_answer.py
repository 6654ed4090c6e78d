"""Any documented field may have any JSON type: nothing answers 5xx, and nothing is approved by chance."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from dashboard.context import context_of
from dashboard.db import Database
from dashboard.jobs.products import Product
from tests.factories.answers import BODIES, ENTRIES, STATUSES
from tests.unit.jobs.any_answer import AnyAnswer

pytestmark = pytest.mark.both_engines

#: 40 of each kind, of the 20,000 of the benchmark; an example takes twice as long on PostgreSQL.
EXAMPLES = {"sqlite": 30, "postgresql": 10}


@pytest.fixture
def suite(app: Flask, sign_in: Callable[[str], FlaskClient]) -> AnyAnswer:
    context_of(app).throttle.hit = lambda *_: True
    return AnyAnswer(app, sign_in("ben"))


def in_one_app(database: Database) -> budget:
    name = "sqlite" if database.is_sqlite else "postgresql"
    return budget(max_examples=EXAMPLES[name], suppress_health_check=list(HealthCheck), database=None)


def test_any_answer_renders_and_approves_nothing_by_chance(suite: AnyAnswer, database: Database) -> None:
    @in_one_app(database)
    @given(answer=ENTRIES | STATUSES, product=st.sampled_from(Product), is_settled=st.booleans())
    def give(answer: dict[str, Any], product: Product, is_settled: bool) -> None:
        suite.answer(answer, product, is_settled)

        assert (suite.tally.failures, suite.tally.wrongly_approved) == ([], [])

    give()


def test_any_callback_renders_and_changes_no_outcome(suite: AnyAnswer, database: Database) -> None:
    @in_one_app(database)
    @given(body=BODIES, product=st.sampled_from(Product), is_settled=st.booleans(), is_at_own_address=st.booleans())
    def give(body: dict[str, Any], product: Product, is_settled: bool, is_at_own_address: bool) -> None:
        suite.callback(body, product, is_settled, is_at_own_address)

        assert (suite.tally.failures, suite.tally.changed_by_a_claim) == ([], [])

    give()


def test_lists_and_exports_take_them_all(suite: AnyAnswer) -> None:
    @budget(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
    @given(answer=ENTRIES | STATUSES, body=BODIES)
    def fill(answer: dict[str, Any], body: dict[str, Any]) -> None:
        suite.answer(answer, Product.BIOMETRIC_KYC, is_settled=False)
        suite.callback(body, Product.BIOMETRIC_KYC, is_settled=True, is_at_own_address=True)

    fill()
    suite.look_at_lists()

    print(suite.tally.line())
    assert suite.tally.failures == []
