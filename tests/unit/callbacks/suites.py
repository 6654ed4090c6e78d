"""Runs the attacks of tests/factories against the door of one app, and counts what came of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlmodel import col, func, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.tasks import handle
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, SendingStep, SentSignature
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.constants import SmileApi
from tests.factories.attacks import CLASSES, Attack, Forger
from tests.factories.attacks_v3 import V3_CLASSES, Intent, V3Forger, V3Targets
from tests.factories.callbacks import DOOR, deliver, make_job
from tests.factories.v3 import V3Smile, run

#: An hour after now, so that every id of Smile that the suites make is older.
LATE = timedelta(hours=1)
FEWEST = 4


@dataclass
class Tally:
    sent: Counter[str] = field(default_factory=Counter)
    named_rightly: Counter[str] = field(default_factory=Counter)
    misnamed: list[str] = field(default_factory=list)
    outcomes_changed: int = 0
    bound_wrongly: int = 0

    def line(self) -> str:
        shares = ", ".join(f"{name} {self.named_rightly[name]}/{count}" for name, count in self.sent.items())
        changed = f"outcomes changed {self.outcomes_changed}, bound wrongly {self.bound_wrongly}"
        return f"{sum(self.sent.values())} sent, named rightly: {shares}; {changed}"


def make_jobs(database: Database, count: int) -> list[str]:
    return [make_job(database, f"job-{number}").job_id for number in range(count)]


def make_targets(app: Flask, smile: V3Smile, count: int) -> V3Targets:
    """Jobs of v3: some that Smile decided nothing about yet, and some whose id at Smile is open."""
    database = context_of(app).database
    secret = context_of(app).settings.secret_key.get_secret_value()
    few, ids = max(FEWEST, count // 4), [new_type_id("job") for _ in range(count)]
    for number, smile_job_id in enumerate(ids):
        make_job(database, f"v3-{number}", api=SmileApi.V3, smile_job_id=smile_job_id)

    def intent(name: str, number: int, waits: timedelta) -> Intent:
        row = make_job(
            database,
            f"{name}-{number}",
            secret,
            api=SmileApi.V3,
            sending_at=utc_now() + waits,
            step=SendingStep.SENDING,
            user_id=f"{name}-user-{number}",
        )
        door = f"{DOOR}/{callback_key(secret, row.id)}"
        return Intent(str(row.id), door, marker_of(secret, row.id), row.user_id)

    intents = [intent("open", number, -timedelta(seconds=5)) for number in range(few)]
    late = [intent("late", number, LATE) for number in range(few)]
    approved = [smile.submits(f"stranger-{number}", **{MARKER: "its-own"}).job_id for number in range(few)]
    early = {each.user_id: smile.submits(each.user_id, **{MARKER: each.marker}).job_id for each in late}
    smile.decides()
    return V3Targets(ids, intents, approved, late, early)


def attack(app: Flask, folder: Path, count: int, seed: int = 1) -> Tally:
    """Every attack after what it needs, each callback handed over to its job as the worker would.

    Where an id is to be bound to a job, the worker then asks Smile about that job.
    """
    context = context_of(app)
    database, settings = context.database, context.settings
    smile = V3Smile(folder, settings, v3_lookups_per_number=10**6, v3_blocked_from_lookups=10**6)
    client = app.test_client()
    tally = Tally()
    forger = V3Forger(make_ids(database), seed)
    forger.targets = make_targets(app, smile, len(forger.jobs))
    before = outcomes(database)
    for one in forger.attacks(count, V3_CLASSES):
        prepare(app, one)
        deliver(client, one.body, one.path, headers=one.headers)
        stored = newest(database)
        tally.sent[one.name] += 1
        tally.named_rightly[one.name] += stored.verdict == one.right
        if stored.verdict != one.right:
            tally.misnamed.append(f"{one.name}: {stored.verdict}, {reason_text(stored)}")
        with app.app_context():
            handle(stored.id)
            if one.intent:
                with database.reading() as session:
                    target = session.get_one(Job, UUID(one.intent))
                run(database, settings, target, smile)
    tally.outcomes_changed = sum(before[job] != after for job, after in outcomes(database).items())
    tally.bound_wrongly = count_bound(database, forger.targets)
    return tally


def count_bound(database: Database, targets: V3Targets) -> int:
    """The open jobs that got an id. Smile has none of them, so any would be wrong."""
    rows = [UUID(each.row_id) for each in (*targets.intents, *targets.late)]
    bound = select(func.count()).select_from(Job).where(col(Job.id).in_(rows), col(Job.smile_job_id).is_not(None))
    with database.reading() as session:
        return session.exec(bound).one()


def welcome(app: Flask, count: int, seed: int = 2) -> Counter[str]:
    """The verdicts of honest callbacks, each of which comes once more now and then, as Smile's retries do."""
    database: Database = context_of(app).database
    client = app.test_client()
    verdicts: Counter[str] = Counter()
    forger = Forger(make_ids(database), seed)
    for body, headers in forger.honest(count):
        assert deliver(client, body, headers=headers).status_code == 200
        stored = newest(database)
        verdicts[stored.verdict.value] += 1
        if forger.chance.random() < 0.1:
            assert deliver(client, body, headers=headers).status_code == 200
            again = newest(database)
            verdicts["a retry taken for news"] += (again.id, again.times_seen) != (stored.id, stored.times_seen + 1)
    return +verdicts


def prepare(app: Flask, one: Attack) -> None:
    if one.genuine is not None:
        headers = one.headers if one.genuine_headers is None else one.genuine_headers
        assert deliver(app.test_client(), one.genuine, headers=headers).status_code == 200
    if one.sent_by_us is not None:
        database: Database = context_of(app).database
        with database.transaction() as session:
            session.merge(SentSignature(digest=digest_of_signature(one.sent_by_us) or "", sent_at=utc_now()))


def make_ids(database: Database) -> list[str]:
    """Our ids of the jobs of v1."""
    with database.reading() as session:
        of_v1 = select(Job.job_id).where(Job.api == SmileApi.V1)
        return list(session.exec(of_v1.order_by(Job.job_id)).all())


def newest(database: Database) -> Callback:
    with database.reading() as session:
        return session.exec(select(Callback).order_by(col(Callback.last_seen_at).desc()).limit(1)).one()


def outcomes(database: Database) -> dict[str, tuple[object, ...]]:
    with database.reading() as session:
        jobs = session.exec(select(Job).order_by(Job.id)).all()
        assert session.exec(select(func.count()).select_from(Job)).one() == len(jobs)
    return {job.job_id: (job.state, job.outcome, job.result_code, job.result_text) for job in jobs}


ALL_CLASSES = {**CLASSES, **V3_CLASSES}
