"""What a member chooses for the pages is stored with them, each choice by itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_login import login_user

from dashboard.db import Database
from dashboard.team.account.preferences import set_preference
from dashboard.team.models import Member
from dashboard.web.pages.preferences import preference
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines


def test_choice_is_read_by_the_member_who_made_it(app: Flask, database: Database):
    ben, cleo = make_member(database, "ben"), make_member(database, "cleo")
    with database.transaction() as session:
        set_preference(session, ben.id, "theme", "dark")

    assert _read_by(app, database, ben, "theme", "auto") == "dark"
    assert _read_by(app, database, cleo, "theme", "auto") == "auto"


def test_choice_of_another_type_counts_as_none(app: Flask, database: Database):
    ben = make_member(database, "ben")
    with database.transaction() as session:
        set_preference(session, ben.id, "columns", "outcome")

    assert _read_by(app, database, ben, "columns", ["customer"]) == ["customer"]


def test_none_forgets_a_choice(app: Flask, database: Database):
    ben = make_member(database, "ben")
    for value in ("dark", None):
        with database.transaction() as session:
            set_preference(session, ben.id, "theme", value)

    with database.reading() as session:
        assert session.get_one(Member, ben.id).preferences is None


def test_choices_at_once_are_all_kept(database: Database):
    ben = make_member(database, "ben")

    def choose(number: int) -> None:
        with database.transaction() as session:
            set_preference(session, ben.id, f"choice-{number}", number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(choose, range(8)))

    with database.reading() as session:
        assert session.get_one(Member, ben.id).preferences == {f"choice-{number}": number for number in range(8)}


def _read_by(app: Flask, database: Database, member: Member, name: str, default: object) -> object:
    with app.test_request_context(), database.reading() as session:
        login_user(session.get_one(Member, member.id))
        return preference(name, default)
