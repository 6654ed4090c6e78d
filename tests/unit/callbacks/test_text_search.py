"""Callbacks are searched by an index of trigrams, which finds just what reading every row finds."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from dashboard.callbacks import filters, tasks
from dashboard.callbacks.erasing import erase_callbacks
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback, CallbackSearch, Verdict
from dashboard.callbacks.search_index import index_texts
from dashboard.callbacks.text_index import INDEXED_UP_TO, TRIGRAMS, index_accepted, index_next, indexed_up_to
from dashboard.db import Database, first_id_of, new_id, utc_now
from dashboard.stored_settings import Setting
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import count_of, page_of
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.plans import noted_statements

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
LATER = timedelta(minutes=3)
SEARCHES = (
    "job-1", "JOB", "job 2", "user-1", "0810", "810", "00810", "0000000046", "46", "ke", "passport", "Enroll User",
    "enroll", "x", "%", "100%", "a_b", 'say "hi"', "é", "É", "~", "~job1", "job1", "1-2", "-", "a" * 64, "nothing",
    "enroll user 1", "/", "\\", "o'hara", "NOT enroll", "enroll*", "job-1 OR job-2", "000", "0000", "00000000000",
    "---",
)  # fmt: skip


@pytest.fixture
def callbacks(client: FlaskClient, database: Database) -> list[Callback]:
    """Of many spellings; one is refused."""
    texts = ("Enroll User", "enroll", "100% sure", "a_b", 'Say "Hi"', "É", "x", "O'Hara / \\ ~", "1-2", "12", "KE")
    for number, said in enumerate(texts):
        payload = make_payload(
            job_id=f"job-{number}", ResultText=said, Country="KE" if number % 2 else "NG", IDType="PASSPORT"
        )
        deliver(client, encode(payload))
    deliver(client, encode(make_payload(ResultText="Enroll unsigned", signature=None)))
    with database.reading() as session:
        return list(session.exec(select(Callback).order_by(col(Callback.id))).all())


def index(session: Session, later: timedelta = LATER) -> int:
    return index_next(session, 1000, first_id_of(utc_now() + LATER), utc_now() + later)


def found(database: Database, q: str) -> list[str]:
    with database.reading() as session:
        scope = Scope(session, "sandbox", utc_now())
        page = page_of(scope, CallbackFilter(q=q))
        assert page.count == len(page.rows) == count_of(scope, CallbackFilter(q=q))
        return [str(row.id) for row in page.rows]


def read_row_by_row(database: Database, q: str) -> list[str]:
    with database.reading() as session:
        rows = select(Callback.id).where(Callback.environment == "sandbox", filters._written(q, filters._parts(q)))
        return [str(each) for each in session.exec(rows.order_by(col(Callback.id).desc())).all()]


def test_index_finds_just_what_reading_every_row_finds(database: Database, callbacks: list[Callback]):
    shas = [callback.body_sha256 for callback in callbacks]
    ids = [str(callback.id)[:13] for callback in callbacks] + [callback.id.hex for callback in callbacks]
    searches = (*SEARCHES, *shas, *ids)
    expected = {q: read_row_by_row(database, q) for q in searches}
    assert {q: found(database, q) for q in searches} == expected  # none is indexed yet

    with database.transaction() as session:
        assert index(session) == len(callbacks)

    with database.reading() as session:
        assert len(session.exec(select(CallbackSearch)).all()) == len(callbacks) - 1  # not the refused one
    assert {q: found(database, q) for q in searches} == expected
    assert all(expected[q] for q in ("job-1", "46", "ke", "100%", 'say "hi"', "~job1", *shas, *ids))


def test_sqlite_looks_up_the_part_of_a_text_that_few_texts_have(database: Database, callbacks: list[Callback]):
    if not database.is_sqlite:
        pytest.skip("PostgreSQL begins with the rarest part by itself")
    with database.transaction() as session:
        index(session)

    with noted_statements() as noted:
        assert len(found(database, "job-10")) == 1

    assert any('"ob-10"' in str(parameters) for _, parameters in noted)
    assert not any('"job-10"' in str(parameters) for _, parameters in noted)


def test_callbacks_of_the_last_minutes_wait_and_are_found_meanwhile(database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        assert index_texts(session, 1000) == 0

    assert len(found(database, "enroll")) == 3


def test_indexing_goes_on_where_it_broke_off_and_twice_is_once(database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        assert index_next(session, 5, callbacks[-1].id, utc_now() + LATER) == 5
        assert indexed_up_to(session) == callbacks[4].id
    with database.transaction() as session:
        session.delete(session.get_one(Setting, INDEXED_UP_TO))  # as if the position were lost
    with database.transaction() as session:
        assert index(session) == len(callbacks)
        assert index(session) == 0

    assert len(found(database, "enroll")) == 3
    with database.reading() as session:
        assert len(session.exec(select(CallbackSearch)).all()) == len(callbacks) - 1


def test_worker_indexes_what_is_old_enough(app: Flask, database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        for number, callback in enumerate(callbacks):
            old = first_id_of(utc_now() - timedelta(hours=1) + timedelta(seconds=number))
            session.connection().execute(update(Callback).where(col(Callback.id) == callback.id).values(id=old))

    with app.app_context():
        tasks.fill_searches(utc_now())
        tasks.index_new_texts(utc_now())

    with database.reading() as session:
        assert len(session.exec(select(CallbackSearch)).all()) == len(callbacks) - 1


def test_callback_that_is_accepted_later_is_indexed_then(database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        index(session)
    with database.transaction() as session:
        refused = session.get_one(Callback, callbacks[-1].id)
        refused.verdict = Verdict.VALID
        index_accepted(session, refused)
        index_accepted(session, refused)

    assert found(database, "enroll unsigned") == [str(callbacks[-1].id)]
    with database.reading() as session:
        assert len(session.exec(select(CallbackSearch)).all()) == len(callbacks)


def test_erased_text_leaves_the_index_and_its_sha_is_still_found(database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        index(session)
    with database.transaction() as session:
        erase_callbacks(session, [session.get_one(Callback, callbacks[2].id)], [], utc_now())

    assert found(database, "100%") == []
    assert found(database, callbacks[2].body_sha256) == [str(callbacks[2].id)]
    with database.transaction() as session:
        assert {row.text for row in session.exec(select(CallbackSearch)).all() if "sure" in row.text} == set()
        if database.is_sqlite:
            connection = session.connection()
            connection.execute(text(f"CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, {TRIGRAMS}, row)"))
            terms = set(connection.execute(text("SELECT term FROM temp.terms")).scalars())
            assert "sur" not in terms
            assert "enr" in terms
            connection.execute(text(f"INSERT INTO {TRIGRAMS} ({TRIGRAMS}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608


def test_search_that_finds_very_many_pages_through_all_of_them(
    database: Database, callbacks: list[Callback], monkeypatch: pytest.MonkeyPatch
):
    with database.transaction() as session:
        index(session)
    expected = read_row_by_row(database, "passport")
    monkeypatch.setattr(filters, "COUNT_CAP", 4)

    with database.reading() as session:
        page = page_of(Scope(session, "sandbox", utc_now()), CallbackFilter(q="passport"))

    assert [str(row.id) for row in page.rows] == expected
    assert page.count == 5  # More than the cap.


def test_short_search_says_that_it_looks_at_the_newest_only(
    database: Database, callbacks: list[Callback], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
):
    with database.transaction() as session:
        index(session)
    monkeypatch.setattr(filters, "MOST_READ", 2)

    assert len(found(database, "ke")) == 2
    said = "is searched for only in the newest 2 callbacks"
    ben = sign_in("ben")
    for q in ("ke", "0000000"):
        assert said in ben.get(f"/callbacks?q={q}", follow_redirects=True).text
    assert said not in ben.get("/callbacks?q=passport", follow_redirects=True).text


def test_another_environment_stays_out(database: Database, callbacks: list[Callback]):
    with database.transaction() as session:
        other = session.get_one(Callback, callbacks[0].id).model_dump() | {
            "id": new_id(), "environment": "production", "signature_digest": "other"
        }  # fmt: skip
        session.add(Callback(**other))
    with database.transaction() as session:
        index(session)

    for q in ("enroll user", callbacks[0].body_sha256, "ng"):
        assert str(other["id"]) not in found(database, q)
