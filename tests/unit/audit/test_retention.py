"""Forgetting old lines: the chain that is left can be checked from its anchor on, to its last line."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.audit.chain import check_chain
from dashboard.audit.models import AuditEntry
from dashboard.audit.retention import forget_lines_before, read_anchor
from dashboard.audit.trail import record
from dashboard.db import Database, utc_now

pytestmark = pytest.mark.both_engines

NOW = utc_now()


def make_lines(database: Database, days_ago: list[int]) -> None:
    with database.transaction() as session:
        for days in days_ago:
            record(session, "job.created", f"job of {days} days ago", NOW - timedelta(days=days), who="ben@example.com")


def forget(database: Database, moment: datetime, most: int = 100) -> int:
    with database.transaction() as session:
        return forget_lines_before(session, moment, NOW, most)


def how_many(session: Session) -> int:
    return session.exec(select(func.count()).select_from(AuditEntry)).one()


def test_old_lines_go_and_the_rest_can_be_checked(database: Database, session: Session):
    make_lines(database, [9, 8, 7, 2, 1])

    assert forget(database, NOW - timedelta(days=5)) == 3

    assert read_anchor(session).sequence == 3
    assert check_chain(session).is_unbroken
    lines = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    assert [line.sequence for line in lines] == [4, 5, 6]
    assert lines[-1].details == {"lines": "3", "up_to": "3", "hash": read_anchor(session).hash}
    assert how_many(session) == 3


def test_it_goes_on_from_there(database: Database, session: Session):
    make_lines(database, [9, 8, 2])
    forget(database, NOW - timedelta(days=5))
    make_lines(database, [0])

    assert forget(database, NOW - timedelta(days=1)) == 1

    assert check_chain(session).is_unbroken
    assert read_anchor(session).sequence == 3


def test_at_most_so_many_go_at_once_and_the_next_go_on(database: Database, session: Session):
    make_lines(database, [9, 8, 7, 6, 1])

    assert [forget(database, NOW - timedelta(days=5), most=2) for _ in range(3)] == [2, 2, 0]

    assert check_chain(session).is_unbroken
    assert read_anchor(session).sequence == 4


def test_chain_goes_on_even_where_all_lines_were_old(database: Database, session: Session):
    make_lines(database, [9, 8])

    assert forget(database, NOW) == 2
    assert check_chain(session).is_unbroken
    assert how_many(session) == 1


def test_nothing_old_means_no_line_about_it(database: Database, session: Session):
    assert forget(database, NOW) == 0
    make_lines(database, [1, 1])
    assert forget(database, NOW - timedelta(days=5)) == 0
    assert how_many(session) == 2


def test_line_that_was_removed_by_hand_shows(database: Database, session: Session):
    make_lines(database, [9, 8, 7, 2, 1])
    forget(database, NOW - timedelta(days=5))
    with database.transaction() as writing:
        writing.delete(writing.get_one(AuditEntry, 4))

    assert not check_chain(session).is_unbroken
