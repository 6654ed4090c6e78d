"""Retention: what each rule erases, what it never touches, the dry run, and the page."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Image, Job, JobState, Outcome, Result
from dashboard.links.models import Link
from dashboard.privacy.retention import KINDS, erase_batch, read_rules, what_would_go, write_rules
from dashboard.privacy.tasks import enforce_retention
from tests.factories.callbacks import make_refused_rows
from tests.factories.jobs import make_job
from tests.factories.persons import AMINA, BABA, make_known_person
from tests.unit.privacy.traces import sealed_places_that_name

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGE = "/settings/privacy"
KEEP = {kind.name: 0 for kind in KINDS}
LATER = timedelta(days=40)


def run(database: Database, kind: str, days: int = 30) -> int:
    """All batches of one rule, forty days from now."""
    total, count = 0, 1
    while count:
        with database.transaction() as session:
            count, _ = erase_batch(session, kind, days, utc_now() + LATER)
        total += count
    return total


def test_rule_of_pictures_removes_rows_and_files_and_says_so(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, session: Session, tmp_path: Path
):
    job, *_ = make_known_person(database, settings)
    with app.app_context(), database.transaction() as writing:
        count, files = erase_batch(writing, "images", 30, utc_now() + LATER)

    assert (count, len(files)) == (1, 1)
    assert (tmp_path / "media" / files[0]).is_file()
    assert session.exec(select(Image).order_by(Image.id)).all() == []
    page = sign_in("cleo").get(f"/jobs/{job.id}").text
    assert "Images, on" in page
    assert "Rule: kept for 30 days." in page
    assert session.get_one(Job, job.id).outcome == Outcome.APPROVED
    [line] = session.exec(
        select(AuditEntry).where(AuditEntry.action == "retention.erased").order_by(AuditEntry.sequence)
    ).all()
    assert (line.who, line.subject, line.details) == ("worker", "images", {"count": "1", "days": "30"})


def test_rule_of_bodies_empties_callbacks_and_answers(database: Database, settings: Settings, session: Session):
    make_known_person(database, settings)

    assert run(database, "bodies") == 2
    assert run(database, "bodies") == 0

    assert session.exec(select(Callback.body_sealed).order_by(Callback.id)).all() == [b""]
    assert session.exec(select(Result.payload_sealed).order_by(Result.id)).all() == [b""]
    assert set(sealed_places_that_name(database, AMINA)) == {
        "job.id_number_sealed",
        "job.person_sealed",
        "link.prefill_sealed",
        "link_message.email_sealed",
    }


def test_callbacks_that_came_later_are_found_by_the_next_run(database: Database, settings: Settings):
    make_known_person(database, settings)
    run(database, "bodies")
    make_known_person(database, settings, BABA)

    assert run(database, "bodies") == 2


def test_rule_of_persons_takes_numbers_names_prefill_and_addresses(
    database: Database, settings: Settings, session: Session
):
    job, _, link = make_known_person(database, settings)
    with database.transaction() as writing:
        writing.get_one(Link, link.id).expires_at = utc_now()

    assert run(database, "persons") == 3

    left = session.get_one(Job, job.id)
    assert (left.id_number_sealed, left.id_number_digest, left.person_sealed) == (None, None, None)
    assert session.get_one(Link, link.id).prefill_sealed is None
    assert set(sealed_places_that_name(database, AMINA)) == {"callback.body_sealed", "result.payload_sealed"}


def test_job_that_still_runs_and_link_that_still_works_keep_what_they_need(
    database: Database, settings: Settings, session: Session
):
    job, _, link = make_known_person(database, settings)
    with database.transaction() as writing:
        writing.get_one(Job, job.id).outcome = Outcome.PROVISIONAL
        writing.get_one(Link, link.id).expires_at = utc_now() + timedelta(days=400)
    waiting = make_job(database, settings, asks={"id_number": BABA.number}, state=JobState.WAITING)

    assert [run(database, kind) for kind in ("images", "persons")] == [0, 0]

    assert session.get_one(Job, waiting.id).id_number_sealed
    assert len(session.exec(select(Image).order_by(Image.id)).all()) == 2
    assert session.get_one(Link, link.id).prefill_sealed


def test_refused_callbacks_go_as_a_whole(database: Database, settings: Settings, session: Session):
    make_known_person(database, settings)
    make_refused_rows(database, 130)

    assert run(database, "refused") == 130
    assert len(session.exec(select(Callback.id).order_by(Callback.id)).all()) == 1


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_zero_days_keep_everything_and_young_data_stays(database: Database, settings: Settings, kind: str):
    make_known_person(database, settings)
    make_refused_rows(database, 2)

    assert run(database, kind, days=0) == 0
    assert run(database, kind, days=41) == 0


def test_dry_run_counts_just_what_goes_and_changes_nothing(database: Database, settings: Settings):
    make_known_person(database, settings)
    make_refused_rows(database, 3)
    rules, now = dict.fromkeys(KEEP, 30), utc_now() + LATER
    with database.reading() as session:
        would_go = {name: due.count for name, due in what_would_go(session, rules, now).items()}
        again = {name: due.count for name, due in what_would_go(session, rules, now).items()}

    assert would_go == again
    assert would_go["audit"] >= 2
    assert {name: run(database, name) for name in ("images", "bodies", "persons", "refused")} == {
        name: count for name, count in would_go.items() if name != "audit"
    }


@pytest.mark.usefixtures("in_app")
def test_worker_keeps_to_the_rules_and_sweeps_files_without_rows(
    database: Database, settings: Settings, tmp_path: Path
):
    make_known_person(database, settings)
    old, young = tmp_path / "media/sandbox/aa" / ("a" * 32), tmp_path / "media/sandbox/aa" / ("b" * 32)
    old.parent.mkdir(parents=True, exist_ok=True)
    for path in (old, young):
        path.write_bytes(b"sealed")
    os.utime(old, (0, 0))
    with database.transaction() as session:
        write_rules(session, KEEP | {"images": 30}, utc_now())

    enforce_retention(utc_now() + LATER)
    enforce_retention(utc_now() + LATER)

    with database.reading() as session:
        assert session.exec(select(Image).order_by(Image.id)).all() == []
    left = [path.name for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert left == ["b" * 32]


def test_defaults_keep_evidence_for_five_years_and_refused_callbacks_for_a_month(database: Database):
    with database.reading() as session:
        assert read_rules(session) == {
            "images": 1825,
            "bodies": 1825,
            "persons": 1825,
            "refused": 30,
            "audit": 2555,
        }


def test_rules_that_erase_nothing_are_saved_at_once_and_written_down(
    sign_in: SignInAs, session: Session, database: Database
):
    ada = sign_in("ada")

    answer = ada.post(PAGE, data=dict.fromkeys(KEEP, "700"))

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert read_rules(session) == dict.fromkeys(KEEP, 700)
    [line] = session.exec(
        select(AuditEntry).where(AuditEntry.action == "retention.changed").order_by(AuditEntry.sequence)
    ).all()
    assert line.details["images"] == "1825 to 700 days"
    assert ada.get(f"{PAGE}.json").json["days"]["audit"] == 700


def test_rules_that_erase_something_are_shown_first(
    sign_in: SignInAs, session: Session, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    make_known_person(database, settings)
    ada = sign_in("ada")
    monkeypatch.setattr("dashboard.privacy.retention_views.utc_now", lambda: utc_now() + LATER)
    typed = dict.fromkeys(KEEP, "0") | {"images": "30"}

    shown = ada.post(PAGE, data=typed)

    assert shown.status_code == 200
    assert "1 would be erased" in shown.text
    assert "Nothing is saved yet." in shown.text
    assert read_rules(session)["images"] == 1825
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    assert seen
    assert ada.post(PAGE, data=typed | {"images": "20", "seen": seen[1]}).status_code == 200
    assert ada.post(PAGE, data=typed | {"seen": seen[1]}).status_code == 303
    session.rollback()
    assert read_rules(session)["images"] == 30


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "many", "99999999", "36501", "٣"])
@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/previews"])
def test_nonsense_is_told_beside_its_field_and_nothing_typed_is_lost(sign_in: SignInAs, address: str, typed: str):
    answer = sign_in("ada").post(address, data=dict.fromkeys(KEEP, "11") | {"persons": typed})

    assert answer.status_code == 422
    assert 'id="persons-error"' in answer.text
    assert answer.text.count('value="11"') == len(KEEP) - 1


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_only_owners_are_let_in(sign_in: SignInAs, who: str):
    member = sign_in(who)

    assert {member.get(address).status_code for address in (PAGE, f"{PAGE}.json")} == {403}
    assert {member.post(address).status_code for address in (PAGE, f"{PAGE}/previews")} == {403}


def test_old_lines_of_the_trail_go_and_the_chain_goes_on(database: Database, settings: Settings, session: Session):
    make_known_person(database, settings)
    before = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    session.rollback()

    assert run(database, "audit") == len(before)

    after = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    assert [line.action for line in after] == ["audit.forgotten"]
