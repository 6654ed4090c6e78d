"""`dashboard db check`: every kind of damage has its line, and a sound deployment has none."""

from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlmodel import col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record
from dashboard.backups.checking import check_deployment
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Image, Job
from tests.factories.damage import damage_column
from tests.factories.features import REGISTERED
from tests.factories.jobs import make_job
from tests.unit.backups.conftest import Place

pytestmark = pytest.mark.both_engines


def test_sound_deployment_has_no_problem(here: Place, job: Job):
    assert here.problems() == []


def test_picture_without_its_file_is_named(here: Place, job: Job):
    path = here.pictures()[0]
    path.unlink()

    assert here.problems() == [f"image {UUID(path.name)} media_path: [cannot be opened], its file is missing"]


def test_picture_that_was_changed_is_named(here: Place, job: Job):
    path = here.pictures()[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    assert here.problems() == [f"image {UUID(path.name)} media_path: [cannot be opened]"]


def test_every_value_that_cannot_be_opened_is_named(here: Place, job: Job, monkeypatch: pytest.MonkeyPatch):
    """In however many batches they come."""
    monkeypatch.setattr("dashboard.privacy.unreadable.BATCH", 2)
    jobs = [job, *(make_job(here.database, here.settings) for _ in range(5))]
    for each in jobs:
        damage_column(here.database, "job.person_sealed", each.id)

    assert here.problems() == [f"job {each.id} person_sealed: [cannot be opened]" for each in jobs]


def test_values_that_the_present_keys_do_not_open_are_counted(here: Place, job: Job):
    other = Database(here.settings.database_url, KeyRing([b"another key, another key, 32 byt"]))

    problems = list(check_deployment(other, here.settings, REGISTERED.sealed_columns, every_value=False))

    assert any("1 values of job.id_number_sealed cannot be opened" in problem for problem in problems)
    assert any("1 values of job.person_sealed cannot be opened" in problem for problem in problems)
    assert sum(problem.startswith("image ") for problem in problems) == 2
    other.dispose()


@pytest.mark.parametrize(
    "change", [{"who": "eve@example.com"}, {"subject": "job 2"}, {"details": {"count": "2"}}, {"hash": "0" * 64}]
)
def test_line_of_the_trail_that_was_changed_is_found(here: Place, change: dict[str, object]):
    with here.database.transaction() as session:
        for number in range(3):
            record(session, "job.created", f"job {number}", utc_now(), details={"count": "1"})
    with here.database.transaction() as session:
        session.connection().execute(update(AuditEntry).where(col(AuditEntry.sequence) == 2).values(**change))

    (problem,) = here.problems()

    assert "Line 2" in problem


def test_row_that_belongs_to_nothing_is_counted(here: Place, job: Job):
    if not here.database.is_sqlite:
        pytest.skip("PostgreSQL does not let such rows come about")
    with here.database.engine.connect() as connection:
        connection.execute(text("COMMIT"))
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN")
        connection.execute(text("DELETE FROM job"))
        connection.commit()
        connection.invalidate()

    problems = here.problems()

    assert "2 rows of image belong to one of job that is not there." in problems


def test_damaged_file_is_said(here: Place, job: Job):
    if not here.database.is_sqlite:
        pytest.skip("the file is PostgreSQL's own business")
    with here.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA writable_schema=ON")
        connection.exec_driver_sql("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'ix_image_job_id'")
        connection.invalidate()

    assert any("The database file is damaged" in problem for problem in here.problems())


def test_old_schema_is_the_only_thing_that_is_said(elsewhere: Place):
    elsewhere.settings.instance_dir.mkdir(exist_ok=True)

    assert elsewhere.problems() == ["The tables are not up to date; run `dashboard db upgrade`."]


def test_pictures_beyond_the_sample_are_opened_only_when_asked(here: Place, job: Job, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboard.backups.checking.SAMPLE", 1)
    with here.database.reading() as session:
        oldest = session.exec(select(Image).order_by(col(Image.id)).limit(1)).one()
    path = here.media / "sandbox" / oldest.media_path
    path.write_bytes(b"x" * 100)

    assert list(check_deployment(here.database, here.settings, REGISTERED.sealed_columns, every_value=False)) == []
    assert len(here.problems()) == 1
