"""Seeded rows are those that the receiver, the worker and the verbs would have stored for the same events."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from sqlmodel import Session, col, select

from dashboard.callbacks.models import ALARMING_VERDICTS, REFUSED_VERDICTS, Callback
from dashboard.callbacks.queries import body_of
from dashboard.callbacks.reason_words import reason_facts
from dashboard.callbacks.receiving.parsing import parse, read_facts
from dashboard.callbacks.receiving.verdicts import FIRST_USE, USED_BEFORE, check_signature, judge
from dashboard.callbacks.steps import StepKind
from dashboard.context import Context
from dashboard.db import keyring_of, utc_now
from dashboard.jobs.following.outcome import digest_of_payload, find_disagreement, lasting_text, read_claim, read_result
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import Job, JobEvent, JobState, Result, payload_associated_data
from dashboard.jobs.name_search.filling import tend_index
from dashboard.jobs.name_search.models import NamePart
from dashboard.jobs.name_search.parts import digest_of_part, parts_of_person, read_key
from dashboard.jobs.needs import needs_of
from dashboard.jobs.products import FACTS
from dashboard.jobs.showing.event_words import event_text
from dashboard.jobs.smile_api.api_choice import api_of, policy_address
from dashboard.jobs.submitting.callback_keys import callback_key, digest_of_key
from dashboard.jobs.submitting.phones import phone_of_person
from dashboard.jobs.submitting.submission import id_number_of, person_of
from dashboard.jobs.timeline import EventKind
from dashboard.jobs.warnings import JobWarning
from dashboard.links.models import Link, LinkStart
from dashboard.seeding.company import OF_V3
from dashboard.smile.constants import SmileApi
from dashboard.smile.typed import fold
from dashboard.smile.v3.constants import JOB_ID
from dashboard.smile.v3.ids import made_at
from dashboard.smile.v3.people import checked_consent
from dashboard.smile.validation import Wrong
from dashboard.smile.warnings import WarningKind, warnings_in
from dashboard.smile_keys import read_keys
from tests.conftest import SECRET_KEY

pytestmark = pytest.mark.both_engines


@pytest.fixture
def session(seeded: Context) -> Iterator[Session]:
    with seeded.database.reading() as session:
        yield session


OF_FACTS = ("country", "id_type", "result_code", "result_text", "search_text")


def test_callbacks_are_what_the_receiver_would_have_stored(seeded: Context, session: Session):
    keys, partner_id = read_keys(session, seeded.settings), seeded.settings.smile_partner_id

    for callback in session.exec(select(Callback)).all():
        facts = read_facts(parse(body_of(session, callback)))
        check = check_signature(facts, partner_id, keys)
        kinds = [step["kind"] for step in callback.steps]
        judgement = judge(
            facts,
            # Keys were not told apart by when they were added.
            check._replace(step=callback.steps[2]) if check.verdict is None else check,
            now=callback.received_at,
            was_sent_by_us=StepKind.OURS in kinds,
            sharing=USED_BEFORE if StepKind.USED_BEFORE in kinds else FIRST_USE,
        )
        assert (callback.verdict, callback.steps[:-1]) == (judgement.verdict, judgement.steps)
        assert {name: getattr(callback, name) for name in OF_FACTS} == {name: getattr(facts, name) for name in OF_FACTS}
        assert (callback.claimed_job_id, callback.claimed_smile_job_id) == (facts.job_id, facts.smile_job_id)
        number = keyring_of(session).digest_for_search(facts.id_number) if facts.id_number else None
        assert (callback.signature_digest, callback.id_number_digest) == (check.digest, number)
    told = list(session.exec(select(JobEvent).where(JobEvent.kind == EventKind.CALLBACK)).all())
    of_jobs = session.exec(select(Callback).where(col(Callback.job_id).is_not(None))).all()
    assert {(event.job_id, event.facts["callback_id"]) for event in told} == {
        (callback.job_id, str(callback.id)) for callback in of_jobs
    }
    by_id = {str(callback.id): callback for callback in of_jobs}
    assert all(event.facts["reason"] == reason_facts(by_id[event.facts["callback_id"]]) for event in told)


def test_jobs_hold_what_smile_said(seeded: Context, session: Session):
    results, warned = defaultdict(list), defaultdict(set)
    for result in session.exec(select(Result).order_by(col(Result.received_at))).all():
        results[result.job_id].append(result)
    for warning in session.exec(select(JobWarning)).all():
        warned[warning.job_id, warning.is_confirmed].add(warning.kind)

    for job in session.exec(select(Job)).all():
        found: dict[bool, set[WarningKind]] = {True: set(), False: set()}
        for result in results[job.id]:
            payload = keyring_of(session).open_json(result.payload_sealed, payload_associated_data(result.id))
            read = read_result if result.is_confirmed else read_claim
            said = read_v3(payload) if job.api == SmileApi.V3 else read(payload, job.job_type)
            assert (result.outcome, result.result_code, result.result_text) == (said.outcome, said.code, said.text)
            assert (result.is_final, result.payload_digest) == (said.is_final, digest_of_payload(lasting_text(payload)))
            found[result.is_confirmed] |= {each.kind for each in warnings_in(payload, job.created_at.date())}
        assert (warned[job.id, True], warned[job.id, False]) == (found[True], found[False])
        assert job.warning_count == len(found[True] | found[False])
        confirmed = [result for result in results[job.id] if result.is_confirmed]
        if job.state == JobState.DONE:
            assert (job.outcome, job.result_code) == (confirmed[-1].outcome, confirmed[-1].result_code)
        assert job.disagreement_facts == find_disagreement(results[job.id], job.job_type)
        assert job.is_settled == (job.settled_at is not None or job.state == JobState.EXPIRED)


def test_the_newest_jobs_of_one_product_are_of_v3(seeded: Context, session: Session):
    jobs = session.exec(select(Job).order_by(col(Job.id))).all()
    of_v3 = [job for job in jobs if job.api == SmileApi.V3]

    assert of_v3
    assert {job.product for job in of_v3} == {OF_V3}
    assert min(job.id for job in of_v3) > jobs[len(jobs) // 2].id
    for job in of_v3:
        consent = person_of(session, job)["consent"]
        wrong: Wrong = {}
        checked_consent(consent, wrong)
        assert wrong == {}
        if job.smile_job_id:
            assert JOB_ID.fullmatch(job.smile_job_id)
            assert made_at(job.smile_job_id) > job.created_at
    assert api_of(session, seeded.settings, OF_V3) == SmileApi.V3
    assert policy_address(session, seeded.settings)


def test_a_job_is_found_by_its_customer(seeded: Context, session: Session):
    for job in session.exec(select(Job)).all():
        ids = (job.user_id, job.job_id, job.customer_reference)
        assert (job.user_id_folded, job.job_id_folded, job.customer_reference_folded) == tuple(map(fold, ids))
        number, phone = id_number_of(session, job), phone_of_person(person_of(session, job))
        assert job.id_number_digest == (keyring_of(session).digest_of_number(number) if number else None)
        assert job.phone_digest == (keyring_of(session).digest_for_search(phone) if phone else None)
        assert bool(number) == FACTS[job.product].asks_id_number
        assert job.callback_key_digest == digest_of_key(callback_key(SECRET_KEY, job.id))


def test_a_job_is_found_by_the_name_that_was_given(seeded: Context, session: Session):
    key = read_key(session)
    assert key

    expected = {
        (job.id, digest_of_part(key, part))
        for job in session.exec(select(Job)).all()
        for part in parts_of_person(person_of(session, job))
    }

    assert {(row.job_id, row.digest) for row in session.exec(select(NamePart)).all()} == expected
    assert not tend_index(session, 1, utc_now()), "the worker would fill what is there"


def test_every_line_of_every_timeline_has_words(seeded: Context, session: Session):
    events = session.exec(select(JobEvent)).all()

    assert all(event_text(event) for event in events)
    newest = {job.id: (job.version, job.changed_at) for job in session.exec(select(Job)).all()}
    counts = Counter(event.job_id for event in events)
    assert {job_id: counts[job_id] for job_id in newest} == {job_id: version for job_id, (version, _) in newest.items()}


def test_most_that_needed_somebody_is_dealt_with(seeded: Context, session: Session):
    jobs, now = session.exec(select(Job)).all(), utc_now()

    assert all(not needs_of(job, now) for job in jobs if job.dealt_with_at)
    assert sum(job.dealt_with_at is not None for job in jobs) > sum(bool(needs_of(job, now)) for job in jobs) / 2


def test_a_started_link_has_its_job_and_the_consent(seeded: Context, session: Session):
    started = session.exec(select(LinkStart, Link, Job).join(Link).join(Job, col(Job.id) == LinkStart.job_id)).all()

    assert len(started) == 9
    for start, link, job in started:
        assert (job.link_id, job.product, job.country, job.created_by) == (
            link.id, link.product, link.country, "customer",
        )  # fmt: skip
        assert start.consent_text.startswith(("I agree", "J'accepte", "J’accepte")) or start.language not in (
            "en",
            "fr",
        )


def test_few_unsigned_callbacks_are_kept(seeded: Context, session: Session):
    refused = session.exec(select(Callback).where(col(Callback.verdict).in_(REFUSED_VERDICTS))).all()

    assert all((utc_now() - callback.received_at).days <= 30 for callback in refused)
    assert all(
        callback.signature_digest
        for callback in session.exec(select(Callback)).all()
        if callback.verdict in ALARMING_VERDICTS
    )
