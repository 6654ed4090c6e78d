"""The one rule of what needs a person: the predicate, the condition of the list, the index behind it, and Next."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, Outcome, SendingStep
from dashboard.jobs.needs import NEEDS, needs_of
from dashboard.jobs.products import Product
from dashboard.jobs.showing.wording import next_step, verdict_sentence
from dashboard.smile.constants import SmileApi
from tests.factories.jobs import make_job

NOW = utc_now()
LATE, SOON = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
KINDS = [
    *({"state": state} for state in JobState if state != JobState.DONE),
    *({"state": JobState.DONE, "outcome": outcome} for outcome in Outcome),
]


def variants() -> list[dict[str, object]]:
    """Every kind of job with everything that the rule looks at."""
    found = []
    columns = ("callback_due_at", "callback_at", "settled_at", "disagreement", "warning_count", "dealt_with_at")
    for kind, *values in product(
        KINDS, (None, LATE, SOON), (None, NOW), (None, NOW), (None, "They differ."), (0, 2), (None, NOW)
    ):
        found.append(dict(kind, **dict(zip(columns, values, strict=True))))
    sending = {"api": SmileApi.V3, "step": SendingStep.SENDING}
    found += [dict(row, **sending) for row in found[::5]]
    return [*found, *(dict(row, erased_at=NOW) for row in found[::7])]


def test_predicate_and_condition_say_the_same_of_every_kind_of_job(database: Database, settings: Settings):
    seen, expected = make_job(database, settings), {}
    with database.transaction() as session:
        template = seen.model_dump(exclude={"id", "job_id", "callback_key_digest"})
        for index, row in enumerate(variants()):
            job = Job(**(template | row), job_id=f"job-{index}")
            session.add(job)
            expected[job.id] = {need.name for need in needs_of(job, NOW)}

    with database.reading() as session:
        found = {
            name: set(session.exec(select(Job.id).where(need.condition(NOW)).order_by(Job.id)).all())
            for name, need in NEEDS.items()
        }

    for name, ids in found.items():
        assert ids == {row_id for row_id, needs in expected.items() if name in needs}, name
        assert ids, f"no job of these needs {name}"


def test_next_follows_from_the_rule():
    template = {"environment": "sandbox", "product": "biometric_kyc", "job_type": 1, "user_id": "u", "job_id": "j"}
    for row in variants():
        job = Job(**template, created_by="b", created_at=NOW, changed_at=NOW, **row)
        needs = needs_of(job, NOW)

        step = next_step(job, NOW)

        assert step
        if needs:
            assert step == needs[0].next_step(job)
            assert not step.startswith("Nothing to do")


def test_overdue_job_is_not_said_to_take_seconds():
    job = Job(state=JobState.WAITING, product=Product.ENHANCED_KYC, callback_due_at=LATE)

    assert verdict_sentence(job) == "Smile is working on it. This takes a few seconds."
    job.overdue_noted_at = NOW
    assert verdict_sentence(job) == "Smile has not answered yet. It takes longer than usual."


def test_overdue_callback_of_a_settled_job_needs_nobody():
    job = Job(state=JobState.DONE, outcome=Outcome.APPROVED, callback_due_at=LATE, settled_at=NOW, warning_count=0)

    assert job.callback_overdue(NOW)
    assert needs_of(job, NOW) == []
    assert next_step(job, NOW) == "Nothing to do."


@pytest.mark.parametrize("name", NEEDS)
def test_each_need_and_its_count_goes_by_its_own_index(database: Database, name: str):
    newest = select(Job.id).where(Job.environment == "sandbox", NEEDS[name].condition(NOW))
    newest = newest.order_by(col(Job.id).desc()).limit(51)
    with database.reading() as session:
        compiled = newest.compile(database.engine)
        if database.is_sqlite:
            values = tuple(compiled.params.values())
            rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
            plan = " ".join(str(row[-1]) for row in rows)
            assert "TEMP B-TREE" not in plan
        else:
            session.connection().execute(text("SET LOCAL enable_seqscan = off"))
            session.connection().execute(text("SET LOCAL enable_bitmapscan = off"))
            rows = session.connection().exec_driver_sql(f"EXPLAIN {compiled}", compiled.params)
            plan = " ".join(row[0] for row in rows)

    assert f"ix_job_needs_{name}" in plan, plan
