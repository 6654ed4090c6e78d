"""Upwards from 0020 with links, jobs and callbacks in it: the progress of links is noted, and texts can be indexed."""

from datetime import UTC, datetime, timedelta

from alembic import command
from sqlalchemy import inspect, text
from sqlmodel import select

from dashboard import migrations
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback, CallbackSearch
from dashboard.callbacks.text_index import index_next
from dashboard.db import Database, first_id_of, new_id, utc_now
from dashboard.links.models import Link
from dashboard.stored_settings import read_setting
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.unit.core.test_migration_searched_ids import JOB, LINK, NOW
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
CALLBACK = {
    "environment": "sandbox", "received_at": NOW, "last_seen_at": NOW, "headers": "{}", "steps": "[]",
    "body_sealed": b"sealed", "source_address": "", "body_size": 6, "body_sha256": "a" * 64, "verdict": "valid",
    "reason": "", "claimed_job_id": "", "claimed_smile_job_id": "", "times_seen": 1, "search_text": "job-1 approved",
    "signature_use": 0, "attempts": 0,
}  # fmt: skip


def test_links_know_what_became_of_their_jobs_and_texts_are_indexed_later(empty: Database):
    move(empty, command.upgrade, "0020")
    links, first, second = [new_id() for _ in range(3)], NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    for number, link in enumerate(links):
        insert(empty, "link", id=link.hex, **(LINK | {"code_digest": str(number)}))
    jobs = (
        (links[0], {"submitted_at": second, "settled_at": second}),
        (links[0], {"submitted_at": first}),
        (links[1], {"settled_at": first}),  # It failed before it reached Smile.
    )
    for number, (link, values) in enumerate(jobs):
        row = JOB | {"job_id": str(number), "link_id": link.hex, "warning_count": 0} | values
        insert(empty, "job", id=new_id().hex, **row)
    callback_id = first_id_of(datetime(2026, 1, 15, tzinfo=UTC))
    insert(empty, "callback", id=callback_id.hex, **CALLBACK)

    migrations.upgrade(empty)

    with empty.reading() as session:
        found = {link.id: link for link in session.exec(select(Link)).all()}
        assert found[links[0]].submitted_at == first.replace(tzinfo=UTC)
        assert found[links[0]].settled_at == second.replace(tzinfo=UTC)
        assert {found[link].submitted_at or found[link].settled_at for link in links[1:]} == {None}
        assert session.exec(select(CallbackSearch)).all() == []
        page = page_of(Scope(session, "sandbox", utc_now()), CallbackFilter(q="approved"))
        assert [row.id for row in page.rows] == [callback_id]
    with empty.transaction() as session:
        assert index_next(session, 10, new_id(), utc_now()) == 1
    with empty.reading() as session:
        page = page_of(Scope(session, "sandbox", utc_now()), CallbackFilter(q="approved"))
        assert [row.id for row in page.rows] == [callback_id]

    move(empty, command.downgrade, "0020")

    with empty.reading() as session:
        assert read_setting(session, "callbacks_indexed_up_to") is None
        assert session.connection().execute(text("SELECT count(*) FROM callback")).scalar_one() == 1
    names = set(inspect(empty.engine).get_table_names())
    assert [name for name in names if name.startswith("callback_search")] == []
    migrations.upgrade(empty)
    with empty.reading() as session:
        assert session.exec(select(Callback)).one().search_text == "job-1 approved"
