"""The rows of callbacks, judged by the receiver's own rules as of the moment at which each arrived."""

import json
from collections.abc import Mapping
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from dashboard.callbacks.models import Step, Verdict
from dashboard.callbacks.receiving.parsing import Facts, parse, read_facts
from dashboard.callbacks.receiving.statements import JobRef
from dashboard.callbacks.receiving.storing import Arrival, callback_row
from dashboard.callbacks.receiving.verdicts import FIRST_USE, USED_BEFORE, Judgement, SignatureCheck, judge
from dashboard.callbacks.steps import StepKind, make_step, reason_steps
from dashboard.crypto import KeyRing
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.jobs.timeline import EventKind
from dashboard.seeding.answers import Answer
from dashboard.seeding.chance import id_with
from dashboard.seeding.forms import Form, Json, bare, hole
from dashboard.seeding.moments import DAY, HOUR, MINUTE, SECOND, Moment, datetime_of, spelled
from dashboard.seeding.rows import Event, Row, Rows
from dashboard.smile import Signature
from dashboard.smile.constants import callback_addresses
from dashboard.smile_keys import ApiKey

SENDERS = callback_addresses("sandbox")["newer"]
HEADERS = {
    "host": "desk.example.com",
    "content-type": "application/json",
    "user-agent": "axios/1.7.7",
    "accept": "application/json, text/plain, */*",
    "accept-encoding": "gzip, compress, deflate, br",
}
HEADERS_AS_JSON = Json(json.dumps(HEADERS))
#: One in so many comes a second time.
AGAIN = 40
#: Unsigned callbacks are kept for this long.
REFUSED_FOR = 30 * DAY
ANOTHER_KEY = "not-a-key-of-this-partner"


class Stray(StrEnum):
    """What comes besides the callbacks that jobs wait for."""

    ORPHAN = "orphan"  # of a job that another system made
    STALE = "stale"
    FUTURE = "future"
    WRONG = "wrong"
    MISSING = "missing"
    REUSED = "reused"
    REFLECTED = "reflected"


STRAYS = (
    *(Stray.ORPHAN,) * 50,
    *(Stray.STALE,) * 14,
    *(Stray.WRONG,) * 14,
    *(Stray.MISSING,) * 14,
    *(Stray.FUTURE,) * 3,
    *(Stray.REUSED,) * 4,
    Stray.REFLECTED,
)
#: How old a signature is when it arrives.
AGE: Moment = SECOND // 2
AGES: Mapping[Stray, Moment] = {Stray.STALE: 2 * HOUR, Stray.FUTURE: -9 * MINUTE}


class Delivered(NamedTuple):
    """A callback as it came: enough to copy its signature."""

    answer: Answer
    job: JobRef
    at: Moment
    timestamp: str
    signature: str


