"""Erasing a person: nothing of them is found afterwards, anywhere, and the proof stays."""

import json
import logging
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.processing.handling import hand_to_job
from dashboard.config import Settings
from dashboard.db import Database, sqlite, utc_now
from dashboard.errors import Conflict
from dashboard.jobs.following.following import request_check
from dashboard.jobs.models import Image, Job, JobEvent, JobState, Result
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.links.codes import EarlierCode
from dashboard.links.managing import add_code
from dashboard.links.messages import send_link
from dashboard.links.models import Link
from dashboard.privacy.erasing import erase_stragglers, latest_erasures
from dashboard.privacy.journal import apply_erasures, note_erasures
from dashboard.privacy.models import Erasure
from dashboard.privacy.traces import wipe_traces
from dashboard.stored_settings import read_branding, write_branding
from dashboard.team.email.outbox import OutgoingMail
from tests.conftest import SECRET_KEY
from tests.factories.callbacks import store_arrivals
from tests.factories.events import in_words
from tests.factories.jobs import make_job, reload, update_job
from tests.factories.persons import AMINA, BABA, Person, arrival_of, make_known_person, payload_of
from tests.factories.plans import noted_statements
from tests.unit.privacy.traces import places_that_name, sealed_places_that_name

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGE = "/privacy"


@pytest.fixture
def ada(app: Flask, sign_in: SignInAs) -> FlaskClient:
    return sign_in("ada")


def erase(ada: FlaskClient, *jobs: Job, identifier: str = AMINA.reference, **changes: object):
    ids = [str(job.id) for job in jobs]
    return ada.post(
        f"{PAGE}/erasures", data={"identifier": identifier, "job": ids, "confirmation": identifier} | changes
    )


@pytest.mark.parametrize("identifier", [AMINA.reference, AMINA.user_id, AMINA.number, f" {AMINA.number} "])
def test_person_is_found_by_reference_user_id_or_number(
    ada: FlaskClient, database: Database, settings: Settings, identifier: str
):
    job, callback, link = make_known_person(database, settings)
    make_known_person(database, settings, BABA)

    page = ada.post(f"{PAGE}/searches", data={"identifier": identifier})
    twin = ada.post(f"{PAGE}/searches.json", data={"identifier": identifier}).json

    assert page.status_code == 200
    assert page.text.count('name="job"') == 1
    assert re.search(rf'value="{job.id}"[^>]*checked', page.text)
    assert (twin["jobs"], twin["callbacks"]) == ([str(job.id)], [str(callback.id)])
    assert (twin["counts"]["images"], twin["counts"]["results"], twin["counts"]["tokens"]) == (1, 1, 1)
    if identifier == AMINA.reference:
        assert twin["links"] == [str(link.id)]


@pytest.mark.parametrize("identifier", ["", "   ", "x" * 201, "a\0b"])
def test_nonsense_is_told_beside_the_field(ada: FlaskClient, identifier: str):
    answer = ada.post(f"{PAGE}/searches", data={"identifier": identifier})

    assert answer.status_code == 422
    assert 'id="identifier-error"' in answer.text


def test_part_of_an_id_finds_nobody(ada: FlaskClient, database: Database, settings: Settings):
    make_known_person(database, settings)

    for part in (AMINA.reference[:-1], AMINA.number[1:], "%", AMINA.mark):
        assert "Nothing found" in ada.post(f"{PAGE}/searches", data={"identifier": part}).text


