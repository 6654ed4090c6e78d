"""A part that is away: 503 with words that say which, on pages that do not need it; reading goes on where it can."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import db
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.jobs.submitting.media import MEDIA
from tests.conftest import let_in, make_settings
from tests.factories.images import make_jpeg
from tests.factories.team import make_member

NO_WAITING = (*tuple(pragma for pragma in db.WRITING if "busy_timeout" not in pragma), "busy_timeout=50")
Trouble = Callable[[Database], AbstractContextManager[None]]


@pytest.fixture
def database(
    tmp_path: Path, migrated_sqlite: Path, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """In a folder of its own, which can be taken away; a lock of others is waited for a moment only."""
    monkeypatch.setattr(db, "WRITING", NO_WAITING)
    (tmp_path / "data").mkdir()
    shutil.copyfile(migrated_sqlite, tmp_path / "data" / "dashboard.db")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'dashboard.db'}", keyring)
    yield database
    database.dispose()


@pytest.fixture
def app(tmp_path: Path, database: Database) -> Flask:
    url = f"sqlite:///{tmp_path / 'data' / 'dashboard.db'}"
    app = create_app(make_settings(tmp_path, database_url=url), database=database)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def ada(app: Flask, database: Database) -> FlaskClient:
    client = app.test_client()
    let_in(client, make_member(database, "ada"))
    return client


@contextmanager
def away(database: Database) -> Iterator[None]:
    """As a disk that is not mounted."""
    folder = Path(database.engine.url.database or "").parent
    database.engine.dispose()
    database._writer.dispose()
    folder.rename(folder.with_name("elsewhere"))
    yield
    folder.with_name("elsewhere").rename(folder)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    other = db.SQLITE.connect(database.engine.url.database)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def with_pragma(on: str, off: str) -> Trouble:
    """SQLite itself then answers as on a disk without room, or without the right to write."""

    @contextmanager
    def trouble(database: Database) -> Iterator[None]:
        with database.transaction() as session:
            session.connection().exec_driver_sql(f"PRAGMA {on}")
        yield
        with database.reading():
            pass
        with database._writer.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA {off}")

    return trouble


full = with_pragma("max_page_count=1", "max_page_count=1073741823")
read_only = with_pragma("query_only=ON", "query_only=OFF")
NOT_WRITABLE = {"locked": (locked, "busy"), "full": (full, "no room"), "read-only": (read_only, "accepts no changes")}


@pytest.mark.parametrize("path", ["/jobs", "/account", "/audit", "/settings/health", "/v/some-code"])
def test_page_says_that_the_database_is_away_and_comes_back(ada: FlaskClient, database: Database, path: str):
    before = ada.get(path)
    with away(database):
        during = ada.get(path)
    after = ada.get(path)

    assert (during.status_code, after.status_code) == (503, before.status_code)
    assert int(during.headers["Retry-After"]) > 0
    assert path.startswith("/v/") or "The database does not answer." in during.text


@pytest.mark.parametrize("path", ["/nothing", "/nothing/at/all"])
def test_what_does_not_exist_is_404_without_a_database_too(ada: FlaskClient, database: Database, path: str):
    with away(database):
        page = ada.get(path)

    assert page.status_code == 404
    assert "There is nothing" in page.text or "not found" in page.text.lower()


def test_pages_that_need_no_database_go_on(ada: FlaskClient, database: Database):
    with away(database):
        answers = [ada.get("/healthz").status_code, ada.get("/jobs", headers={"Host": "elsewhere"}).status_code]
        stranger = ada.application.test_client().get("/sign-in")

    assert answers == [200, 400]
    assert stranger.status_code == 200


def test_program_gets_json_and_htmx_a_message(ada: FlaskClient, database: Database):
    with away(database):
        twin, partial = ada.get("/jobs.json"), ada.get("/jobs", headers={"HX-Request": "true"})
        callback = ada.post("/hooks/smile", json={})

    assert (twin.status_code, twin.json) == (503, {"error": "The database does not answer."})
    assert (partial.status_code, "<html" in partial.text) == (503, False)
    assert "The database does not answer." in partial.text
    assert (callback.status_code, "error" in callback.json) == (503, True)
    assert twin.headers["Retry-After"]
    assert callback.headers["Retry-After"]


@pytest.mark.parametrize("name", NOT_WRITABLE)
def test_what_cannot_be_written_says_why_and_reading_goes_on(ada: FlaskClient, database: Database, name: str):
    trouble, words = NOT_WRITABLE[name]

    with trouble(database):
        # On a full disk the first few still find room in pages that are there.
        written = next(answer for _ in range(200) if (answer := change_name(ada)).status_code != 303)
        read = ada.get("/jobs")

    assert (written.status_code, words in written.text) == (503, True), written.text
    assert "check whether what you did was saved" in written.text
    assert read.status_code == 200
    assert change_name(ada).status_code == 303


def test_member_who_is_seen_again_sees_the_page_where_that_cannot_be_noted(
    ada: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.team.login.sign_ins.SEEN_EVERY", db.utc_now() - db.utc_now())

    with read_only(database):
        assert ada.get("/jobs").status_code == 200


def test_outage_is_one_line_in_the_log_however_many_requests(
    ada: FlaskClient, database: Database, capsys: pytest.CaptureFixture[str]
):
    with away(database):
        capsys.readouterr()
        for _ in range(30):
            ada.get("/jobs")
            ada.post("/hooks/smile", json={})
    lines = [line for line in capsys.readouterr().out.splitlines() if line]

    assert 1 <= len(lines) <= 2, lines  # for reading and for writing
    assert all("part_away" in line for line in lines)


def test_image_that_cannot_be_stored_says_so_and_leaves_nothing(ada: FlaskClient, app: Flask, database: Database):
    media = context_of(app).settings.media_root
    media.write_text("no folder")  # rights do not keep root from writing
    form = {"product": "smartselfie_registration", "user_id": "u-1"}

    refused = ada.post("/jobs", data=form | selfies(), content_type="multipart/form-data")
    media.unlink()
    stored = ada.post("/jobs", data=form | selfies(), content_type="multipart/form-data")

    assert refused.status_code == 503, refused.text
    assert "Images cannot be stored at the moment" in refused.text
    assert stored.status_code == 303, stored.text
    assert ada.get("/jobs.json").json["count"] == 1
    assert MEDIA.is_on  # until it has been calm for a while


def change_name(client: FlaskClient) -> TestResponse:
    return client.post("/account/formats", data={"language": "en", "time_zone": "UTC"})


def selfies() -> dict[str, object]:
    return {"selfie": (BytesIO(make_jpeg()), "selfie.jpg")}
