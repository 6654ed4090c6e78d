"""Warnings are kept beside the outcome, confirmed and claimed apart, and change neither outcome nor decision."""

from typing import Any

import pytest
from sqlmodel import select

from dashboard.callbacks.inspecting.proof import contradiction
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.erasing import erase_jobs, erase_results
from dashboard.jobs.following.outcome import keep_result, note_disagreement, read_result, settle_job
from dashboard.jobs.models import Job, Outcome, Result, ResultSource
from dashboard.jobs.needs import needs_of
from dashboard.jobs.showing.warning_words import warning_words, warnings_sentence
from dashboard.jobs.showing.wording import verdict_sentence
from dashboard.jobs.warnings import JobWarning, personal_facts, warnings_of
from dashboard.smile.warnings import MOST_NAMED, WarningKind
from tests.factories.jobs import events_of, make_sent_job, reload, results_of

pytestmark = pytest.mark.both_engines

SEEN = {"IDNumberPreviouslyRegistered": "true", "UserIDsOfPreviousRegistrants": ["user-1", "user-2"]}
SECURE = {
    "ResultCode": "5211",
    "ResultText": "Suspect Users Found",
    "Antifraud": {"SuspectUsers": [{"user_id": "user-9", "reason": "same-person"}]},
}


def confirm(database: Database, job: Job, **payload: Any) -> None:
    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        answer = read_result({"ResultCode": "0810", "ResultText": "ok"} | payload, row.job_type)
        settle_job(session, row, answer, ResultSource.JOB_STATUS, utc_now())


def claim(database: Database, job: Job, **payload: Any) -> None:
    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        answer = read_result({"ResultCode": "0810", "ResultText": "ok"} | payload, row.job_type)
        keep_result(session, row, answer, ResultSource.CALLBACK, utc_now(), is_confirmed=False)
        note_disagreement(session, row, utc_now())


def kept(database: Database, job: Job) -> list[JobWarning]:
    with database.reading() as session:
        return list(session.exec(select(JobWarning).where(JobWarning.job_id == job.id).order_by(JobWarning.id)).all())


def names(database: Database, job: Job) -> list[str]:
    return [need.name for need in needs_of(reload(database, job), utc_now())]


