"""The rows of one job: itself, its timeline, its images, the start from its link, and how it was dealt with."""

import json
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.jobs.dealt_with import reason_associated_data
from dashboard.jobs.models import JobState, Outcome, SendingStep, job_associated_data
from dashboard.jobs.name_search.parts import digest_of_part, parts_of_person
from dashboard.jobs.problems import Problem, ProblemKind, problem
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.submitting.callback_keys import callback_key, digest_of_key
from dashboard.jobs.submitting.phones import phone_of_person
from dashboard.jobs.timeline import EventKind, SentHow
from dashboard.jobs.warnings import in_one_text
from dashboard.languages import DEFAULT
from dashboard.seeding.answers import Answers, Ending
from dashboard.seeding.callback_rows import CallbackRows, Delivered
from dashboard.seeding.chance import hex_id_with, id_with
from dashboard.seeding.company import Brief, Company
from dashboard.seeding.customers import Customer, Customers
from dashboard.seeding.fates import Fate, fate_of
from dashboard.seeding.forms import Json
from dashboard.seeding.image_rows import KEPT_FOR_DAYS, ImageRows
from dashboard.seeding.link_rows import consent_in
from dashboard.seeding.moments import DAY, HOUR, MINUTE, SECOND, spelled
from dashboard.seeding.result_rows import ResultRows
from dashboard.seeding.rows import Event, Row, Rows, facts_of
from dashboard.seeding.story import Story
from dashboard.seeding.v3_answers import consent_of
from dashboard.smile.constants import SmileApi
from dashboard.smile.typed import fold

#: Why members mark a job as dealt with.
REASONS = ("Called the customer.", "Documents seen at the branch.", "Reported to compliance.", "Checked by hand.")
#: Of a thousand needs older than a few days, those that somebody has dealt with.
DEALT_WITH, SOON = 985, 3 * DAY
#: What Smile refuses before it takes a job: its code and text.
REFUSALS = (
    ("2210", "Error - No enrolled user found"),
    ("2213", "Error - A required parameter is missing"),
    ("2212", "Error - Invalid job type"),
    ("2209", "Error - Wrong user id. This user is already enrolled with user_id"),
)
CONTACT_FIELDS = ("first_name", "last_name", "dob", "gender", "phone_number")


