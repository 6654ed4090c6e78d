"""An open list asks again and again: it is redrawn when it would look different, and only then.

Each test runs with the app alone and behind the cache of polls, which must never answer for old data.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update
from sqlmodel import Session, SQLModel, col

from dashboard.callbacks.models import Callback
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource
from dashboard.jobs.warnings import keep_warnings
from dashboard.links.models import Link
from dashboard.web.lists import reading
from dashboard.web.poll_cache import PollCache
from tests.factories.rollups import callback_at, job_at, link_at

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
YESTERDAY = timedelta(days=1)


@dataclass(frozen=True)
class Watched:
    """A live list, how a row of it is made, and a change that a row shows."""

    path: str
    table: Any
    make: Callable[..., SQLModel]
    change: dict[str, Any]


JOBS = Watched("/jobs", Job, job_at, {"version": 2})
LINKS = Watched("/links", Link, link_at, {"version": 2})
CALLBACKS = Watched("/callbacks", Callback, callback_at, {"times_seen": 2})
LISTS = [pytest.param(each, id=each.path[1:]) for each in (JOBS, LINKS, CALLBACKS)]


class OpenPage:
    """A list in a browser, opened with two of four rows on the page."""

    def __init__(self, watched: Watched, database: Database, member: FlaskClient) -> None:
        self.watched, self.database, self.member = watched, database, member
        self.rows = [self.add() for _ in range(4)]
        self.address = self._address_in(member.get(watched.path).text)
        self.oldest, self.newest = self.rows[0], self.rows[-1]

    def add(self, **row: Any) -> Any:
        with self.database.transaction() as session:
            made = self.watched.make(utc_now() - YESTERDAY, **row)
            session.add(made)
        return made

    def change(self, row: Any, **values: Any) -> None:
        with self.database.transaction_of_statements() as connection:
            connection.execute(update(self.watched.table).where(col(self.watched.table.id) == row.id).values(values))

    def remove(self, row: Any) -> None:
        with self.database.transaction_of_statements() as connection:
            connection.execute(delete(self.watched.table).where(col(self.watched.table.id) == row.id))

    def is_redrawn(self) -> bool:
        answer = self.member.get(self.address, headers={"HX-Request": "true"})
        if answer.status_code == 200:
            redrawn_to = self._address_in(answer.text)
            assert redrawn_to != self.address
            self.address = redrawn_to
        else:
            assert (answer.status_code, answer.text) == (204, "")
        return answer.status_code == 200

    @staticmethod
    def _address_in(page: str) -> str:
        found = re.search(r'hx-get="([^"]*seen=[^"]*)"', page)
        assert found
        return unescape(found[1])


@pytest.fixture(params=["app", "cache"])
def open_page(
    request: pytest.FixtureRequest,
    app: Flask,
    database: Database,
    sign_in: SignInAs,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Watched], OpenPage]:
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)
    if request.param == "cache":
        app.wsgi_app = PollCache(app.wsgi_app, database)  # type: ignore[method-assign]

    def open_it(watched: Watched) -> OpenPage:
        page = OpenPage(watched, database, sign_in("ada"))
        assert not page.is_redrawn()
        return page

    return open_it


@pytest.mark.parametrize("watched", LISTS)
def test_a_change_of_a_row_on_the_page_redraws_it_once(open_page: Callable[[Watched], OpenPage], watched: Watched):
    page = open_page(watched)

    page.change(page.newest, **watched.change)

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


@pytest.mark.parametrize("watched", LISTS)
def test_a_change_of_a_row_elsewhere_does_not(open_page: Callable[[Watched], OpenPage], watched: Watched):
    page = open_page(watched)

    page.change(page.oldest, **watched.change)

    assert not page.is_redrawn()


@pytest.mark.parametrize("watched", LISTS)
def test_a_row_that_came_above_is_counted(open_page: Callable[[Watched], OpenPage], watched: Watched):
    page = open_page(watched)

    page.add()

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


@pytest.mark.parametrize("place", [-1, 0], ids=["on the page", "behind it"])
@pytest.mark.parametrize("watched", LISTS)
def test_a_row_that_is_gone_redraws_the_page(open_page: Callable[[Watched], OpenPage], watched: Watched, place: int):
    page = open_page(watched)

    page.remove(page.rows[place])

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


def test_a_job_elsewhere_that_needs_a_person_is_counted(open_page: Callable[[Watched], OpenPage]):
    page = open_page(JOBS)

    page.change(page.oldest, state=JobState.FAILED)

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


def test_a_link_elsewhere_that_is_stalled_is_counted(open_page: Callable[[Watched], OpenPage]):
    page = open_page(LINKS)

    page.change(page.oldest, opened_at=utc_now() - YESTERDAY)

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


def test_an_overdue_callback_is_counted_in_the_bar_of_today(open_page: Callable[[Watched], OpenPage]):
    page = open_page(CALLBACKS)

    with page.database.transaction() as session:
        session.add(job_at(utc_now(), state=JobState.WAITING, callback_due_at=utc_now() - YESTERDAY))

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


def test_a_warning_redraws_its_job(open_page: Callable[[Watched], OpenPage]):
    page = open_page(JOBS)

    with page.database.transaction() as session:
        job = session.get_one(Job, page.newest.id)
        payload = {"DateOfDeath": "2020-02-01"}
        keep_warnings(session, job, payload, ResultSource.CALLBACK, utc_now(), is_confirmed=False)

    assert page.is_redrawn()


def test_a_job_of_a_link_redraws_the_link(open_page: Callable[[Watched], OpenPage]):
    page = open_page(LINKS)

    with page.database.transaction() as session:
        session.add_all([job := job_at(utc_now(), link_id=page.newest.id), job_at(utc_now(), link_id=page.oldest.id)])
    assert page.is_redrawn()
    _settle(page.database, job)

    assert [page.is_redrawn(), page.is_redrawn()] == [True, False]


def test_the_job_of_a_callback_redraws_the_callback(open_page: Callable[[Watched], OpenPage]):
    page = open_page(CALLBACKS)
    with page.database.transaction() as session:
        session.add_all([job := job_at(utc_now()), other := job_at(utc_now())])
    page.change(page.newest, job_id=job.id)
    page.change(page.oldest, job_id=other.id)
    assert page.is_redrawn()

    _settle(page.database, other)
    assert not page.is_redrawn()
    _settle(page.database, job)
    assert page.is_redrawn()


def test_signing_out_elsewhere_ends_the_polls(open_page: Callable[[Watched], OpenPage], session: Session):
    page = open_page(JOBS)

    with page.database.transaction_of_statements() as connection:
        connection.exec_driver_sql("UPDATE sign_in SET ended_at = seen_at")

    assert page.member.get(page.address, headers={"HX-Request": "true"}).status_code == 401


def test_an_address_with_a_version_is_a_page_like_any_other(open_page: Callable[[Watched], OpenPage]):
    page = open_page(JOBS)

    assert "<html" in page.member.get(page.address).text


def _settle(database: Database, job: Job) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        found.state, found.outcome = JobState.DONE, Outcome.APPROVED
        found.changed(utc_now())
