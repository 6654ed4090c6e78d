"""Processing many again: counted first, bounded, worked off in batches, safe after a kill, told while it runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, func, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks import tasks as callback_tasks
from dashboard.callbacks.models import Callback, ProcessingRun, Verdict
from dashboard.callbacks.processing import runs
from dashboard.callbacks.processing import views as processing_views
from dashboard.callbacks.processing.runs import BATCH, claim_run, runs_due, work_batch
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobEvent
from dashboard.smile_keys import add_key, seed_keys, smile_keys
from dashboard.team.models import Member
from tests.factories.callbacks import deliver, encode, make_job, make_payload, sign
from tests.factories.features import TASKS

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
LATE_KEY = "a-key-that-came-late"


def deliver_signed_late(client: FlaskClient, count: int) -> None:
    for number in range(count):
        payload = make_payload(age=timedelta(seconds=number + 1))
        deliver(client, encode(payload | {"signature": sign(payload["timestamp"], LATE_KEY)}))


@pytest.fixture
def refused(client: FlaskClient, database: Database, settings: Settings) -> int:
    """More than two batches that were signed with a key which came late, and one that was valid all along."""
    make_job(database)
    deliver(client, encode(make_payload()))
    deliver_signed_late(client, 2 * BATCH + 3)
    with database.transaction() as session:
        seed_keys(session, settings, utc_now())
        add_key(session, "sandbox", LATE_KEY, "ada@example.com", utc_now())
    return 2 * BATCH + 3


def ask(sign_in: SignIn, **filters: str) -> str:
    answer = sign_in("ben").post("/callbacks/processing-runs", data=filters)
    assert answer.status_code == 303, answer.text
    return answer.location


def the_run(database: Database) -> ProcessingRun:
    with database.reading() as session:
        return session.exec(select(ProcessingRun)).one()


def count(session: Session, *conditions: Any) -> int:
    return session.exec(select(func.count()).select_from(Callback).where(*conditions)).one()


def test_asking_shows_how_many_and_does_nothing_yet(refused: int, sign_in: SignIn, session: Session) -> None:
    page = sign_in("ben").get("/callbacks/processing-runs/new?verdict=wrong")

    assert f"Process {refused} callbacks again" in page.text
    assert session.exec(select(ProcessingRun).order_by(ProcessingRun.id)).all() == []


def test_one_is_counted_as_one_and_none_as_none(client: FlaskClient, sign_in: SignIn) -> None:
    deliver(client, encode(make_payload()))
    signed_in = sign_in("ben")

    assert "Process 1 callback again" in signed_in.get("/callbacks/processing-runs/new").text
    assert "Nothing to process" in signed_in.get("/callbacks/processing-runs/new?verdict=nonsense").text
    late = signed_in.post("/callbacks/processing-runs", data={"verdict": "nonsense"}, follow_redirects=True)
    assert "No callback matches these filters any longer" in late.text


def test_a_run_keeps_to_the_days_of_the_member_who_asked(
    app: Flask, client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")  # where it is tomorrow for most of a day
    deliver(client, encode(make_payload()))
    sign_in("ben")
    with database.transaction() as session:
        session.exec(select(Member)).one().time_zone = zone.key

    ask(sign_in, day=utc_now().astimezone(zone).date().isoformat())
    with app.app_context():
        TASKS["callbacks.process_run"].run(the_run(database).id)

    assert (the_run(database).filters["zone"], the_run(database).total, the_run(database).done) == (zone.key, 1, 1)


def test_viewers_process_nothing(refused: int, sign_in: SignIn, session: Session) -> None:
    signed_in = sign_in("cleo")

    assert signed_in.get("/callbacks/processing-runs/new").status_code == 403
    assert signed_in.post("/callbacks/processing-runs").status_code == 403
    assert "processing-runs" not in signed_in.get("/callbacks").text
    assert session.exec(select(ProcessingRun).order_by(ProcessingRun.id)).all() == []


def test_all_that_match_are_processed_and_their_end_is_told(
    app: Flask, refused: int, database: Database, session: Session, sign_in: SignIn
) -> None:
    back = ask(sign_in, verdict="wrong")
    run = the_run(database)
    under_way = sign_in("ben").get(back).text

    with app.app_context():
        TASKS["callbacks.process_run"].run(run.id)
    done = sign_in("ben").get("/callbacks").text
    twin = sign_in("cleo").get(f"/callbacks/processing-runs/{run.id}.json").json

    assert back == "/callbacks?verdict=wrong"
    assert f"Processing again: 0 of {refused} callbacks" in under_way
    assert f"Done: {refused} of {refused} callbacks processed again" in done
    assert (twin["total"], twin["done"], twin["asked_by"]) == (refused, refused, "ben@example.com")
    assert twin["finished_at"]
    assert count(session, Callback.verdict == Verdict.VALID) == refused + 1
    again = session.exec(select(JobEvent).where(JobEvent.kind == "callback_again").order_by(JobEvent.id)).all()
    assert len(again) == refused
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "callback.run_started")).one()
    assert line.details == {"verdict": "wrong", "count": str(refused)}


def test_what_came_after_it_was_asked_for_is_left_out(
    app: Flask, client: FlaskClient, refused: int, database: Database, sign_in: SignIn
) -> None:
    ask(sign_in, again="", job="job-1")
    deliver(client, encode(make_payload(ResultText="later")))

    with app.app_context():
        callback_tasks.process_run(the_run(database).id)

    assert the_run(database).done == refused + 1


def test_killed_run_goes_on_where_it_was_and_leaves_nothing_out(
    app: Flask, refused: int, database: Database, session: Session, settings: Settings, sign_in: SignIn
) -> None:
    ask(sign_in, verdict="wrong")
    run, now = the_run(database), utc_now()
    due = TASKS["callbacks.process_run"].find_due
    with app.app_context():
        keys = smile_keys(fresh=True)
    with database.transaction() as worker:
        assert claim_run(worker, run.id, now)
    with database.transaction() as worker:
        work_batch(worker, run.id, settings, keys, now)
    with database.reading() as killed:
        work_batch(killed, run.id, settings, keys, now)  # and nothing of it is committed

    with database.transaction() as worker:
        assert not claim_run(worker, run.id, now)
        assert due(worker, "sandbox", now, 10) == []
        assert list(due(worker, "sandbox", now + runs.CLAIMED_FOR, 10)) == [run.id]
        assert runs_due(worker, "production", now + runs.CLAIMED_FOR, 10) == []
    with database.transaction() as worker:
        assert claim_run(worker, run.id, now + runs.CLAIMED_FOR)
    to_hand_over: list[Any] | None = []
    while to_hand_over is not None:
        with database.transaction() as worker:
            to_hand_over = work_batch(worker, run.id, settings, keys, now)

    assert the_run(database).done == refused
    assert count(session, Callback.verdict == Verdict.WRONG) == 0
    assert (
        len(session.exec(select(JobEvent).where(JobEvent.kind == "callback_again").order_by(JobEvent.id)).all())
        == refused
    )


def test_more_than_the_most_are_told_of_and_the_newest_taken(
    app: Flask, refused: int, database: Database, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (runs, processing_views):
        monkeypatch.setattr(module, "MOST_IN_A_RUN", 12)

    page = sign_in("ben").get("/callbacks/processing-runs/new?verdict=wrong").text
    ask(sign_in, verdict="wrong")
    with app.app_context():
        callback_tasks.process_run(the_run(database).id)

    assert "More than 12 match. The newest 12 will be processed" in page
    assert (the_run(database).total, the_run(database).done) == (12, 12)


def test_body_that_no_key_opens_keeps_nobody_else_waiting(
    app: Flask, refused: int, database: Database, session: Session, sign_in: SignIn
) -> None:
    with database.transaction() as writer:
        lost = writer.exec(select(Callback).where(Callback.verdict == Verdict.WRONG).limit(1)).one()
        lost.body_sealed = b"not ours"
    ask(sign_in, verdict="wrong")

    with app.app_context():
        callback_tasks.process_run(the_run(database).id)

    assert the_run(database).finished_at
    assert count(session, Callback.verdict == Verdict.WRONG) == 1


def test_number_that_was_searched_for_is_kept_sealed(
    app: Flask, refused: int, database: Database, session: Session, sign_in: SignIn
) -> None:
    ask(sign_in, q="00000000000")
    run = the_run(database)

    with app.app_context():
        callback_tasks.process_run(run.id)

    assert "00000000000" not in str(run.filters)
    assert the_run(database).done == refused + 1
    assert "00000000000" not in str(
        [line.details for line in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()]
    )


def test_list_notices_how_far_a_run_is(refused: int, database: Database, sign_in: SignIn) -> None:
    ask(sign_in, verdict="wrong")
    signed_in, htmx = sign_in("ben"), {"HX-Request": "true"}
    page = signed_in.get("/callbacks").text
    live_address = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

    unchanged = signed_in.get(live_address, headers=htmx)
    with database.transaction() as session:
        session.get_one(ProcessingRun, the_run(database).id).done = 7
    changed = signed_in.get(live_address, headers=htmx)

    assert unchanged.status_code == 204
    assert f"Processing again: 7 of {refused} callbacks" in changed.text
