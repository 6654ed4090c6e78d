"""Alarms of an older schema: what contradicts nothing is taken back, and a real contradiction stays."""

from typing import Any

import pytest
from alembic import command

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, Outcome, Result, ResultSource
from dashboard.jobs.products import Product
from tests.factories.jobs import make_sent_job, reload
from tests.unit.core.test_migrations import move

pytestmark = pytest.mark.both_engines

REAL = "A callback claimed approved (code 0820), but Smile confirms rejected (code 0811)."
ALARMS: list[tuple[Product, list[dict[str, Any]], str, str | None]] = [
    (
        Product.BIOMETRIC_KYC,
        [{"is_confirmed": False, "result_code": "1012", "outcome": Outcome.UNKNOWN}],
        "A callback claimed unknown (code 1012), but Smile confirms rejected (code 0811).",
        None,
    ),
    (
        Product.BIOMETRIC_KYC,
        [{"is_confirmed": False, "result_code": "811", "outcome": Outcome.UNKNOWN}],
        "A callback claimed unknown (code 811), but Smile confirms rejected (code 0811).",
        None,
    ),
    (Product.BIOMETRIC_KYC, [{"is_confirmed": False, "result_code": "0820", "outcome": Outcome.APPROVED}], REAL, REAL),
    (
        Product.BIOMETRIC_KYC,
        [
            {"is_confirmed": False, "result_code": "0820", "outcome": Outcome.APPROVED},
            {"is_confirmed": False, "result_code": None, "outcome": Outcome.UNKNOWN},
        ],
        "A callback claimed unknown (code None), but Smile confirms rejected (code 0811).",
        REAL,
    ),
]


def add_result(database: Database, job: Job, **row: Any) -> None:
    with database.transaction() as session:
        session.add(
            Result(
                environment="sandbox", job_id=job.id, is_final=True, result_text=None, payload_sealed=b"",
                payload_digest="", received_at=utc_now(),
                source=ResultSource.JOB_STATUS if row["is_confirmed"] else ResultSource.CALLBACK, **row,
            )
        )  # fmt: skip


@pytest.mark.parametrize(("product", "claims", "before", "after"), ALARMS)
def test_alarm_about_a_claim_that_contradicts_nothing_is_taken_back(
    database: Database,
    settings: Settings,
    product: Product,
    claims: list[dict[str, Any]],
    before: str,
    after: str | None,
):
    job = make_sent_job(database, settings, product, disagreement=before)
    move(database, command.downgrade, "0011")
    for claim in claims:
        add_result(database, job, **claim)
    add_result(database, job, is_confirmed=True, result_code="0811", outcome=Outcome.REJECTED)

    move(database, command.upgrade, "head")

    assert reload(database, job).disagreement == after


def test_alarm_of_an_erased_job_keeps_its_words(database: Database, settings: Settings):
    job = make_sent_job(database, settings, disagreement="[erased]", erased_at=utc_now())
    move(database, command.downgrade, "0011")

    move(database, command.upgrade, "head")

    assert reload(database, job).disagreement == "[erased]"
