"""Rows of lists are drawn once for all readers of one format, and what is kept of them is personal to nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.team.models import Member
from dashboard.web.lists import drawn_rows
from tests.factories.jobs import make_job, update_job
from tests.factories.team import make_member

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the jobs whose rows were drawn, each time that they were."""
    ids: list[str] = []
    monkeypatch.setattr(drawn_rows, "SECONDS_KEPT", 1e9)
    monkeypatch.setattr(drawn_rows, "_KEPT", {})
    macro_of = drawn_rows.macro_of

    def noting(template: str, name: str) -> Callable[..., Any]:
        draw = macro_of(template, name)
        return lambda job, *more: ids.append(str(job.id)) or draw(job, *more)

    monkeypatch.setattr("dashboard.jobs.showing.listing.macro_of", noting)
    return ids


def test_of_a_list_that_changed_only_the_new_version_of_a_row_is_drawn(
    sign_in: SignInAs, database: Database, settings: Settings, drawn: list[str]
):
    first, second = (make_job(database, settings) for _ in range(2))
    ben = sign_in("ben")
    before = ben.get("/jobs").text

    update_job(database, second, customer_reference="cust-4419", version=2)
    after = ben.get("/jobs").text

    assert sorted(drawn) == sorted([str(first.id), str(second.id), str(second.id)])
    assert "cust-4419" not in before
    assert "cust-4419" in after


def test_another_reader_sees_the_same_rows(sign_in: SignInAs, database: Database, settings: Settings, drawn: list[str]):
    make_job(database, settings)

    sign_in("ben").get("/jobs")
    sign_in("cleo").get("/jobs")

    assert len(drawn) == 1


def test_a_reader_of_another_format_sees_rows_of_their_own(
    sign_in: SignInAs, database: Database, settings: Settings, drawn: list[str]
):
    make_job(database, settings)
    ben = sign_in("ben")
    ben.get("/jobs")

    member = make_member(database, "ben")
    with database.transaction() as session:
        session.get_one(Member, member.id).time_zone = "Africa/Lagos"
    assert "WAT" in ben.get("/jobs").text
    ben.post("/account/lists/jobs/columns", data={"column": ["product"]})
    ben.get("/jobs")

    assert len(drawn) == 3


def test_what_is_kept_holds_no_initials_and_no_token(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, drawn: list[str]
):
    make_job(database, settings)

    page = sign_in("ben").get("/jobs").text

    assert "A. B." in page
    assert len(drawn_rows._KEPT) == 1
    assert not any(text in repr(drawn_rows._KEPT) for text in ("A. B.", "Amina", "csrf", "form_key"))


def test_what_was_kept_is_gone_after_its_time(
    sign_in: SignInAs, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, drawn: list[str]
):
    make_job(database, settings)
    ben, now = sign_in("ben"), drawn_rows.monotonic()
    monkeypatch.setattr(drawn_rows, "monotonic", lambda: now)
    ben.get("/jobs")
    before = set(drawn_rows._KEPT)

    now += drawn_rows.SECONDS_KEPT
    ben.get("/jobs")

    assert len(before) == len(drawn_rows._KEPT) == 1
    assert before.isdisjoint(drawn_rows._KEPT)
    assert len(drawn) == 2
