"""Upwards from 0023 with a job in it, whose customer the worker then makes known by name; and back."""

from datetime import timedelta

from alembic import command
from sqlalchemy import inspect
from sqlmodel import select

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.models import Job, job_associated_data
from dashboard.jobs.name_search.filling import tend_index
from dashboard.jobs.name_search.finding import find_by_name
from tests.unit.core.test_migration_searched_ids import JOB
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture


def test_customers_of_before_are_found_by_name_once_the_worker_has_run(empty: Database, keyring: KeyRing):
    move(empty, command.upgrade, "0023")
    row_id, now = new_id(), utc_now()
    person = keyring.seal_json({"first_name": "Amina", "last_name": "Bello"}, job_associated_data(row_id, "person"))
    insert(empty, "job", id=row_id.hex, **JOB, warning_count=0, person_sealed=person)

    migrations.upgrade(empty)
    with empty.transaction() as session:
        assert find_by_name(session, "sandbox", "amina", 1).jobs == ()
        tend_index(session, 10, now)
        tend_index(session, 10, now + timedelta(minutes=2))

    with empty.reading() as session:
        assert [job.id for job in find_by_name(session, "sandbox", "bello amina", 1).jobs] == [row_id]
    move(empty, command.downgrade, "0023")
    assert "name_part" not in inspect(empty.engine).get_table_names()
    with empty.reading() as session:
        assert session.exec(select(Job.person_sealed)).one() == person
