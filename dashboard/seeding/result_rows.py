"""The rows of Smile's decision about a job: callbacks that claim it, answers that confirm it, and their warnings."""

from dashboard.callbacks.receiving.statements import JobRef
from dashboard.crypto import KeyRing
from dashboard.jobs.models import Outcome, ResultSource, payload_associated_data
from dashboard.jobs.problems import CONTRADICTED
from dashboard.jobs.products import Product
from dashboard.jobs.timeline import EventKind
from dashboard.jobs.warnings import personal_associated_data
from dashboard.seeding.answers import Answer, Answers, Ending, steps_of
from dashboard.seeding.callback_rows import CallbackRows
from dashboard.seeding.chance import id_with
from dashboard.seeding.company import Company
from dashboard.seeding.customers import RING_USERS
from dashboard.seeding.fates import LIED_ABOUT, warnings_for
from dashboard.seeding.moments import SECOND
from dashboard.seeding.rows import Event, Row, Rows, facts_of
from dashboard.seeding.story import Story

#: The products whose faces Smile Secure searches for.
SEARCHED = frozenset({Product.BIOMETRIC_KYC, Product.SMARTSELFIE_AUTHENTICATION, Product.DOCUMENT_VERIFICATION})
#: How many seconds a person at Smile takes.
FASTEST_REVIEW, SLOWEST_REVIEW = 1_200, 21_000


