"""Runs the lists of tests/factories/attacks.py against the door of one app, and counts what came of it."""

from collections import Counter
from dataclasses import dataclass, field

from flask import Flask
from sqlmodel import col, func, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.tasks import handle
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, SentSignature
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from tests.factories.attacks import Attack, Forger
from tests.factories.callbacks import deliver, make_job


@dataclass
class Tally:
    sent: Counter[str] = field(default_factory=Counter)
    named_rightly: Counter[str] = field(default_factory=Counter)
    misnamed: list[str] = field(default_factory=list)
    outcomes_changed: int = 0

    def line(self) -> str:
        shares = ", ".join(f"{name} {self.named_rightly[name]}/{count}" for name, count in self.sent.items())
        return f"{sum(self.sent.values())} sent, named rightly: {shares}; outcomes changed {self.outcomes_changed}"


def make_jobs(database: Database, count: int) -> list[str]:
    return [make_job(database, f"job-{number}").job_id for number in range(count)]


def attack(app: Flask, count: int, seed: int = 1) -> Tally:
    """Every attack after what it needs, each callback handed over to its job as the worker would."""
    database: Database = context_of(app).database
    client = app.test_client()
    before = outcomes(database)
    tally = Tally()
    for one in Forger(make_ids(database), seed).attacks(count):
        prepare(app, one)
        deliver(client, one.body)
        stored = newest(database)
        tally.sent[one.name] += 1
        tally.named_rightly[one.name] += stored.verdict == one.right
        if stored.verdict != one.right:
            tally.misnamed.append(f"{one.name}: {stored.verdict}, {reason_text(stored)}")
        with app.app_context():
            handle(stored.id)
    tally.outcomes_changed = sum(before[job] != after for job, after in outcomes(database).items())
    return tally


def welcome(app: Flask, count: int, seed: int = 2) -> Counter[str]:
    """The verdicts of honest callbacks, each of which comes once more now and then, as Smile's retries do."""
    database: Database = context_of(app).database
    client = app.test_client()
    verdicts: Counter[str] = Counter()
    forger = Forger(make_ids(database), seed)
    for body in forger.honest(count):
        assert deliver(client, body).status_code == 200
        stored = newest(database)
        verdicts[stored.verdict.value] += 1
        if forger.chance.random() < 0.1:
            assert deliver(client, body).status_code == 200
            again = newest(database)
            verdicts["a retry taken for news"] += (again.id, again.times_seen) != (stored.id, stored.times_seen + 1)
    return +verdicts


def prepare(app: Flask, one: Attack) -> None:
    if one.genuine is not None:
        assert deliver(app.test_client(), one.genuine).status_code == 200
    if one.sent_by_us is not None:
        database: Database = context_of(app).database
        with database.transaction() as session:
            session.merge(SentSignature(digest=digest_of_signature(one.sent_by_us) or "", sent_at=utc_now()))


def make_ids(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(Job.job_id).order_by(Job.job_id)).all())


def newest(database: Database) -> Callback:
    with database.reading() as session:
        return session.exec(select(Callback).order_by(col(Callback.last_seen_at).desc()).limit(1)).one()


def outcomes(database: Database) -> dict[str, tuple[object, ...]]:
    with database.reading() as session:
        jobs = session.exec(select(Job).order_by(Job.id)).all()
        assert session.exec(select(func.count()).select_from(Job)).one() == len(jobs)
    return {job.job_id: (job.state, job.outcome, job.result_code, job.result_text) for job in jobs}