def test_jobs_that_share_an_id_are_shown_but_not_ticked(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    other = make_job(database, settings, asks={"user_id": AMINA.user_id, "customer_reference": "another"})

    page = ada.post(f"{PAGE}/searches", data={"identifier": AMINA.reference}).text

    assert re.search(rf'value="{job.id}"[^>]*checked', page)
    assert re.search(rf'value="{other.id}"', page)
    assert not re.search(rf'value="{other.id}"[^>]*checked', page)
    assert "same user id" in page


def test_orphan_that_names_the_person_goes_with_them_and_another_stays(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, *_ = make_known_person(database, settings)
    longer = Person(f"{AMINA.mark}2")
    with database.transaction() as writing:
        store_arrivals(
            writing,
            arrival_of(payload_of(AMINA, job_id="nobody-knows-1", age_in_seconds=2)),
            arrival_of(payload_of(longer, job_id="nobody-knows-2", age_in_seconds=3)),
        )

    erase(ada, job)

    orphans = session.exec(select(Callback).where(col(Callback.job_id).is_(None)).order_by(col(Callback.id))).all()
    assert [(each.claimed_job_id, bool(each.body_sealed)) for each in orphans] == [
        ("[erased]", False),
        ("nobody-knows-2", True),
    ]


def test_after_an_erasure_nothing_of_the_person_is_found_anywhere(
    ada: FlaskClient, database: Database, settings: Settings, tmp_path: Path
):
    job, callback, link = make_known_person(database, settings)
    make_known_person(database, settings, BABA)
    assert not database.is_sqlite or "dashboard.db-wal" in places_that_name(database, tmp_path, AMINA)
    assert {"job.user_id", "job_event.text"} <= set(places_that_name(database, tmp_path, AMINA))
    assert len(sealed_places_that_name(database, AMINA)) >= 5

    answer = erase(ada, job)

    assert answer.status_code == 303, answer.text
    assert places_that_name(database, tmp_path, AMINA) == []
    assert sealed_places_that_name(database, AMINA) == []
    assert len([path for path in (tmp_path / "media").rglob("*") if path.is_file()]) == 1
    assert places_that_name(database, tmp_path, BABA)
    assert len(sealed_places_that_name(database, BABA)) >= 5
    places = (f"jobs/{job.id}", f"callbacks/{callback.id}", f"links/{link.id}", "audit", "jobs", "callbacks", "links")
    told = [ada.get(f"/{place}{kind}").text for kind in ("", ".json") for place in places]
    assert not any(AMINA.mark in text.lower() for text in told)
    assert all("erased" in text for text in told[:3])


def test_decision_codes_times_and_hashes_stay(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, callback, _ = make_known_person(database, settings)
    before = reload(database, job)

    erase(ada, job)

    after, left = reload(database, job), session.get_one(Callback, callback.id)
    same = ("product", "state", "outcome", "result_code", "country", "id_type", "created_at", "settled_at")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert (left.verdict, left.body_sha256, left.job_id) == (Verdict.VALID, callback.body_sha256, job.id)
    [result] = session.exec(select(Result).where(Result.job_id == job.id).order_by(Result.id)).all()
    assert (result.result_code, result.payload_sealed) == ("0810", b"")
    assert result.payload_digest
    texts = [
        in_words(event)
        for event in session.exec(select(JobEvent).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()
    ]
    assert "Confirmed with Smile: approved, code 0810." in texts
    assert texts.count("[erased]") == 2


def test_facts_that_name_the_person_go_and_others_stay(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, *_ = make_known_person(database, settings)
    quoted = problem(ProblemKind.NO_ANSWER, said=f"{AMINA.reference} is not known.")
    told = [
        (EventKind.FAILED, {"problem": quoted}),
        (EventKind.CHECK_REQUESTED, {"by": f"{AMINA.user_id}@example.com"}),
        (EventKind.DISAGREEMENT, {"claimed": "approved", "claimed_code": AMINA.number, "confirmed": "rejected"}),
        (EventKind.EXPIRED, {"problem": problem(ProblemKind.NO_RESULT)}),
        (EventKind.CALLBACK_AGAIN, {"callback_id": "7", "verdict": "valid", "by": AMINA.user_id, "reason": []}),
    ]
    with database.transaction() as writing:
        row = writing.get_one(Job, job.id)
        row.problem, row.disagreement, row.disagreement_facts = quoted, "contradicted", told[2][1]
        for kind, facts in told:
            add_event(writing, row, kind, utc_now(), facts)

    assert erase(ada, job).status_code == 303

    rows = session.exec(select(JobEvent).where(JobEvent.job_id == job.id).order_by(col(JobEvent.id))).all()
    left = {row.kind: (row.text, row.facts) for row in rows}
    for kind in (EventKind.FAILED, EventKind.CHECK_REQUESTED, EventKind.DISAGREEMENT):
        assert left[kind] == ("[erased]", {})
    assert left[EventKind.EXPIRED] == ("", told[3][1])
    assert left[EventKind.CALLBACK_AGAIN] == ("", {"callback_id": "7", "verdict": "valid", "is_erased": True})
    after = reload(database, job)
    assert (after.problem, after.disagreement, after.disagreement_facts) == (None, "[erased]", None)


def test_proof_says_who_when_and_how_much_and_its_hash_fits(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, *_ = make_known_person(database, settings)

    address = erase(ada, job).headers["Location"]

    proof, page = ada.get(f"{address}.json").json, ada.get(address).text
    assert proof["erased_by"] == "ada@example.com"
    assert proof["counts"] == {
        "jobs": 1,
        "images": 1,
        "results": 1,
        "callbacks": 1,
        "links": 1,
        "tokens": 1,
        "events": proof["counts"]["events"],
    }
    assert len(proof["identifier_digests"]) == 3
    with database.reading() as reading:
        keyring = reading.info["keyring"]
    assert set(proof["identifier_digests"]) == {
        keyring.digest_for_search(text) for text in (AMINA.reference, AMINA.user_id, AMINA.number)
    }
    assert session.exec(select(Erasure)).one().is_intact
    assert (settings.instance_dir / "erasures.jsonl").stat().st_mode & 0o077 == 0
    assert "This proof was changed" not in page
    assert proof["id"] in ada.get(PAGE).text
    assert ada.get(f"{PAGE}.json").json["items"] == [proof]
    [line] = session.exec(
        select(AuditEntry).where(AuditEntry.action == "person.erased").order_by(AuditEntry.sequence)
    ).all()
    assert line.details["jobs"] == "1"


def test_changed_proof_shows(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    address = erase(ada, job).headers["Location"]
    with database.transaction() as session:
        erasure = session.exec(select(Erasure)).one()
        erasure.manifest = erasure.manifest | {"links": []}

    assert "This proof was changed" in ada.get(address).text


def test_wrong_confirmation_erases_nothing(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)

    answer = erase(ada, job, confirmation="yes")

    assert answer.status_code == 422
    assert 'id="confirmation-error"' in answer.text
    assert f'value="{job.id}"' in answer.text
    assert reload(database, job).erased_at is None


def test_job_that_smile_works_on_is_refused_and_one_it_does_not_know_is_cancelled(
    ada: FlaskClient, database: Database, settings: Settings
):
    asks = {"customer_reference": AMINA.reference, "person": AMINA.given, "id_number": AMINA.number}
    queued = make_job(database, settings, asks=asks)
    waiting = make_job(database, settings, asks=asks, state=JobState.WAITING, submitted_at=utc_now())

    refused = erase(ada, waiting)
    assert refused.status_code == 409
    assert "is not settled yet" in refused.text
    assert f'value="{waiting.id}"' in refused.text
    assert reload(database, waiting).erased_at is None
    assert erase(ada, queued).status_code == 303
    after = reload(database, queued)
    assert (after.state, after.due_at) == (JobState.CANCELLED, None)
    assert after.erased_at


def test_job_that_is_being_asked_about_is_refused(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    with database.transaction() as session:
        session.get_one(Job, job.id).lease = "a run"

    assert erase(ada, job).status_code == 409
    assert reload(database, job).erased_at is None


def test_later_callback_does_not_bring_the_person_back(
    ada: FlaskClient, database: Database, settings: Settings, tmp_path: Path, session: Session
):
    job, *_ = make_known_person(database, settings)
    erase(ada, job)

    with database.transaction() as writing:
        [receipt] = store_arrivals(writing, arrival_of(payload_of(AMINA, age_in_seconds=2)))
    assert receipt
    with database.transaction() as writing:
        hand_to_job(writing, receipt.callback_id, utc_now())

    assert places_that_name(database, tmp_path / "media", AMINA) == []
    assert sealed_places_that_name(database, AMINA) == []
    kept = session.get_one(Callback, receipt.callback_id)
    assert (kept.job_id, kept.verdict, kept.body_sealed, kept.result_code) == (job.id, Verdict.VALID, b"", "0810")
    assert len(session.exec(select(Result).where(Result.job_id == job.id).order_by(Result.id)).all()) == 1
    assert ada.get(f"/callbacks/{kept.id}").status_code == 200
    assert ada.get(f"/callbacks/{kept.id}/body").status_code == 404


def test_callback_at_the_address_of_an_erased_job_is_kept_as_a_fact_whatever_it_names(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, *_ = make_known_person(database, settings)
    erase(ada, job)
    key = callback_key(SECRET_KEY, job.id)

    for age, names in ((2, AMINA.job_id), (3, f"other-{AMINA.mark}")):
        payload = payload_of(AMINA, job_id=names, age_in_seconds=age)
        assert ada.post(f"/hooks/smile/{key}", json=payload).status_code == 200

    assert sealed_places_that_name(database, AMINA) == []
    kept = session.exec(select(Callback).where(Callback.job_id == job.id).order_by(Callback.id)).all()
    assert len(kept) == 3
    assert AMINA.mark not in repr([each.model_dump() for each in kept])


def test_callback_that_was_being_stored_meanwhile_is_erased_by_the_worker(
    ada: FlaskClient, database: Database, settings: Settings, tmp_path: Path
):
    job, *_ = make_known_person(database, settings)
    erase(ada, job)
    with database.transaction() as session:
        # As another transaction stored it that had looked the job up before.
        session.get_one(Job, job.id).erased_at = None
    with database.transaction() as session:
        arrival = arrival_of(payload_of(AMINA, job_id=reload(database, job).job_id, age_in_seconds=2))
        store_arrivals(session, arrival)
        session.get_one(Job, job.id).erased_at = utc_now()
    assert sealed_places_that_name(database, AMINA) == ["callback.body_sealed"]

    with database.transaction() as session:
        assert [erase_stragglers(session, each, utc_now()) for each in latest_erasures(session, utc_now())] == [[]]
    wipe_traces(database)

    assert sealed_places_that_name(database, AMINA) == []
    assert places_that_name(database, tmp_path, AMINA) == []


def test_nothing_stays_in_the_file_of_a_database_that_was_written_to_for_long(
    ada: FlaskClient, database: Database, settings: Settings, tmp_path: Path
):
    """Rows that grew and moved leave copies in pages, unless what is deleted is overwritten."""
    if not database.is_sqlite:
        pytest.skip("what PostgreSQL keeps on disk is out of a test's reach")
    job, *_ = make_known_person(database, settings)
    for length in range(0, 1200, 60):
        update_job(database, job, customer_reference=AMINA.reference + "x" * length, last_error=AMINA.mark * length)
        make_job(database, settings, asks={"customer_reference": f"other-{length}", "images": ()})
    update_job(database, job, customer_reference=AMINA.reference, last_error=None)

    assert erase(ada, job).status_code == 303
    with database.engine.connect() as connection, closing(sqlite.connect(tmp_path / "backup.db")) as backup:
        connection.connection.driver_connection.backup(backup)

    assert places_that_name(database, tmp_path, AMINA) == []
    assert (tmp_path / "backup.db").stat().st_size > 50_000


def test_logs_name_nobody(
    ada: FlaskClient, database: Database, settings: Settings, caplog: pytest.LogCaptureFixture, capsys: Any
):
    job, *_ = make_known_person(database, settings)
    with caplog.at_level(logging.DEBUG):
        ada.post(f"{PAGE}/searches", data={"identifier": AMINA.number})
        erase(ada, job, confirmation="wrong")
        erase(ada, job)

    captured = capsys.readouterr()
    assert AMINA.mark not in caplog.text + captured.out + captured.err


def test_smile_is_not_asked_again_about_an_erased_job(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    erase(ada, job)

    with pytest.raises(Conflict), database.transaction() as session:
        request_check(session, session.get_one(Job, job.id), "ben@example.com", utc_now())
    page = ada.get(f"/jobs/{job.id}").text
    assert "Run again" not in page
    assert "Check now" not in page


def test_restored_backup_is_erased_again_and_gets_its_proofs_back(
    app: Flask, ada: FlaskClient, database: Database, settings: Settings, tmp_path: Path
):
    job, *_ = make_known_person(database, settings)
    address = erase(ada, job).headers["Location"]
    proof = ada.get(f"{address}.json").json
    # As a backup from before brings it back: the very same row with the person in it, and no proof.
    with database.transaction() as session:
        session.delete(session.exec(select(Erasure)).one())
        row = session.get_one(Job, job.id)
        row.erased_at, row.user_id, row.customer_reference = None, AMINA.user_id, AMINA.reference
        row.state = JobState.DONE
        callback = session.exec(select(Callback).where(Callback.job_id == job.id)).one()
        callback.search_text, callback.erased_at = AMINA.job_id, None
    assert places_that_name(database, tmp_path / "media", AMINA)

    with app.app_context(), database.transaction() as session:
        assert apply_erasures(session, settings) == 1
    with app.app_context(), database.transaction() as session:
        assert apply_erasures(session, settings) == 1

    assert places_that_name(database, tmp_path / "media", AMINA) == []
    assert ada.get(f"{address}.json").json == proof
    with database.reading() as session:
        events = session.exec(
            select(JobEvent).where(JobEvent.job_id == job.id, col(JobEvent.kind) == "erased").order_by(JobEvent.id)
        ).all()
        assert session.exec(select(Image).where(Image.job_id == job.id)).first() is None
    assert len(events) == 4  # pictures, answers and person at first; the person again, and once only


def test_journal_survives_a_line_that_was_cut_short(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    path = settings.instance_dir / "erasures.jsonl"
    path.write_bytes(b'{"id": "cut sh')

    erase(ada, job)
    with database.reading() as session:
        assert note_erasures(session, settings) == 0

    last = path.read_bytes().strip().split(b"\n")[-1]
    assert json.loads(last)["counts"]["jobs"] == 1


def test_link_of_an_erased_person_no_longer_works(
    ada: FlaskClient, database: Database, settings: Settings, session: Session
):
    job, _, link = make_known_person(database, settings)
    with database.transaction() as writing:
        code = add_code(writing, writing.get_one(Link, link.id), None, utc_now())
        send_link(
            writing, writing.get_one(Link, link.id), code, AMINA.email, "ben@example.com", True, settings, utc_now()
        )

    erase(ada, job)

    left = session.get_one(Link, link.id)
    assert left.revoked_at
    assert (left.customer_reference, left.prefill_sealed) == ("[erased]", None)
    assert session.exec(select(EarlierCode)).all() == []
    assert session.exec(select(OutgoingMail.due_at, OutgoingMail.content_sealed)).one() == (None, None)


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_only_owners_are_let_in(sign_in: SignInAs, who: str):
    member = sign_in(who)

    assert {member.get(address).status_code for address in (PAGE, f"{PAGE}.json")} == {403}
    for action in ("searches", "searches.json", "exports", "erasures"):
        assert member.post(f"{PAGE}/{action}", data={"identifier": "x"}).status_code == 403


def test_erasing_reads_no_more_often_for_more_jobs(ada: FlaskClient, database: Database, settings: Settings):
    reads = []
    for person, more in ((AMINA, 0), (BABA, 3)):
        job, *_ = make_known_person(database, settings, person)
        asks = {"customer_reference": person.reference}
        others = [make_job(database, settings, asks=asks, state=JobState.DONE) for _ in range(more)]
        with noted_statements() as noted:
            erased = erase(ada, job, *others, identifier=person.reference)
        assert erased.status_code == 303
        reads.append(sum(statement.lstrip().startswith("SELECT") for statement, _ in noted))

    assert reads[0] == reads[1]


def test_counts_are_of_what_is_ticked_now(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    found = {"identifier": AMINA.reference}

    def shown(*jobs: str, **headers: str) -> str:
        return ada.post(f"{PAGE}/counts", data=found | {"job": list(jobs)}, headers=headers).text

    with_it, without = shown(str(job.id), **{"HX-Request": "true"}), shown(**{"HX-Request": "true"})

    assert "With the ticked job" in with_it
    assert '<dt>Images</dt><dd class="number">1</dd>' in with_it
    assert "With no job ticked" in without
    assert '<dt>Images</dt><dd class="number">0</dd>' in without
    assert "<html" not in with_it
    page = shown(str(job.id))  # without script
    assert re.search(rf'value="{job.id}"[^>]*checked', page)
    assert AMINA.reference in re.search(r'<th scope="row">(.*?)</th>', page, re.DOTALL)[1]


def test_proof_is_in_the_time_zone_of_the_company(ada: FlaskClient, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    with database.transaction() as session:
        branding = replace(read_branding(session, settings), time_zone="Africa/Lagos")
        write_branding(session, branding, utc_now())
    address = erase(ada, job).headers["Location"]
    with database.transaction() as session:
        session.exec(select(Erasure)).one().at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    page = ada.get(address).text

    assert "1 Jan 2027, 00:30:00 WAT" in page
    assert "data-print" in page


def test_job_says_once_why_it_was_erased_and_leads_owners_to_the_proof(
    ada: FlaskClient, sign_in: SignInAs, database: Database, settings: Settings
):
    job, *_ = make_known_person(database, settings)
    address = erase(ada, job).headers["Location"]

    part = re.search(r'id="erased-heading".*?</section>', ada.get(f"/jobs/{job.id}").text, re.DOTALL)[0]

    assert part.count("The person was erased on request, proof") == 1
    assert f'href="{address}"' in part
    assert address not in sign_in("cleo").get(f"/jobs/{job.id}").text
