"""What submitting saves, how it is sealed, and until when it can be taken back."""

from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.crypto import UnreadableValue
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.models import Image, Job, JobState, ResultSource, SendingStep
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.media import read_image
from dashboard.jobs.submitting.submission import cancel_job, id_number_of, person_of, submit_job
from tests.factories.jobs import BVN, PERSON, make_job, make_request, make_sent_job, reload

pytestmark = pytest.mark.both_engines

CANARY = "90817263545"
PERSON_CANARY = {"first_name": "Canarina", "last_name": "Quetzalova", "phone_number": "+2348055667788"}


def test_what_is_typed_is_sealed_and_opens_again(database: Database, settings: Settings):
    job = make_job(database, settings)

    with database.reading() as session:
        found = session.get_one(Job, job.id)
        assert (id_number_of(session, found), person_of(session, found)) == (BVN, PERSON)
        assert BVN.encode() not in (found.id_number_sealed or b"")


def test_value_copied_into_another_row_or_field_does_not_open(database: Database, settings: Settings):
    first, second = make_job(database, settings), make_job(database, settings)

    with database.reading() as session:
        one, other = session.get_one(Job, first.id), session.get_one(Job, second.id)
        one.id_number_sealed, other.id_number_sealed = other.id_number_sealed, one.id_number_sealed
        one.person_sealed = first.id_number_sealed
        for job in (one, other):
            with pytest.raises(UnreadableValue):
                id_number_of(session, job)
        with pytest.raises(UnreadableValue):
            person_of(session, one)


def test_nothing_personal_is_readable_in_the_database_files(database: Database, settings: Settings, tmp_path: Path):
    if not database.is_sqlite:
        pytest.skip("the files of a PostgreSQL server are not ours to read")
    asks = {"id_number": CANARY, "person": PERSON_CANARY, "customer_reference": "plain-reference"}
    job = make_sent_job(database, settings, asks=asks)
    payload = {"ResultCode": "0810", "IDNumber": CANARY, "FullName": "Canarina Quetzalova", **PERSON_CANARY}
    with database.transaction() as session:
        settle_job(session, session.get_one(Job, job.id), read_result(payload, 1), ResultSource.JOB_STATUS, utc_now())

    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert b"plain-reference" in content
    for secret in (CANARY, *PERSON_CANARY.values()):
        assert secret.encode() not in content


def test_picture_is_no_picture_on_disk_and_bound_to_its_row(database: Database, settings: Settings):
    jobs = [make_job(database, settings, Product.DOCUMENT_VERIFICATION) for _ in range(2)]

    with database.reading() as session:
        one, two = (
            session.exec(select(Image).where(Image.job_id == job.id).order_by(Image.id)).all()[0] for job in jobs
        )
        paths = [settings.media_dir / image.media_path for image in (one, two)]
        contents = [path.read_bytes() for path in paths]
        assert all(b"\xff\xd8\xff" not in content and b"JFIF" not in content for content in contents)
        assert all(path.stat().st_mode & 0o077 == 0 for path in paths)
        paths[0].write_bytes(contents[1])
        with pytest.raises(UnreadableValue):
            read_image(session.info["keyring"], settings.media_dir, one)


def test_job_id_that_is_taken_is_refused(database: Database, settings: Settings):
    make_job(database, settings, asks={"job_id": "job-7"})

    with pytest.raises(Invalid) as refused:
        make_job(database, settings, asks={"job_id": "job-7"})

    assert "job_id" in refused.value.fields


def test_job_id_that_is_taken_at_the_same_moment_is_refused_too(app: Flask, database: Database, settings: Settings):
    """On PostgreSQL two requests can both find the id free."""
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    problems: list[Exception] = []

    def take() -> None:
        with app.app_context():
            try:
                make_job(database, settings, asks={"job_id": "job-7"})
            except Invalid as error:
                problems.append(error)

    other = Thread(target=take)
    with database.transaction() as session:
        # Not yet committed: the other finds the id free, and then waits at its own row.
        submit_job(session, make_request(job_id="job-7"), settings, "ben@example.com", utc_now())
        session.flush()
        other.start()
        other.join(0.5)
    other.join(10)

    assert [type(problem) for problem in problems] == [Invalid]


@pytest.mark.parametrize(
    ("state", "step", "lease", "may"),
    [
        (JobState.QUEUED, SendingStep.CREATED, None, True),
        (JobState.AWAITING_CUSTOMER, SendingStep.CREATED, None, True),
        (JobState.QUEUED, SendingStep.CREATED, "held", False),
        (JobState.SUBMITTING, SendingStep.PREPARING, None, False),
        (JobState.WAITING, SendingStep.SENT, None, False),
        (JobState.DONE, SendingStep.SENT, None, False),
        (JobState.CANCELLED, SendingStep.SENT, None, False),
    ],
)
def test_job_is_cancelled_only_before_anything_left(
    database: Database, settings: Settings, state: JobState, step: SendingStep, lease: str | None, may: bool
):
    job = make_job(database, settings, state=state, step=step, lease=lease)

    try:
        with database.transaction() as session:
            cancel_job(session, session.get_one(Job, job.id), "ben", utc_now())
        cancelled = True
    except Conflict:
        cancelled = False

    after = reload(database, job)
    assert cancelled == may
    assert (after.state == JobState.CANCELLED and after.due_at is None) if may else after.state == state


def test_trail_of_a_job_names_no_customer(database: Database, settings: Settings, session: Session):
    make_job(database, settings)

    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "job.created")).one()

    assert BVN not in str(entry)
    assert "Amina" not in str(entry)
    assert set(entry.details) == {"product", "job_id"}
