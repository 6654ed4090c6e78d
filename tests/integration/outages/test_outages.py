"""Each part is away for a few seconds under load: 503 at most, nothing lost, nothing stuck, few lines, no restart."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.factories.mail import mail_server
from tests.integration.callbacks.senders import Author, Sender
from tests.integration.conftest import Deployment, start_deployment
from tests.integration.outages import parts
from tests.integration.outages.drills import Part, endure
from tests.integration.outages.own_servers import REDIS, own_postgres, own_redis, postgres_programs

pytestmark = pytest.mark.timeout(400)  # three outages in a row, on a machine that may be busy

SECONDS = 1.0
PROGRAMS = postgres_programs()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def on_sqlite(stack: ExitStack, tmp_path: Path, migrated_sqlite: Path, keyring: KeyRing) -> Callable[..., Deployment]:
    def start(**extra: str) -> Deployment:
        path = tmp_path / "dashboard.db"
        shutil.copyfile(migrated_sqlite, path)
        deployment = start_deployment(tmp_path, f"sqlite:///{path}", keyring, **extra)
        stack.callback(deployment.stop)
        return deployment

    return start


def upgrade(url: str, keyring: KeyRing) -> None:
    database = Database(url, keyring)
    migrations.upgrade(database)
    database.dispose()


def check(deployment: Deployment, part: Part) -> None:
    ledger = endure(deployment, part, SECONDS)

    assert ledger.problems() == [], (ledger, deployment.logs())
    assert ledger.jobs
    assert ledger.acknowledged
    assert "Traceback" not in deployment.logs()


@pytest.mark.skipif(REDIS is None, reason="redis-server is not installed: the queue is not taken away")
def test_redis_is_away(stack: ExitStack, on_sqlite: Callable[..., Deployment]) -> None:
    redis = stack.enter_context(own_redis())

    check(on_sqlite(DASHBOARD_QUEUE_URL=redis.url), parts.redis(redis))


@pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's programs are not installed: the database is not taken away")
def test_postgresql_is_away_with_its_queue(stack: ExitStack, tmp_path: Path, keyring: KeyRing) -> None:
    assert PROGRAMS
    postgres = stack.enter_context(own_postgres(PROGRAMS))
    upgrade(postgres.url, keyring)
    deployment = start_deployment(tmp_path, postgres.url, keyring, DASHBOARD_QUEUE_URL=postgres.url)
    stack.callback(deployment.stop)

    check(deployment, parts.postgresql(postgres))


@pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's programs are not installed: it is not restarted")
def test_first_requests_after_a_restart_of_postgresql_succeed(
    stack: ExitStack, tmp_path: Path, keyring: KeyRing
) -> None:
    assert PROGRAMS
    postgres = stack.enter_context(own_postgres(PROGRAMS))
    upgrade(postgres.url, keyring)
    deployment = start_deployment(tmp_path, postgres.url, keyring, ("web",))
    stack.callback(deployment.stop)
    staff, sender, author = deployment.staff("ada"), Sender(deployment.web_url), Author()
    assert (staff.get("/jobs").status_code, sender.send(author.write()).status) == (200, 200)

    postgres.stop()
    postgres.start()
    first_callback, first_page = sender.send(author.write()).status, staff.get("/jobs").status_code
    sender.close()

    assert (first_callback, first_page) == (200, 200)


def test_parts_beside_sqlite_are_away_one_after_the_other(on_sqlite: Callable[..., Deployment], tmp_path: Path) -> None:
    with mail_server(tmp_path) as post:
        deployment = on_sqlite(**parts.settings_of_mail(post), **parts.OF_SMILE)

        check(deployment, parts.queue_file(tmp_path))
        check(deployment, parts.media(deployment))
        check(deployment, parts.clock(deployment))
        check(deployment, parts.sqlite(deployment))
        check(deployment, parts.mail(deployment, post))
        check(deployment, parts.smile(deployment))

        assert len(post.letters) == 1
