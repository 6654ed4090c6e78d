"""When members were last seen is read by one look at an index for each, however often they signed in."""

from datetime import timedelta

import pytest

from dashboard.db import Database, new_id, utc_now
from dashboard.team.models import SignIn
from dashboard.team.queries import last_seen
from tests.factories.plans import plans_of
from tests.factories.team import make_member

pytestmark = pytest.mark.both_engines


def test_last_seen_is_the_newest_of_all_sign_ins_of_a_member(database: Database) -> None:
    ada, ben = make_member(database, "ada"), make_member(database, "ben")
    now = utc_now()
    with database.transaction() as session:
        for hours in (3, 1, 2):
            seen_at = now - timedelta(hours=hours)
            row = SignIn(member_id=ada.id, token_digest=new_id().hex, created_at=seen_at, seen_at=seen_at)
            session.add(row)

    with database.reading() as session:
        assert last_seen(session, [ada.id, ben.id]) == {ada.id: now - timedelta(hours=1)}


def test_last_seen_reads_no_other_sign_in(database: Database) -> None:
    ada = make_member(database, "ada")

    def look() -> None:
        with database.reading() as session:
            last_seen(session, [ada.id])

    assert plans_of(database, look, "sign_in") == [
        "SEARCH sign_in USING COVERING INDEX ix_sign_in_member_id_seen_at (member_id=?)"
    ]
