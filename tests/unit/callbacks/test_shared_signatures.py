"""Callbacks of one millisecond share a signature and raise no alarm; a signature that is used again still does."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from dashboard.callbacks import tasks
from dashboard.callbacks.erasing import erase_callbacks
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving.acknowledging import Delivery, acknowledge
from dashboard.callbacks.receiving.verdicts import (
    MOST_TOGETHER,
    TOGETHER,
    SignatureUse,
    compare_uses,
    names_of_job,
)
from dashboard.callbacks.step_words import step_text
from dashboard.config import Settings
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.models import Job, JobEvent, Result, ResultSource
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.smile_keys import add_key, seed_keys
from tests.factories.callbacks import DOOR, deliver, encode, make_job, make_payload, sign
from tests.factories.events import in_words
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
LATE_KEY = "a-key-that-came-late"


def bodies_of_one_moment(*job_ids: str, **changes: Any) -> list[bytes]:
    """Signed in the same millisecond, as Smile signs when it finishes several jobs at once."""
    payload = make_payload(**changes)
    return [encode(payload | {"PartnerParams": payload["PartnerParams"] | {"job_id": each}}) for each in job_ids]


def stored(database: Database) -> list[Callback]:
    with database.reading() as session:
        return list(session.exec(select(Callback).order_by(col(Callback.id))).all())


def verdicts(database: Database) -> list[Verdict]:
    return [callback.verdict for callback in stored(database)]


def words_of(callback: Callback) -> str:
    return " ".join(step_text(step) for step in callback.steps)


def test_two_jobs_of_one_millisecond_are_both_valid_and_the_second_says_why(
    client: FlaskClient, database: Database
) -> None:
    make_job(database, "job-1")
    make_job(database, "job-2")

    for body in bodies_of_one_moment("job-1", "job-2"):
        assert deliver(client, body).status_code == 200

    first, second = stored(database)
    assert (first.verdict, second.verdict) == (Verdict.VALID, Verdict.VALID)
    assert first.signature_digest == second.signature_digest
    assert (first.signature_use, second.signature_use) == (0, 1)
    assert "Another callback of the same millisecond carries this signature" in words_of(second)
    assert "It has not arrived with another body before." in words_of(first)


def test_two_of_one_group_are_judged_like_two_that_come_one_after_the_other(in_app: Flask, database: Database) -> None:
    bodies = bodies_of_one_moment("job-1", "job-2", "job-1")

    answers = acknowledge([Delivery(body, (), "127.0.0.1", utc_now(), None) for body in bodies[:2]])
    again = bodies_of_one_moment("job-3", "job-3")
    changed = again[1].replace(b"0810", b"0811")
    answers += acknowledge([Delivery(body, (), "127.0.0.1", utc_now(), None) for body in (again[0], changed)])

    assert [answer.status for answer in answers] == [200] * 4
    assert verdicts(database) == [Verdict.VALID, Verdict.VALID, Verdict.VALID, Verdict.REUSED]


def test_repetitions_of_both_are_counted_and_stay_valid(client: FlaskClient, database: Database) -> None:
    bodies = bodies_of_one_moment("job-1", "job-2")

    for body in bodies * 3:
        deliver(client, body)

    assert [(each.verdict, each.times_seen) for each in stored(database)] == [(Verdict.VALID, 3)] * 2


def test_same_job_with_another_body_is_an_alarm_also_beside_a_genuine_pair(
    client: FlaskClient, database: Database
) -> None:
    make_job(database, "job-1")
    make_job(database, "job-2")
    bodies = bodies_of_one_moment("job-1", "job-2")
    for body in bodies:
        deliver(client, body)

    for body in bodies:
        deliver(client, body.replace(b"0810", b"0811"))

    *_, third, fourth = stored(database)
    assert (third.verdict, fourth.verdict) == (Verdict.REUSED, Verdict.REUSED)
    assert "it arrived earlier for the same job with another body" in reason_text(third)
    assert "It arrived earlier for the same job with another body." in words_of(fourth)


def test_a_job_is_the_same_by_its_address_and_by_its_name(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    job = make_job(database, "job-1", settings.secret_key.get_secret_value())
    path = f"{DOOR}/{callback_key(settings.secret_key.get_secret_value(), job.id)}"
    named, unnamed = bodies_of_one_moment("job-1", "")

    deliver(client, named)
    deliver(client, unnamed, path)

    assert verdicts(database) == [Verdict.VALID, Verdict.REUSED]


def test_callbacks_at_the_addresses_of_two_jobs_need_no_name(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    secret = settings.secret_key.get_secret_value()
    jobs = [make_job(database, f"job-{number}", secret) for number in (1, 2)]
    payload = make_payload(job_id="")

    for number, job in enumerate(jobs):
        body = encode(payload | {"ResultText": f"text {number}"})
        deliver(client, body, f"{DOOR}/{callback_key(secret, job.id)}")

    assert verdicts(database) == [Verdict.VALID, Verdict.VALID]


@pytest.mark.parametrize("names", [("job-1", ""), ("", "job-1"), ("", "")])
def test_one_that_names_no_job_is_an_alarm(client: FlaskClient, database: Database, names: tuple[str, str]) -> None:
    first, second = bodies_of_one_moment(*names)

    deliver(client, first)
    deliver(client, second.replace(b"0810", b"0811"))

    assert verdicts(database) == [Verdict.VALID, Verdict.REUSED]
    assert "one of the two names no job" in reason_text(stored(database)[1])


def test_one_that_contradicts_its_address_is_an_alarm(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    job = make_job(database, "job-1", settings.secret_key.get_secret_value())
    path = f"{DOOR}/{callback_key(settings.secret_key.get_secret_value(), job.id)}"
    first, second = bodies_of_one_moment("job-1", "job-2")

    deliver(client, first)
    deliver(client, second, path)

    assert verdicts(database) == [Verdict.VALID, Verdict.REUSED]


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0, Verdict.VALID), (TOGETHER.total_seconds() - 1, Verdict.VALID), (TOGETHER.total_seconds() + 1, Verdict.REUSED)],
)
def test_another_job_is_an_alarm_once_it_comes_later(
    client: FlaskClient, database: Database, seconds: float, verdict: Verdict
) -> None:
    first, second = bodies_of_one_moment("job-1", "job-2")
    start = utc_now()

    with time_machine.travel(start, tick=False):
        deliver(client, first)
    with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
        deliver(client, second)

    assert stored(database)[1].verdict == verdict
    if verdict == Verdict.REUSED:
        assert f"it also arrived for another job, {seconds:.1f} seconds apart" in reason_text(stored(database)[1])


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_two_that_are_not_fresh_are_an_alarm(client: FlaskClient, database: Database, age: timedelta) -> None:
    for body in bodies_of_one_moment("job-1", "job-2", age=age):
        deliver(client, body)

    assert verdicts(database)[1] == Verdict.REUSED
    assert "the two are not both fresh" in reason_text(stored(database)[1])


def test_more_jobs_than_a_millisecond_holds_are_an_alarm(client: FlaskClient, database: Database) -> None:
    for body in bodies_of_one_moment(*(f"job-{number}" for number in range(MOST_TOGETHER + 3))):
        deliver(client, body)

    found = verdicts(database)
    assert found == [Verdict.VALID] * MOST_TOGETHER + [Verdict.REUSED] * 3
    assert "8 callbacks for other jobs carried it within seconds" in reason_text(stored(database)[-1])


def test_bound_holds_for_many_at_the_same_time(app: Flask, database: Database) -> None:
    bodies = bodies_of_one_moment(*(f"job-{number}" for number in range(MOST_TOGETHER + 4)))

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: deliver(app.test_client(), body).status_code, bodies))

    uses = sorted(each.signature_use for each in stored(database) if each.verdict == Verdict.VALID)
    assert set(answers) == {200}
    assert uses == list(range(MOST_TOGETHER))
    assert verdicts(database).count(Verdict.REUSED) == 4


def test_second_is_a_reason_to_ask_smile_at_once_and_brings_no_claim(
    app: Flask, client: FlaskClient, database: Database, session: Session, woken: list[Any]
) -> None:
    jobs = [make_job(database, f"job-{number}") for number in (1, 2)]
    for body in bodies_of_one_moment("job-1", "job-2"):
        deliver(client, body)

    with app.app_context():
        for callback in stored(database):
            tasks.handle(callback.id)

    claims = session.exec(select(Result.job_id).where(Result.source == ResultSource.CALLBACK).order_by(Result.id)).all()
    second = session.get_one(Job, jobs[1].id)
    told = session.exec(select(JobEvent).where(JobEvent.job_id == second.id, JobEvent.kind == "callback")).one()
    assert claims == [jobs[0].id]
    assert [each for each in woken if each[0] == "jobs.advance"] == [("jobs.advance", job.id) for job in jobs]
    assert second.callback_at is not None  # so it is not overdue
    assert second.due_at is not None
    assert second.due_at <= utc_now()
    assert in_words(told).startswith("Callback, valid. The signature matches key 1, and the timestamp")


def test_process_again_judges_as_at_the_time_it_came(
    client: FlaskClient, database: Database, settings: Settings, sign_in: SignIn
) -> None:
    payload = make_payload()
    payload |= {"signature": sign(payload["timestamp"], LATE_KEY)}
    bodies = [
        encode(payload | {"PartnerParams": payload["PartnerParams"] | {"job_id": job_id}, "ResultText": text})
        for job_id, text in (("job-1", ""), ("job-2", ""), ("job-1", "changed"))
    ]
    for body in bodies:
        deliver(client, body)
    with database.transaction() as session:
        seed_keys(session, settings, utc_now())
        add_key(session, "sandbox", LATE_KEY, "ada@example.com", utc_now())
    signed_in = sign_in("ben")

    for callback in stored(database):
        signed_in.post(f"/callbacks/{callback.id}/processing")
    pages = [
        signed_in.post(f"/callbacks/{callback.id}/verifications", follow_redirects=True).text
        for callback in stored(database)
    ]

    assert [(each.verdict, each.signature_use) for each in stored(database)] == [
        (Verdict.VALID, 0),
        (Verdict.VALID, 1),
        (Verdict.REUSED, 0),
    ]
    assert "Another callback of the same millisecond carries this signature" in words_of(stored(database)[1])
    assert ["Verified again: " in page for page in pages] == [True] * 3
    assert ["same millisecond" in page for page in pages] == [False, True, False]
    assert "it arrived earlier for the same job with another body" in pages[2]


def test_erasing_the_orphans_of_a_pair_keeps_both(client: FlaskClient, database: Database) -> None:

    for body in bodies_of_one_moment("job-1", "job-2"):
        deliver(client, body)

    with database.transaction() as session:
        for callback in session.exec(select(Callback).order_by(Callback.id)).all():
            erase_callbacks(session, [callback], [], utc_now())

    assert verdicts(database) == [Verdict.VALID, Verdict.VALID]


def test_carriers_are_found_by_an_index(in_app: Flask, database: Database) -> None:
    bodies = bodies_of_one_moment("job-1", "job-2", "job-3")

    def receive() -> None:
        acknowledge([Delivery(body, (), "127.0.0.1", utc_now(), None) for body in bodies])

    looks = plans_of(database, receive, "callback", "sent_signature")

    assert verdicts(database) == [Verdict.VALID] * 3
    assert looks
    assert [look for look in looks if not re.search(r"\((.* AND )?(\w*digest|body_sha256)=", look)] == []


def test_four_hundred_in_two_seconds_raise_no_alarm(client: FlaskClient, database: Database) -> None:
    """In the order in which they were signed, so that those of one millisecond come together."""
    chance, moment = Random(23), utc_now()
    for number, millisecond in enumerate(sorted(chance.choices(range(2000), k=400))):
        timestamp = (moment + timedelta(milliseconds=millisecond)).isoformat(timespec="milliseconds")
        deliver(client, encode(make_payload(timestamp=timestamp, job_id=f"job-{number}")))

    with database.reading() as session:
        found = session.exec(select(Callback.verdict, Callback.signature_use)).all()
    assert {verdict for verdict, _ in found} == {Verdict.VALID}
    assert sum(use > 0 for _, use in found) > 20


NAMES = st.frozensets(st.sampled_from(["job-1", "job-2", "job-3"]), max_size=2)
SECONDS = st.integers(-20, 20)


@given(names=NAMES, is_fresh=st.booleans(), uses=st.lists(st.tuples(NAMES, SECONDS, st.booleans()), max_size=12))
def test_no_alarm_only_for_other_jobs_that_are_fresh_together_and_few(
    names: frozenset[str], is_fresh: bool, uses: Sequence[tuple[frozenset[str], int, bool]]
) -> None:
    now = utc_now()
    known = [
        SignatureUse(new_id(), now + timedelta(seconds=seconds), was_fresh, theirs, number)
        for number, (theirs, seconds, was_fresh) in enumerate(uses)
    ]

    sharing = compare_uses(names, now, is_fresh, known)

    is_plain = all(theirs and not theirs & names for theirs, _, _ in uses) and bool(names)
    is_together = all(abs(seconds) <= 5 and was_fresh for _, seconds, was_fresh in uses) and is_fresh
    assert sharing.is_alarm == (bool(uses) and not (is_plain and is_together and len(uses) < MOST_TOGETHER))
    assert sharing.number == len(uses)


def test_names_leave_out_what_was_erased() -> None:
    row_id = UUID(int=7)

    assert names_of_job(row_id, "job-1") == {str(row_id), "job-1"}
    assert names_of_job(None, "[erased]") == names_of_job(None, "") == frozenset()
