"""One job, what Smile says of it in turn, and callbacks and checks in any order: a machine that hypothesis drives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlmodel import col, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.tasks import handle
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.following.following import check_job
from dashboard.jobs.models import JobState, Outcome
from dashboard.jobs.problems import disagreement_text
from dashboard.jobs.submitting.leases import leased
from tests.factories.callbacks import deliver, encode, make_job, make_payload, timestamp_at
from tests.factories.jobs import RUNNING, FakeSmile, reload, results_of, update_job


@dataclass(frozen=True)
class Said:
    """One result as Smile tells it, and what a job comes to by it."""

    code: str
    outcome: Outcome
    is_final: bool = True

    @property
    def text(self) -> str:
        return f"Text of {self.code}"

    @property
    def fields(self) -> dict[str, Any]:
        # 0814 says by its code alone that another result follows.
        flag = "true" if self.is_final or self.code == "0814" else "false"
        return {"ResultCode": self.code, "ResultText": self.text, "IsFinalResult": flag}

    @property
    def answer(self) -> dict[str, Any]:
        success = self.outcome in (Outcome.APPROVED, Outcome.PROVISIONAL)
        return {"job_complete": True, "job_success": success, "code": "2302", "result": self.fields}


PROVISIONAL = (
    Said("0814", Outcome.PROVISIONAL, is_final=False),
    Said("0810", Outcome.PROVISIONAL, is_final=False),
    Said("0811", Outcome.PROVISIONAL, is_final=False),
    Said("9998", Outcome.UNKNOWN, is_final=False),
    Said("1015", Outcome.ERROR, is_final=False),
)
FINAL = (
    Said("0810", Outcome.APPROVED),
    Said("1210", Outcome.APPROVED),
    Said("0811", Outcome.REJECTED),
    Said("0907", Outcome.REJECTED),
    Said("0001", Outcome.ERROR),
    Said("9999", Outcome.UNKNOWN),
)
#: Claims of somebody who has a signature of this partner, and that Smile never says.
LIES = (Said("0812", Outcome.REJECTED), Said("0820", Outcome.APPROVED), Said("9997", Outcome.UNKNOWN))


@st.composite
def stories(draw: st.DrawFn) -> list[Said]:
    """Smile never goes back from a final result to a provisional one; it may correct a final one by another."""
    provisional = draw(st.lists(st.sampled_from(PROVISIONAL), max_size=3))
    final = draw(st.lists(st.sampled_from(FINAL), min_size=0 if provisional else 1, max_size=5 - len(provisional)))
    return [said for said, _ in groupby([*provisional, *final])]


def run_orders(app: Flask, examples: int, seen: Callable[[list[Said]], None] = lambda _: None) -> None:
    """`seen` gets the story of each example after it went well."""
    quietly = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=16,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # an example has at most as many steps; to shrink it takes minutes
        suppress_health_check=list(HealthCheck),
    )
    with app.app_context():
        run_state_machine_as_test(lambda: Orders(app, seen), settings=quietly)  # type: ignore[arg-type]  # it only calls it


class Orders(RuleBasedStateMachine):
    """Each rule is one thing that may happen at any moment; the end is the same for all."""

    def __init__(self, app: Flask, seen: Callable[[list[Said]], None]) -> None:
        super().__init__()
        self.seen = seen
        self.client = app.test_client()
        self.settings: Settings = context_of(app).settings
        self.database: Database = context_of(app).database
        self.signed_at = datetime.now(UTC)
        self.story: list[Said] = []
        self.told = 0
        self.bodies: dict[Said, bytes] = {}
        self.confirmed: list[Said] = []

    @initialize(story=stories())
    def begin(self, story: list[Said]) -> None:
        self.story = story
        self.job = make_job(self.database, f"job-{new_id()}")

    @precondition(lambda self: self.told < len(self.story))
    @rule()
    def smile_comes_to_a_result(self) -> None:
        self.told += 1

    @precondition(lambda self: self.told)
    @rule(data=st.data(), is_signed_anew=st.booleans())
    def callback_arrives(self, data: st.DataObject, is_signed_anew: bool) -> None:
        said = data.draw(st.sampled_from(self.story[: self.told]))
        self._deliver(said, is_signed_anew)

    @rule(said=st.sampled_from(LIES), is_signed_anew=st.booleans())
    def lie_arrives(self, said: Said, is_signed_anew: bool) -> None:
        self._deliver(said, is_signed_anew)

    @rule(data=st.data())
    def callback_is_handled(self, data: st.DataObject) -> None:
        unhandled = self._unhandled()
        if unhandled:
            handle(unhandled[data.draw(st.integers(0, len(unhandled) - 1))])

    @rule()
    def smile_is_asked(self) -> None:
        answer = self.story[self.told - 1].answer if self.told else RUNNING
        update_job(self.database, self.job, due_at=utc_now())
        with leased(self.job.id) as lease:
            assert lease
            check_job(lease, FakeSmile({"job_status": [answer]}).clients, self.settings)
        if self.told:
            self.confirmed.append(self.story[self.told - 1])

    def teardown(self) -> None:
        if not self.story:
            return
        self.told = len(self.story)
        for said in self.story:
            if said not in self.bodies:
                self._deliver(said, is_signed_anew=True)
        for callback_id in self._unhandled():
            handle(callback_id)
        self.smile_is_asked()
        self._check_job()
        self._check_history()
        self.seen(self.story)

    def _check_job(self) -> None:
        job, last = reload(self.database, self.job), self.story[-1]
        assert (job.state, job.outcome) == (JobState.DONE, last.outcome)
        assert (job.result_code, job.result_text) == (last.code, last.text)
        assert disagreement_text(job) == expected_disagreement(list(self.bodies), self.confirmed)

    def _check_history(self) -> None:
        results = results_of(self.database, self.job)
        claimed = [(row.result_code, row.is_final) for row in results if not row.is_confirmed]
        confirmed = [(row.result_code, row.is_final) for row in results if row.is_confirmed]
        assert sorted(map(str, claimed)) == sorted(str((said.code, said.is_final)) for said in self.bodies)
        assert confirmed == [(said.code, said.is_final) for said, _ in groupby(self.confirmed)]

    def _deliver(self, said: Said, is_signed_anew: bool) -> None:
        if is_signed_anew or said not in self.bodies:
            self.signed_at += timedelta(milliseconds=1)
            timestamp = timestamp_at(self.signed_at)
            self.bodies[said] = encode(make_payload(job_id=self.job.job_id, timestamp=timestamp, **said.fields))
        assert deliver(self.client, self.bodies[said]).status_code == 200

    def _unhandled(self) -> Sequence[UUID]:
        unhandled = select(Callback.id).where(Callback.job_id == self.job.id, col(Callback.handled_at).is_(None))
        with self.database.reading() as session:
            return session.exec(unhandled.order_by(col(Callback.id))).all()


def expected_disagreement(claims: list[Said], confirmed: list[Said]) -> str | None:
    """Of all final claims that Smile never confirmed and now contradicts, the one with the lowest code is told of."""
    last = confirmed[-1]
    codes = {said.code for said in confirmed}
    final = [said for said in claims if said.is_final and said.outcome != Outcome.UNKNOWN]
    lies = [said for said in final if said.code not in codes and said.outcome != last.outcome]
    if not lies or not last.is_final:
        return None
    lie = min(lies, key=lambda said: said.code)
    return f"A callback claimed {lie.outcome} (code {lie.code}), but Smile confirms {last.outcome} (code {last.code})."
