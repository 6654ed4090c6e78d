"""What every test may ask for: a migrated database, the app, a client, and the cast signed in.

tests/engines.py says which tests run on SQLite and on PostgreSQL, and which on SQLite alone.
"""

import base64
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import pytest
import werkzeug.test
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import make_url, text
from sqlmodel import Session

from dashboard import migrations
from dashboard.app import create_app
from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.features import metadata
from dashboard.links.customer import hosted
from dashboard.smile import transport
from dashboard.team.login.sign_ins import TOKEN, begin_sign_in
from dashboard.team.models import Member
from dashboard.worker.queue import RecordingQueue
from tests.compiled import compile_once
from tests.engines import engines_for
from tests.factories.team import PASSWORD, SECOND_STEP, app_code, make_member

# How quickly examples are made says how busy the machine is, not how good the code.
hypothesis_settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("calm")

# Each test leaves an app behind, all cycles: looked for as often as usual, they take a fifth of the time of the units.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """What was imported lives until the end, so the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


POSTGRES_URL = os.environ.get("DASHBOARD_TEST_POSTGRES_URL", "")
#: What Werkzeug's client calls itself.
USER_AGENT = f"Werkzeug/{version('werkzeug')}"
ENCRYPTION_KEY = base64.b64encode(b"only-for-tests-only-for-tests-32").decode()
SECRET_KEY = "only-for-tests-" * 4


def make_settings(tmp_path: Path, **overrides: object) -> Settings:
    values: dict[str, object] = {
        "secret_key": SECRET_KEY,
        "encryption_keys": ENCRYPTION_KEY,
        "public_url": "http://localhost",
        "smile_server": "http://127.0.0.1:9/v1",  # nothing listens there: a unit test that calls out fails at once
        "smile_partner_id": "002",
        "smile_api_keys": "test-api-key-0001",
        "instance_dir": tmp_path,
        "queue_url": "recording",
    }
    return Settings(**(values | overrides))  # type: ignore[arg-type]


def change_settings(app: Flask, settings: Settings) -> None:
    """For what is read from now on; what was made with the first ones stays as it is."""
    replace(context_of(app), settings=settings).install(app)


@pytest.fixture(scope="session")
def keyring() -> KeyRing:
    return KeyRing.from_base64([ENCRYPTION_KEY])


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory, keyring: KeyRing) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{path}", keyring)
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres(worker_id: str, keyring: KeyRing) -> Iterator[Database]:
    """A schema of its own for each test process, migrated once; thrown away at the end."""
    if not POSTGRES_URL:
        pytest.skip("DASHBOARD_TEST_POSTGRES_URL is not set: not run on PostgreSQL")
    schema = f"desk_test_{worker_id}_{os.getpid()}"
    url = make_url(POSTGRES_URL).update_query_dict({"options": f"-csearch_path={schema} -csynchronous_commit=off"})
    database = Database(url.render_as_string(hide_password=False), keyring)
    with database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    migrations.upgrade(database)
    yield database
    with database.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    database.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = (mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_url" in metafunc.fixturenames and "database_url" not in chosen:
        metafunc.parametrize("database_url", engines_for(metafunc.definition, metafunc.module), indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database with the present schema, on the engine that `tests/engines.py` chooses."""
    if request.param == "sqlite":
        path = tmp_path / "dashboard.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    postgres: Database = request.getfixturevalue("postgres")
    yield postgres.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)  # as people write it
    empty(postgres)


def empty(postgres: Database) -> None:
    postgres.stop_background()  # of apps that the test made: what they write later belongs to no test
    # One message, not one for each table; TRUNCATE makes new files, which takes a hundred times as long.
    tables = [*reversed(metadata.sorted_tables), metadata.tables["rollup_delta"]]  # which triggers fill meanwhile
    emptying = "; ".join(str(table.delete()) for table in tables)
    with postgres.engine.begin() as connection:
        connection.execution_options(no_parameters=True).exec_driver_sql(emptying)


@pytest.fixture(scope="session")
def usual_settings() -> Settings:
    return make_settings(Path())


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, database_url: str) -> Settings:
    """A copy, since looking for settings in the environment takes longer than many a test."""
    return usual_settings.model_copy(update={"instance_dir": tmp_path, "database_url": database_url})


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        compile_once(patched)
        yield


@pytest.fixture(scope="session", autouse=True)
def asked_again_at_once() -> Iterator[None]:
    """Nothing listens where these tests send, and a pause does not change that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transport, "RETRY_WAIT_SECONDS", 0.0)
        patched.setattr(hosted, "WAIT_SECONDS", 0.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def bodies_in_memory() -> Iterator[None]:
    """Werkzeug's client never closes the temporary file of a body over 500 KB; found later, it fails another test."""
    with pytest.MonkeyPatch.context() as patched:
        in_memory = partial(werkzeug.test.stream_encode_multipart, use_tempfile=False)
        patched.setattr(werkzeug.test, "stream_encode_multipart", in_memory)
        yield


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str, keyring: KeyRing) -> Iterator[Database]:
    """On PostgreSQL that of the test process, whose engine keeps the statements that it has compiled."""
    if not database_url.startswith("sqlite"):
        yield request.getfixturevalue("postgres")
        return
    database = Database(database_url, keyring)
    yield database
    database.dispose()


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    app = create_app(settings, database=database)
    app.testing = True
    return app


@pytest.fixture
def woken(app: Flask) -> list[tuple[str, UUID]]:
    """The tasks that the app has woken, each with the id of its row. None of them runs by itself."""
    queue = context_of(app).queue
    assert isinstance(queue, RecordingQueue)
    return queue.woken


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """For verbs and tasks, which run inside the app; a request brings its own context and must not share one."""
    with app.app_context():
        yield app


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """For looking at what a verb or a view left behind."""
    with database.reading() as session:
        yield session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody signed out. Tokens against forged forms are off here; tests/unit/web turns them on."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, client: FlaskClient, database: Database) -> Callable[[str], FlaskClient]:
    """`sign_in("ben")` makes that member, if need be, and signs the client in as them."""

    def sign_in_as(name: str) -> FlaskClient:
        let_in(client, make_member(database, name))
        return client

    return sign_in_as


@pytest.fixture
def sign_in_at_door(client: FlaskClient, database: Database) -> Callable[[str], FlaskClient]:
    """As `sign_in`, through the door itself."""

    def sign_in_as(name: str) -> FlaskClient:
        pass_the_door(client, make_member(database, name).email)
        return client

    return sign_in_as


def let_in(client: FlaskClient, member: Member) -> None:
    """As after the door, in a tenth of its time: a new sign-in, its line in the trail, and the cookie of a browser."""
    with client.session_transaction() as cookie, context_of(client.application).database.transaction() as session:
        now = utc_now()
        cookie[TOKEN] = begin_sign_in(session, member, now, USER_AGENT, "127.0.0.1")
        record(session, "member.signed_in", f"member {member.id}", now, who=member.email, details={"by": "password"})


def pass_the_door(client: FlaskClient, email: str, token_of: Callable[[str], str] = lambda _: "") -> None:
    """Password, and the code of an app where one is asked for. `token_of` a page's address: the token of its form."""
    data = {"email": email, "password": PASSWORD, "csrf_token": token_of("/sign-in")}
    answer = client.post("/sign-in", data=data)
    if answer.location == SECOND_STEP:
        answer = client.post(SECOND_STEP, data={"code": app_code(), "csrf_token": token_of(SECOND_STEP)})
    assert (answer.status_code, answer.location) == (303, "/"), answer.text
