"""Gives one app answers and callbacks of any shape, opens what shows them, and counts what went wrong."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.tasks import handle
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.following.following import check_job
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.following.sending import send_to_smile
from dashboard.jobs.models import Job, Outcome, ResultSource
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.submitting.leases import leased
from tests.factories.answers import APPROVING, code_in
from tests.factories.callbacks import deliver, encode, sign
from tests.factories.jobs import FakeSmile, make_job, make_sent_job

REASON = {"reason": "review"}
PICTURE = re.compile(r'src="(/jobs/[^"]+/photos/[^"]+|/callbacks/[^"]+/images/[^"]+)"')
LISTS = (
    "/jobs",
    "/jobs.json",
    "/jobs.csv",
    "/callbacks",
    "/callbacks.json",
    "/callbacks/today.json",
    "/jobs?needs=unknown",
)


@dataclass
class Tally:
    seen: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)  # pages that answered 5xx
    wrongly_approved: list[str] = field(default_factory=list)
    changed_by_a_claim: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.seen += other.seen
        self.statuses += other.statuses
        self.outcomes += other.outcomes
        self.failures += other.failures
        self.wrongly_approved += other.wrongly_approved
        self.changed_by_a_claim += other.changed_by_a_claim

    def line(self) -> str:
        return f"{self.seen} seen; statuses {dict(sorted(self.statuses.items()))}; outcomes {dict(self.outcomes)}"


@dataclass
class AnyAnswer:
    """`staff` is signed in and may reveal. Every hundredth time the lists and exports are opened too."""

    app: Flask
    staff: FlaskClient
    tally: Tally = field(default_factory=Tally)

    def answer(self, answer: dict[str, Any], product: Product, is_settled: bool) -> None:
        """Smile's answer to a question of our own, or to the submission where the product is answered at once."""
        job = self._make_job(product, is_settled)
        is_at_once = FACTS[product].is_answered_at_once and not is_settled
        if not is_at_once and "result" not in answer:
            answer = {"job_complete": True, "code": "2302", "result": answer}
        smile = FakeSmile({"job_status": [answer], "submit": [answer], "basic": [answer]})
        with self.app.app_context(), leased(job.id) as lease:
            assert lease is not None
            (send_to_smile if is_at_once else check_job)(lease, smile.clients, self._settings)
        after = self._reload(job)
        self.tally.outcomes[str(after.outcome)] += 1
        code = code_in(answer if is_at_once else {"result": answer.get("result")})
        may_be_approved = code in APPROVING or (is_settled and after.result_code == "0810")
        if after.outcome == Outcome.APPROVED and not (may_be_approved and after.result_code in APPROVING):
            self.tally.wrongly_approved.append(f"{product}: {answer!r}")
        self._look(self._pages_of(job.id))

    def callback(self, body: dict[str, Any], product: Product, is_settled: bool, is_at_own_address: bool) -> None:
        """A body that is signed well, at the job's own address or at the one for all."""
        job = self._make_job(product, is_settled)
        timestamp = utc_now().isoformat()
        signed = self._named(body, job) | {"timestamp": timestamp, "signature": sign(timestamp)}
        path = callback_address(self._settings, job.id).removeprefix(self._settings.public_url)
        self._note(path, deliver(self.staff, encode(signed), path if is_at_own_address else "/hooks/smile").status_code)
        before = self._reload(job)
        pages = list(self._pages_of(job.id))
        if (callback := self._newest_callback()) is not None:
            with self.app.app_context():
                handle(callback.id)
            address = f"/callbacks/{callback.id}"
            pages += [address, f"{address}/status", f"{address}.json", f"POST {address}/reveals"]
        self._look(pages)
        after = self._reload(job)
        if (before.outcome, before.result_code) != (after.outcome, after.result_code):
            self.tally.changed_by_a_claim.append(repr(body))

    def look_at_lists(self) -> None:
        self._look(LISTS)

    def _make_job(self, product: Product, is_settled: bool) -> Job:
        with self.app.app_context():
            if FACTS[product].is_answered_at_once and not is_settled:
                job = make_job(self._database, self._settings, product, due_at=utc_now())
            else:
                job = make_sent_job(self._database, self._settings, product)
        if is_settled:
            with self._database.transaction() as session:
                found = session.get_one(Job, job.id)
                settled = read_result({"ResultCode": "0810", "ResultText": "Enroll User"}, job.job_type)
                settle_job(session, found, settled, ResultSource.JOB_STATUS, utc_now())
                found.due_at = utc_now()
        return job

    def _named(self, body: dict[str, Any], job: Job) -> dict[str, Any]:
        """With the job's id in it, unless its PartnerParams are of some other type."""
        inner = body.get("result") if "ResultCode" not in body else None
        holder = inner if isinstance(inner, dict) else body
        params = holder.get("PartnerParams")
        holder = holder | {"PartnerParams": (params if isinstance(params, dict) else {}) | {"job_id": job.job_id}}
        return body | {"result": holder} if isinstance(inner, dict) else holder

    def _pages_of(self, job_id: object) -> Iterable[str]:
        address = f"/jobs/{job_id}"
        return (address, f"{address}/status", f"{address}.json", f"POST {address}/reveals")

    def _look(self, pages: Iterable[str]) -> None:
        for page in pages:
            method, _, path = page.rpartition(" ")
            opened = self.staff.open(path, method=method or "GET", data=REASON if method else None)
            self._note(page, opened.status_code)
            for picture in PICTURE.findall(opened.text)[:2]:
                self._note(picture, self.staff.get(picture).status_code)
        self.tally.seen += 1
        if self.tally.seen % 100 == 0:
            self.look_at_lists()

    def _note(self, page: str, status: int) -> None:
        self.tally.statuses[status] += 1
        if status >= 500:
            self.tally.failures.append(page)

    def _newest_callback(self) -> Callback | None:
        with self._database.reading() as session:
            return session.exec(select(Callback).order_by(col(Callback.id).desc()).limit(1)).first()

    def _reload(self, job: Job) -> Job:
        with self._database.reading() as session:
            return session.get_one(Job, job.id)

    @property
    def _database(self) -> Database:
        return context_of(self.app).database

    @property
    def _settings(self) -> Settings:
        return context_of(self.app).settings
