"""Each filter of the trail is read by an index of just its lines, in their order."""

import pytest
from flask import Flask

from dashboard.audit.filters import AuditFilter
from dashboard.audit.trail import record
from dashboard.db import Database, utc_now
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (AuditFilter(who="zoe@example.com"), "ix_audit_entry_who_sequence (who=?"),
        (AuditFilter(what="job"), "ix_audit_entry_action_sequence (action=?"),
        (AuditFilter(who="zoe@example.com", what="job"), "ix_audit_entry_who_action_sequence (who=? AND action=?"),
        (AuditFilter(subject="row 7"), "ix_audit_entry_subject_sequence (subject=?"),
    ],
)
@pytest.mark.parametrize("place", [None, 7])
def test_list_goes_by_an_index_of_its_lines(
    in_app: Flask, database: Database, filters: AuditFilter, index: str, place: int | None
):
    with database.transaction() as session:
        for number in range(20):
            record(session, "job.created", f"row {number}", utc_now(), who="zoe@example.com")

    def look() -> None:
        with database.reading() as session:
            page_of(Scope(session, "sandbox", utc_now()), filters, after=place)

    plans = plans_of(database, look, "audit_entry")

    assert any(index in step for step in plans), plans
    assert not [step for step in plans if step.startswith("SCAN audit_entry USING")], plans