class JobRows:
    def __init__(
        self,
        company: Company,
        settings: Settings,
        keyring: KeyRing,
        callbacks: CallbackRows,
        answers: Answers,
        company_name: str,
        name_key: bytes,
    ) -> None:
        self._company, self._keyring, self._name_key = company, keyring, name_key
        self._environment, self._secret = settings.environment, settings.secret_key.get_secret_value()
        self._callback_within = int(settings.callback_expected_within * SECOND)
        self._customers = Customers(company)
        self._answers = answers
        self._results = ResultRows(company, settings.environment, keyring, callbacks, answers)
        self._company_name = company_name
        self._images = ImageRows(keyring, settings.media_dir, company.until)

    def add(self, rows: Rows, number: int, callbacks_left: int) -> Delivered | None:
        """Adds everything about one job, with at most so many callbacks. Returns the last of these."""
        random = self._company.chance.random("story", number)
        brief = self._company.job(number)
        customer = self._customers.of(brief)
        job, values = self._job(rows, brief, customer, random), self._answers.values(brief, customer)
        story = Story(brief, customer, values, random, brief.at, callbacks_left, job, brief.id.hex)
        self._begin(rows, story)
        self._tell(rows, story, fate_of(self._company, brief, random))
        self._finish(rows, story)
        return story.delivered

    def _job(self, rows: Rows, brief: Brief, customer: Customer, random: Random) -> Row:
        row_id, person = brief.id, self._person(brief, customer, random)
        job: Row = {
            "id": row_id,
            "environment": self._environment,
            "product": brief.product,
            "api": brief.api,
            "job_type": int(FACTS[brief.product].job_type),
            "user_id": customer.user_id,
            "user_id_folded": fold(customer.user_id),
            "job_id": brief.job_id,
            "job_id_folded": fold(brief.job_id),
            "customer_reference": customer.reference,
            "customer_reference_folded": fold(customer.reference),
            "state": JobState.DONE,
            "country": brief.country or None,
            "id_type": brief.id_type or None,
            "partner_params": customer.params,
            "created_by": brief.maker,
            "created_at": brief.at,
            "step": SendingStep.CREATED,
            "callback_key_digest": digest_of_key(callback_key(self._secret, row_id)),
        }
        if customer.id_number and FACTS[brief.product].asks_id_number:
            identity = job_associated_data(row_id, "id_number")
            job["id_number_sealed"] = self._keyring.seal(customer.id_number.encode(), identity)
            job["id_number_digest"] = self._keyring.digest_of_number(customer.id_number)
        if person:
            job["person_sealed"] = self._keyring.seal_json(person, job_associated_data(row_id, "person"))
            if phone := phone_of_person(person):
                job["phone_digest"] = self._keyring.digest_for_search(phone)
            for digest in _digests_of_name(self._name_key, person.get("first_name", ""), person.get("last_name", "")):
                rows.add("name_part", {"environment": self._environment, "digest": digest, "job_id": row_id})
        return job

    def _person(self, brief: Brief, customer: Customer, random: Random) -> dict[str, Any]:
        """What a form gave about the customer."""
        person = customer.person
        values = (person.first_name, person.last_name, person.born, person.gender, person.phone)
        given = dict(zip(CONTACT_FIELDS, values, strict=True))
        if brief.api == SmileApi.V3:
            of_v3 = {"email": customer.email, "consent": consent_of(f"{spelled(brief.at)}Z")}
            return {name: given[name] for name in ("first_name", "last_name", "phone_number")} | of_v3
        if brief.product == Product.BUSINESS_VERIFICATION:
            return {"business_type": "co"}
        if brief.is_of_ring or brief.product == Product.BASIC_KYC:
            return given
        names = {"first_name": person.first_name, "last_name": person.last_name}
        draw = random.random()
        return {} if draw < 0.3 else names if draw < 0.6 else names | {"phone_number": person.phone}

    # How it begins.

    def _begin(self, rows: Rows, story: Story) -> None:
        brief, job = story.brief, story.job
        if brief.link is None:
            story.note(EventKind.CREATED, by=brief.maker)
            story.images = self._images.add(rows, brief, story.random)
            return
        link = self._company.link(brief.link)
        job["link_id"] = link.id
        story.note(EventKind.STARTED)
        language = link.language or DEFAULT
        agreed = consent_in(language, self._company_name)
        story.note(EventKind.CONSENTED, language=language, agreed=agreed)
        start = {
            "id": hex_id_with(story.now, story.random.getrandbits(128)),
            "link_id": link.id,
            "job_id": story.job_id,
            "browser_digest": f"{story.random.getrandbits(256):064x}",
            "language": language,
            "consent_text": agreed,
            "consented_at": story.now,
        }
        rows.add("link_start", start)
        story.wait(0.5, 2)
        job["step"] = SendingStep.PREPARED
        story.note(EventKind.OPENED, is_first=True)

    def _send(self, rows: Rows, story: Story) -> None:
        """Until Smile has it."""
        job = story.job
        job["smile_job_id"] = story.customer.smile_job_id
        job["smile_job_id_folded"] = fold(story.customer.smile_job_id)
        job["step"] = SendingStep.SENT
        if story.brief.is_answered_at_once:
            story.wait(1, 4)
            story.note(EventKind.SENT, how=SentHow.ANSWERED_AT_ONCE)
        elif story.brief.link is not None:
            story.wait(40, 260)
            story.note(EventKind.SENT, how=SentHow.BROWSER_SAYS_SO)
        else:
            story.wait(0.4, 2)
            story.note(EventKind.PREPARED)
            story.wait(1, 6)
            story.note(EventKind.SENT, how=SentHow.IMAGES, count=len(story.images), size=sum(story.images))
        job["submitted_at"] = story.now
        if not story.brief.is_answered_at_once:
            job["callback_due_at"] = story.now + self._callback_within

    # How it goes on.

    def _tell(self, rows: Rows, story: Story, fate: Fate) -> None:
        job = story.job
        if isinstance(fate, Ending):
            self._send(rows, story)
            self._results.decide(rows, story, fate)
            return
        job["state"] = fate
        if fate in (JobState.QUEUED, JobState.AWAITING_CUSTOMER):
            job["due_at"] = self._company.until
        elif fate == JobState.CANCELLED:
            story.wait(0.3, 0.9)
            job["settled_at"] = story.now
            story.note(EventKind.CANCELLED, by=story.brief.maker)
        elif fate == JobState.FAILED:
            self._refuse(story)
        elif fate == JobState.WAITING:
            self._send(rows, story)
            job["checks"], job["checked_at"] = 5, story.now + 77 * SECOND
            job["due_at"] = self._company.until
            self._note_overdue(story)
        elif fate == JobState.EXPIRED:
            self._expire(rows, story)

    def _refuse(self, story: Story) -> None:
        story.wait(0.5, 3)
        code, text = REFUSALS[int(story.random.random() * len(REFUSALS))]
        found = problem(ProblemKind.REFUSED, status=400, code=code, said=text, may_retry=False)
        story.job |= {"result_code": code, "result_text": text, "problem": found, "settled_at": story.now}
        story.job["step"] = SendingStep.PREPARING
        story.events.append(Event(story.now, EventKind.FAILED, Json(json.dumps({"problem": found, "code": code}))))

    def _expire(self, rows: Rows, story: Story) -> None:
        if story.brief.link is not None:
            story.now = story.brief.at + DAY
            found: Problem = problem(ProblemKind.CUSTOMER_GAVE_UP)
        else:
            self._send(rows, story)
            self._note_overdue(story)
            story.now = story.brief.at + 7 * DAY + 20 * MINUTE
            found = problem(ProblemKind.NO_RESULT)
        story.job["problem"] = found
        story.events.append(Event(story.now, EventKind.EXPIRED, Json(json.dumps({"problem": found}))))

    def _note_overdue(self, story: Story) -> None:
        due = story.job.get("callback_due_at")
        if due and due < self._company.until:
            story.job["overdue_noted_at"] = due + SECOND
            story.events.append(Event(due + SECOND, EventKind.OVERDUE, facts_of()))

    # How it ends.

    def _finish(self, rows: Rows, story: Story) -> None:
        job, brief = story.job, story.brief
        if job.get("callback_due_at") and not job.get("callback_at") and job["state"] == JobState.DONE:
            self._note_overdue(story)
        if job.get("outcome") == Outcome.PROVISIONAL and self._company.until - brief.at < 7 * DAY:
            job["due_at"] = self._company.until + int(story.random.random() * HOUR)
        job["warning_count"], job["warning_kinds"] = len(story.kinds), in_one_text(story.kinds)
        self._deal_with(rows, story)
        self._erase_images(story)
        job["changed_at"] = max(event.at for event in story.events)
        job["version"] = len(story.events)
        rows.add("job", job)
        for event in story.events:
            rows.add_event(story.job_id, event, story.random)

    def _deal_with(self, rows: Rows, story: Story) -> None:
        job, random = story.job, story.random
        needs = _needs_of(job)
        at = story.now + int((2 + random.random() ** 2 * 60) * HOUR)
        if not needs or at + SOON > self._company.until or random.random() * 1000 >= DEALT_WITH:
            return
        colleague = self._company.maker(random.getrandbits(16))
        by = colleague.email if colleague else story.brief.maker
        row_id = id_with(at, random.getrandbits(128))
        reason = REASONS[int(random.random() * len(REASONS))]
        rows.add(
            "dealt_with",
            {
                "id": row_id,
                "environment": self._environment,
                "job_id": story.job_id,
                "needs": needs,
                "reason_sealed": self._keyring.seal(reason.encode(), reason_associated_data(row_id)),
                "dealt_by": by,
                "dealt_at": at,
            },
        )
        job["dealt_with_at"] = at
        story.events.append(Event(at, EventKind.DEALT_WITH, Json(json.dumps({"needs": needs, "by": by}))))

    def _erase_images(self, story: Story) -> None:
        """Images are kept for a few days, as the retention rule of this company says."""
        if not story.images or not self._images.are_erased(story.brief):
            return
        at = story.brief.at + KEPT_FOR_DAYS * DAY + int(story.random.random() * HOUR)
        facts = {"what": "images", "count": len(story.images), "rule": {"days": KEPT_FOR_DAYS}}
        story.job["erased"] = [facts | {"at": f"{spelled(at)}+00:00"}]
        story.events.append(Event(at, EventKind.ERASED, Json(json.dumps(facts))))


def _needs_of(job: Row) -> list[str]:
    """The names of needs.py for a job that has ended."""
    outcome = job.get("outcome")
    found = ["disagreement"] if job.get("disagreement") else []
    if job["state"] == JobState.FAILED:
        found.append("failed")
    elif outcome == Outcome.APPROVED and job["warning_count"]:
        found.append("warning")
    elif outcome in (Outcome.UNKNOWN, Outcome.ERROR, Outcome.PROVISIONAL, Outcome.ATTENTION):
        found.append(outcome.value)
    return found


@lru_cache(maxsize=100_000)
def _digests_of_name(key: bytes, first_name: str, last_name: str) -> Sequence[str]:
    """Many customers share a name."""
    parts = parts_of_person({"first_name": first_name, "last_name": last_name})
    return [digest_of_part(key, part).hex for part in parts]
