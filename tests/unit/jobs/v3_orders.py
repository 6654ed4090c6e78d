"""One job of v3: its worker is killed, answers are lost, genuine and forged callbacks come, in any order."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.following.binding import note_candidate
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.needs import needs_of
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.sandbox.world.store import Job as SmilesJob
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.v3.verifications import Verifications
from tests.factories.jobs import reload
from tests.factories.v3 import V3Smile, make_v3_job, run

PATHS = {Product.BIOMETRIC_KYC: "/v3/biometric_kyc", Product.ENHANCED_KYC: "/v3/enhanced_kyc/sync"}
CALLS = {Product.BIOMETRIC_KYC: "submit", Product.ENHANCED_KYC: "look_up"}
#: What goes wrong with a submission: a fault of Smile's, or where the worker is killed.
FAULTS: dict[str, dict[str, Any]] = {
    "lost on the way": {"mode": "drop"},
    "lost on the way back": {"mode": "drop", "when": "after"},
    "an error after the work": {"mode": "status", "when": "after", "status": 502},
    "refused for now": {"mode": "status", "status": 429},
}
KILLS = ("killed before the intent", "killed after the intent", "killed after the answer")


class Killed(BaseException):
    """Stands for kill -9: nothing that comes after it runs, except what gives the lease back."""


def run_v3_orders(app: Flask, examples: int, seen: Callable[[Job], None] = lambda _: None) -> None:
    """`seen` gets the job of each example at its end."""
    quietly = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=14,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # an example has at most as many steps; to shrink it takes minutes
        suppress_health_check=list(HealthCheck),
    )
    with app.app_context():
        run_state_machine_as_test(lambda: V3Orders(app, seen), settings=quietly)  # type: ignore[arg-type]  # it only calls it


class V3Orders(RuleBasedStateMachine):
    def __init__(self, app: Flask, seen: Callable[[Job], None]) -> None:
        super().__init__()
        self.seen = seen
        self.folder = TemporaryDirectory()
        self.settings: Settings = context_of(app).settings
        self.database: Database = context_of(app).database
        self.smile = V3Smile(Path(self.folder.name), self.settings)
        self.forged: set[str] = set()

    @initialize(product=st.sampled_from(list(PATHS)))
    def begin(self, product: Product) -> None:
        self.product = product
        self.job = make_v3_job(self.database, self.settings, product)
        self.marker = marker_of(self.settings.secret_key.get_secret_value(), self.job.id)
        self.other = make_v3_job(self.database, self.settings, asks={"user_id": self.job.user_id})
        self.earlier = self.smile.submits(self.job.user_id, **{MARKER: self.marker}).job_id
        self.forged.add(self.earlier)

    @rule()
    def worker_runs(self) -> None:
        run(self.database, self.settings, self.job, self.smile)

    @rule(fault=st.sampled_from(list(FAULTS)))
    def worker_runs_while_smile_is_in_trouble(self, fault: str) -> None:
        self.smile.fails(PATHS[self.product], **FAULTS[fault])
        self.worker_runs()
        self.smile.sandbox.faults.clear()

    @rule(how=st.sampled_from(KILLS))
    def worker_is_killed(self, how: str) -> None:
        verifications = self.smile.clients.v3.verifications
        name = CALLS[self.product]
        setattr(verifications, name, dying(getattr(Verifications, name).__get__(verifications), how))
        try:
            self.worker_runs()
        except Killed:
            pass
        finally:
            delattr(verifications, name)

    @rule()
    def smile_decides(self) -> None:
        self.smile.decides()

    @rule()
    def the_other_job_is_approved(self) -> None:
        run(self.database, self.settings, self.other, self.smile)
        self.smile.decides()
        run(self.database, self.settings, self.other, self.smile)

    @rule()
    def genuine_callback_comes(self) -> None:
        for each in self.genuine():
            self.claim(each.job_id, self.marker)

    @rule(kind=st.sampled_from(["random", "earlier", "another user", "the other job"]), has_marker=st.booleans())
    def forged_callback_comes(self, kind: str, has_marker: bool) -> None:
        if kind == "another user":
            foreign = self.smile.submits("somebody-else", **{MARKER: self.marker}).job_id
            self.forged.add(foreign)
        other = reload(self.database, self.other).smile_job_id
        ids = {"random": new_type_id("job"), "earlier": self.earlier, "the other job": other or "job_unknown"}
        self.claim(ids.get(kind) or foreign, self.marker if has_marker else "x" * 22)

    @invariant()
    def charged_at_most_once_and_bound_to_nothing_else(self) -> None:
        if not hasattr(self, "job"):
            return
        job, genuine = reload(self.database, self.job), self.genuine()
        assert sum(each.charged for each in genuine) <= 1
        assert job.smile_job_id in {None, *(each.job_id for each in genuine)}
        assert job.outcome in (None, Outcome.APPROVED)
        assert job.outcome is None or all(each.complete for each in genuine)
        assert job.state not in (JobState.FAILED, JobState.EXPIRED)

    def teardown(self) -> None:
        if not hasattr(self, "job"):
            return
        for _ in range(8):  # Forged ids are asked about in turn as well.
            self.worker_runs()
            self.smile.decides()
            if self.product == Product.BIOMETRIC_KYC:
                self.genuine_callback_comes()
        self.charged_at_most_once_and_bound_to_nothing_else()
        job = reload(self.database, self.job)
        if self.product == Product.BIOMETRIC_KYC and self.genuine():
            assert (job.state, job.outcome) == (JobState.DONE, Outcome.APPROVED)
        if job.outcome is None:
            assert [need.name for need in needs_of(job, utc_now())] == ["maybe_charged"]
            assert job.due_at is not None
        self.seen(job)
        self.folder.cleanup()

    def genuine(self) -> list[SmilesJob]:
        """What the worker has submitted."""
        jobs = self.smile.jobs_of(self.settings, self.job)
        return [each for each in jobs if each.job_id not in self.forged]

    def claim(self, smile_job_id: str, marker: str) -> None:
        with self.database.transaction() as session:
            locked = session.get_one(Job, self.job.id, with_for_update=True)
            note_candidate(session, locked, smile_job_id, marker, utc_now())


def dying(call: Callable[..., Any], how: str) -> Callable[..., Any]:
    def call_and_die(*arguments: Any, before_sending: Callable[[], None], **named: Any) -> Any:
        def leave() -> None:
            if how == "killed before the intent":
                raise Killed
            before_sending()
            if how == "killed after the intent":
                raise Killed

        call(*arguments, before_sending=leave, **named)
        raise Killed

    return call_and_die