def test_approval_with_a_number_seen_before_says_so_and_needs_somebody(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    confirm(database, job, **SEEN)

    (warning,) = kept(database, job)
    assert (warning.kind, warning.is_confirmed, warning.source) == ("number_seen_before", True, ResultSource.JOB_STATUS)
    assert (warning.user_ids, warning.facts) == (["user-1", "user-2"], {"count": 2})
    row = reload(database, job)
    assert (row.outcome, names(database, job)) == (Outcome.APPROVED, ["warning"])
    assert verdict_sentence(row, [warning]) == (
        "Approved, but this number was used by two others. The face matches the authority's photo."
    )


def test_smile_secures_own_callback_claims_a_warning_and_contradicts_nothing(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    confirm(database, job)
    assert names(database, job) == []

    claim(database, job, **SECURE)
    claim(database, job, **SECURE)

    (warning,) = kept(database, job)
    row = reload(database, job)
    assert (row.outcome, row.result_code, row.disagreement) == (Outcome.APPROVED, "0810", None)
    assert (warning.kind, warning.is_confirmed, row.warning_count) == ("face_seen_before", False, 1)
    assert warning_words(warning) == "a callback claims that this face was seen before under one other user id"
    assert names(database, job) == ["warning"]
    assert events_of(database, job).count("warning") == 1
    confirmed = [result for result in results_of(database, job) if result.is_confirmed]
    assert contradiction(SECURE, row, confirmed) is None


@pytest.mark.parametrize(("code", "warned"), [("5210", []), ("5212", ["search_failed"])])
def test_smile_secure_that_found_nobody_or_failed(database: Database, settings: Settings, code: str, warned: list[str]):
    job = make_sent_job(database, settings)
    confirm(database, job)

    claim(database, job, ResultCode=code, Antifraud={"SuspectUsers": []})

    assert [warning.kind for warning in kept(database, job)] == warned
    assert reload(database, job).disagreement is None


def test_smile_secure_never_decides_even_where_job_status_tells_of_it(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    confirm(database, job)

    confirm(database, job, **SECURE)

    row = reload(database, job)
    assert (row.outcome, row.result_code) == (Outcome.APPROVED, "0810")
    assert [warning.is_confirmed for warning in kept(database, job)] == [True]


def test_what_is_confirmed_stands_for_its_claim_and_users_add_up(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    claim(database, job, UserIDsOfPreviousRegistrants=["user-7"])

    confirm(database, job, **SEEN)
    confirm(database, job, UserIDsOfPreviousRegistrants=["user-3"])

    assert len(kept(database, job)) == 2
    with database.reading() as session:
        (shown,) = warnings_of(session, [job.id])[job.id]
    assert shown.is_confirmed
    assert (shown.user_ids, shown.facts) == (["user-1", "user-2", "user-3"], {"count": 3})
    assert reload(database, job).warning_count == 1


def test_personal_facts_are_sealed_and_go_with_what_smile_answered(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    confirm(database, job, DateOfDeath="2020-02-01", **SEEN)
    deceased = next(each for each in kept(database, job) if each.kind == WarningKind.DECEASED)
    assert deceased.facts == {}
    with database.reading() as session:
        assert personal_facts(session, deceased) == {"date_of_death": "2020-02-01"}

    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        results = session.exec(select(Result).where(Result.job_id == job.id).order_by(Result.id)).all()
        erase_results(session, [(row, results)], "The time is over.", utc_now())

    assert {each.kind for each in kept(database, job)} == {"deceased", "number_seen_before"}
    assert all(each.personal_sealed is None for each in kept(database, job))


def test_erased_job_keeps_the_kinds_alone_and_needs_nobody(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    confirm(database, job, DateOfDeath="2020-02-01", **SEEN)

    with database.transaction() as session:
        erase_jobs(session, [session.get_one(Job, job.id)], "Asked for.", utc_now())

    assert {str(each.facts) for each in kept(database, job)} == {"{}", "{'count': 2}"}
    assert [each.user_ids for each in kept(database, job)] == [[], []]
    assert names(database, job) == []


def test_an_erased_customer_is_named_in_no_other_job(database: Database, settings: Settings):
    warned, *of_user = (make_sent_job(database, settings, user_id=user) for user in ("warned", "user-1", "user-1"))
    confirm(database, warned, **SEEN)

    def erase(job: Job) -> list[str]:
        with database.transaction() as session:
            erase_jobs(session, [session.get_one(Job, job.id)], "Asked for.", utc_now())
        return kept(database, warned)[0].user_ids

    assert erase(of_user[0]) == ["user-1", "user-2"]  # another job of the same customer is still here
    assert erase(of_user[1]) == ["user-2"]
    (warning,) = kept(database, warned)
    assert warning.facts == {"count": 2}


def test_customers_are_named_up_to_a_bound(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    for first in (0, MOST_NAMED):
        named = [f"user-{number}" for number in range(first, first + MOST_NAMED - 1)]
        confirm(database, job, UserIDsOfPreviousRegistrants=named)

    (warning,) = kept(database, job)
    assert len(warning.user_ids) == MOST_NAMED
    assert warning.user_ids[0] == "user-0"


def test_sentence_names_two_and_says_how_many_more_there_are():
    def warning(kind: WarningKind, **facts: Any) -> JobWarning:
        return JobWarning(kind=kind, facts=facts, is_confirmed=True)

    found = [warning(WarningKind.DECEASED), warning(WarningKind.NUMBER_SEEN_BEFORE, count=12)]

    assert warnings_sentence([]) == ""
    assert warnings_sentence(found[:1]) == "the authority records this person as deceased"
    assert warnings_sentence([*found, *found]) == (
        "the authority records this person as deceased, this number was used by 12 others,"
        " and two more warnings are listed below"
    )


@pytest.mark.parametrize("kind", WarningKind)
def test_every_kind_has_words(kind: WarningKind):
    for facts in ({}, {"count": 1, "fields": ["DOB"], "lists": ["UN"]}):
        said = warning_words(JobWarning(kind=kind, facts=facts, is_confirmed=False))
        assert said.startswith("a callback claims that ")
        assert "no other" not in said


def test_warning_of_a_rejection_is_said_but_needs_nobody(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    confirm(database, job, ResultCode="0811", **SEEN)

    row = reload(database, job)
    assert row.outcome in (Outcome.REJECTED, Outcome.UNKNOWN)
    assert "warning" not in names(database, job)
    assert "This number was used by two others." in verdict_sentence(row, kept(database, job))