class ResultRows:
    def __init__(
        self, company: Company, environment: str, keyring: KeyRing, callbacks: CallbackRows, answers: Answers
    ) -> None:
        self._company, self._environment, self._keyring = company, environment, keyring
        self._callbacks, self._answers = callbacks, answers

    def decide(self, rows: Rows, story: Story, ending: Ending) -> None:
        """Adds Smile's answers, one after the other. Each is claimed by a callback first, if that comes."""
        brief, random = story.brief, story.random
        answers = self._answers_for(story, ending)
        lie = None
        may_lie = ending == Ending.REJECTED and not brief.is_answered_at_once
        if may_lie and random.random() * 1000 < LIED_ABOUT and story.callbacks_left:
            last = len(steps_of(brief.product, Ending.APPROVED)) - 1
            lie = self._answers.make(brief, story.values, Ending.APPROVED, last)
        decisive_left = sum(answer.form.is_decisive for answer in answers)
        for answer in answers:
            if answer.form.is_after_review:
                ready = story.now + int(random.uniform(FASTEST_REVIEW, SLOWEST_REVIEW) * SECOND)
                if ready > self._company.until:
                    break
                story.now = ready
            elif not brief.is_answered_at_once:
                story.wait(3, 30)
            if not answer.form.is_decisive:
                if story.callbacks_left > decisive_left:
                    self._claim(rows, story, answer)
                continue
            if not brief.is_answered_at_once and story.callbacks_left:
                self._claim(rows, story, lie or answer)
            decisive_left -= 1
            story.wait(0.4, 2)
            self._confirm(rows, story, answer)
        if lie:
            self._disagree(story, lie, answers[-1])
        if story.callbacks_left and brief.product in SEARCHED and ending == Ending.APPROVED:
            story.wait(20, 90)
            self._claim(rows, story, self._answers.make(brief, story.values, None))

    def _answers_for(self, story: Story, ending: Ending) -> list[Answer]:
        brief, customer = story.brief, story.customer
        steps = steps_of(brief.product, ending)
        names = warnings_for(brief, story.random) if ending == Ending.APPROVED else ()
        if not names:
            return [self._answers.make(brief, story.values, ending, number) for number in range(len(steps))]
        users = tuple(user for user in RING_USERS if user != customer.user_id)[: 3 if brief.is_of_ring else 1]
        return [
            self._answers.make(brief, story.values, ending, number, *((names, users) if step.final else ()))
            for number, step in enumerate(steps)
        ]

    def _claim(self, rows: Rows, story: Story, answer: Answer) -> None:
        brief, job = story.brief, story.job
        reference = JobRef(brief.id, brief.job_id, brief.product, job["callback_key_digest"], False)
        line, story.delivered = self._callbacks.add(rows, reference, answer, story.now, story.random)
        story.callbacks_left -= 1
        story.events.append(line)
        job.setdefault("callback_at", story.now)
        text = answer.signed(story.delivered.timestamp, story.delivered.signature)
        self._keep(rows, story, answer, text, ResultSource.CALLBACK)

    def _confirm(self, rows: Rows, story: Story, answer: Answer) -> None:
        job, reading = story.job, answer.form.confirmed
        source = ResultSource.SUBMIT if story.brief.is_answered_at_once else ResultSource.JOB_STATUS
        self._keep(rows, story, answer, answer.text, source)
        before, outcome = job.get("outcome"), reading.outcome
        job |= {"outcome": outcome, "result_code": reading.code, "result_text": reading.text}
        job["settled_at"] = None if outcome == Outcome.PROVISIONAL else story.now
        was = {"before": before} if before and before != outcome else {}
        story.note(EventKind.CONFIRMED, result_code=reading.code, source=source, outcome=outcome, **was)
        if source == ResultSource.JOB_STATUS:
            job["checks"] = job.get("checks", 0) + 1
            job["checked_at"] = story.now

    def _disagree(self, story: Story, lie: Answer, answer: Answer) -> None:
        claimed, confirmed = lie.form.claimed, answer.form.confirmed
        facts = facts_of(
            claimed=claimed.outcome,
            claimed_code=claimed.code,
            confirmed=confirmed.outcome,
            confirmed_code=confirmed.code,
        )
        story.job |= {"disagreement": CONTRADICTED, "disagreement_facts": facts}
        story.events.append(Event(story.now, EventKind.DISAGREEMENT, facts))

    def _keep(self, rows: Rows, story: Story, answer: Answer, text: str, source: ResultSource) -> None:
        """A row of its own for each answer and claim, with its warnings."""
        is_confirmed = source != ResultSource.CALLBACK
        reading = answer.form.confirmed if is_confirmed else answer.form.claimed
        row_id = id_with(story.now, story.random.getrandbits(128))
        row: Row = {
            "id": row_id,
            "environment": self._environment,
            "job_id": story.job_id,
            "source": source,
            "is_confirmed": is_confirmed,
            "is_final": reading.is_final,
            "outcome": reading.outcome,
            "result_code": reading.code,
            "result_text": reading.text,
            "payload_sealed": self._keyring.seal(text.encode(), payload_associated_data(row_id)),
            "payload_digest": answer.digest,
            "received_at": story.now,
        }
        rows.add("result", row)
        if answer.form.warnings:
            self._warn(rows, story, answer, source, is_confirmed)

    def _warn(self, rows: Rows, story: Story, answer: Answer, source: ResultSource, is_confirmed: bool) -> None:
        for warning in answer.form.warnings:
            if story.kinds.get(warning.kind) is is_confirmed:
                continue
            row_id = id_with(story.now, story.random.getrandbits(128))
            facts = dict(warning.facts)
            users = facts.pop("user_ids", ())
            row: Row = {
                "id": row_id,
                "environment": self._environment,
                "job_id": story.job_id,
                "kind": warning.kind,
                "facts": facts,
                "is_confirmed": is_confirmed,
                "source": source,
                "first_seen_at": story.now,
            }
            if warning.personal:
                sealed = self._keyring.seal_json(dict(warning.personal), personal_associated_data(row_id))
                row["personal_sealed"] = sealed
            rows.add("job_warning", row)
            for place, user in enumerate(users):
                rows.add("job_warning_user", {"warning_id": row_id, "user_id": user, "place": place})
            if warning.kind not in story.kinds:
                story.note(EventKind.WARNING, kind=warning.kind, is_confirmed=is_confirmed)
            story.kinds[warning.kind] = is_confirmed
