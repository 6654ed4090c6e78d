"""The same worker on each queue that a deployment may choose: beside SQLite, on PostgreSQL, on Redis."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest
from huey import Huey, PostgresHuey, SqliteHuey
from sqlalchemy import make_url

from dashboard.worker.queue import open_queue
from tests.conftest import POSTGRES_URL
from tests.integration.conftest import Deployment
from tests.integration.jobs.test_every_product import BVN, SELFIE

REDIS_URL = os.environ.get("DASHBOARD_TEST_REDIS_URL", "")
QUEUES = {"DASHBOARD_TEST_POSTGRES_URL": POSTGRES_URL, "DASHBOARD_TEST_REDIS_URL": REDIS_URL}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("variable", QUEUES)
def test_a_job_settles_with_its_tasks_on_this_queue(deploy: Callable[..., Deployment], variable: str) -> None:
    if not QUEUES[variable]:
        pytest.skip(f"{variable} is not set: the queue was not tried there")
    deployment = deploy(DASHBOARD_QUEUE_URL=QUEUES[variable])
    staff = deployment.staff()

    job_id = staff.create_job({"product": "biometric_kyc", **BVN}, SELFIE)

    assert staff.wait_for(job_id, lambda job: job["state"] == "done")["outcome"] == "approved"
    assert "task_failed" not in deployment.logs()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a queue that nobody has opened yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'queue.db'}"
        return
    if not POSTGRES_URL:
        pytest.skip("DASHBOARD_TEST_POSTGRES_URL is not set: the queue was not tried there")
    schema = f"desk_queue_{uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")  # type: ignore[call-overload]  # a name of our own
        yield make_url(POSTGRES_URL).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
        connection.execute(f"DROP SCHEMA {schema} CASCADE")  # type: ignore[call-overload]


def test_processes_that_start_together_on_a_new_queue_all_open_it(new_queue: str) -> None:
    together = Barrier(8)

    def open_together(_: int) -> tuple[type[Huey], bool]:
        together.wait()
        queue = open_queue(new_queue, "sqlite:///desk.db")
        is_busy = queue.is_busy(1)
        queue.huey.storage.close()
        return type(queue.huey), is_busy

    kind = PostgresHuey if new_queue.startswith("postgresql") else SqliteHuey
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_together, range(8))) == [(kind, False)] * 8