class CallbackRows:
    def __init__(self, environment: str, keyring: KeyRing, partner_id: str, key: ApiKey, until: Moment) -> None:
        self._environment, self._keyring, self._until = environment, keyring, until
        self._signer = Signature(partner_id, key.value)
        self._other_signer = Signature(partner_id, ANOTHER_KEY)
        self._matches = make_step(True, StepKind.KEY_MATCHES, key=key.number)
        self._matches_none = make_step(False, StepKind.NO_KEY_MATCHES, keys=1, partner_id=partner_id)
        self._accept()

    def _accept(self) -> None:
        """Judges a callback with holes as the receiver does: all that are accepted get the same steps."""
        check = SignatureCheck(None, self._matches, "")
        facts, now = read_facts({"timestamp": spelled(0)}), datetime_of(0)
        steps = judge(facts, check, now=now, was_sent_by_us=False).steps
        aged = {StepKind.AGE.value: {"age_seconds": bare("age")}}
        steps = [step | {"facts": aged.get(step["kind"], step["facts"])} for step in steps]
        steps.append(make_step(True, StepKind.AT_ADDRESS, job_id=hole("job_id")))
        self._steps = Form(json.dumps(steps))
        self._line = Form(json.dumps(_facts_of_line(hole("id"), Verdict.VALID, hole("at"), steps)))

    def add(self, rows: Rows, job: JobRef, answer: Answer, at: Moment, random: Random) -> tuple[Event, Delivered]:
        """Adds a callback that came to the job's own address. Returns its line on the timeline."""
        age = AGE + int(random.random() * AGE)
        timestamp = _timestamp(at - age)
        signature = self._signer.generate_signature(timestamp)["signature"]
        check = SignatureCheck(None, self._matches, digest_of_signature(signature))
        arrival = self._arrival(answer, timestamp, signature, at, random, check, answer.facts(timestamp, signature))
        row = self._judged(arrival, ACCEPTED, job, {}, at)
        values = {"id": arrival.id, "at": _iso(at), "job_id": job.job_id, "age": round(age / SECOND, 3)}
        row["steps"] = self._steps.fill(values)
        if random.random() < 1 / AGAIN:
            row["times_seen"] = 2 + int(random.random() * 3)
            row["last_seen_at"] = at + int(random.uniform(20, 900) * SECOND)
        rows.add("callback", row)
        return Event(at, EventKind.CALLBACK, self._line.fill(values)), Delivered(answer, job, at, timestamp, signature)

    def add_stray(
        self, rows: Rows, kind: Stray, like: Answer, at: Moment, random: Random, last: Delivered | None
    ) -> None:
        """Adds one of the others. `like`: an answer to take the shape from; `last`: the callback to copy from."""
        if kind in (Stray.WRONG, Stray.MISSING) and at < self._until - REFUSED_FOR:
            kind = Stray.ORPHAN
        if kind == Stray.REUSED and last is not None:
            self._add_copy(rows, last, random)
            return
        job_id = f"mobile-{random.getrandbits(40):010x}"
        values = {**like.values, "job_id": job_id, "user_id": f"user-of-{job_id}"}
        strange = Answer(like.form, values, like.form.text.fill(values))
        timestamp = _timestamp(at - int(AGES.get(kind, AGE) * (1 + random.random())))
        signer = self._other_signer if kind == Stray.WRONG else self._signer
        signature = "" if kind == Stray.MISSING else signer.generate_signature(timestamp)["signature"]
        if kind == Stray.MISSING:
            check = SignatureCheck(Verdict.MISSING, make_step(False, StepKind.NO_SIGNATURE))
        elif kind == Stray.WRONG:
            check = SignatureCheck(Verdict.WRONG, self._matches_none)
        else:
            check = SignatureCheck(None, self._matches, digest_of_signature(signature))
        arrival = self._arrival(strange, timestamp, signature, at, random, check)
        judgement = judge(
            arrival.facts, check, now=arrival.received_at, was_sent_by_us=kind == Stray.REFLECTED, sharing=FIRST_USE
        )
        step = make_step(False, StepKind.NAMES_UNKNOWN_JOB, job_id=job_id)
        rows.add("callback", self._judged(arrival, judgement, None, step, at))

    def _add_copy(self, rows: Rows, last: Delivered, random: Random) -> None:
        """Adds a callback whose signature was copied from another one, with a changed result."""
        changed = json.loads(last.answer.text)
        changed |= {"ResultCode": "0810", "ResultText": f"Approved {random.getrandbits(24):06x}"}
        answer = last.answer._replace(text=Json(json.dumps(changed)))
        at = last.at + int(random.uniform(6, 600) * MINUTE)
        check = SignatureCheck(None, self._matches, digest_of_signature(last.signature))
        arrival = self._arrival(answer, last.timestamp, last.signature, at, random, check)
        judgement = judge(arrival.facts, check, now=arrival.received_at, was_sent_by_us=False, sharing=USED_BEFORE)
        step = make_step(True, StepKind.NAMES_OUR_JOB, job_id=last.job.job_id)
        row = self._judged(arrival, judgement, last.job, step, at)
        rows.add("callback", row)
        facts = _facts_of_line(str(row["id"]), row["verdict"], _iso(at), row["steps"])
        rows.add_event(last.job.id.hex, Event(at, EventKind.CALLBACK, Json(json.dumps(facts))), random)

    def _arrival(
        self,
        answer: Answer,
        timestamp: str,
        signature: str,
        at: Moment,
        random: Random,
        check: SignatureCheck,
        facts: Facts | None = None,
    ) -> Arrival:
        text = answer.signed(timestamp, signature) if signature else f'{answer.text[:-1]},"timestamp":"{timestamp}"}}'
        body, sender = text.encode(), SENDERS[int(random.random() * len(SENDERS))]
        facts = facts or read_facts(parse(body))
        row_id = id_with(at, random.getrandbits(128))
        return Arrival(body, HEADERS, sender, datetime_of(at), facts, check, id=row_id)

    def _judged(self, arrival: Arrival, judgement: Judgement, job: JobRef | None, step: Step, at: Moment) -> Row:
        row = callback_row(self._keyring, arrival, judgement, job, step, 0, needs_handling=False)
        row["environment"], row["headers"] = self._environment, HEADERS_AS_JSON
        row["received_at"] = row["last_seen_at"] = row["handled_at"] = at
        return row


ACCEPTED = Judgement(Verdict.VALID, [])


def _timestamp(moment: Moment) -> str:
    """Finer than Smile's milliseconds, so that no two callbacks of three years share a signature."""
    return f"{spelled(moment)}Z"


def _iso(moment: Moment) -> str:
    return f"{spelled(moment)}+00:00"


def _facts_of_line(callback_id: str, verdict: Verdict, at: str, steps: list[Step]) -> Mapping[str, Any]:
    reason = reason_steps(verdict, steps)
    return {"callback_id": callback_id, "verdict": verdict.value, "received_at": at, "reason": reason}
